"""Plug-ins: found in a folder, called, and what is wrong with one costs one sentence."""

import threading

import pytest
from mind.skills.owner import Owner, quiet
from shell import until

from assistant.errors import BadInput
from assistant.mind.skills import owned, plugins
from assistant.mind.skills.doing import FAILED
from assistant.mind.skills.limited import MOST, Hangs, Limited
from assistant.mind.skills.pending import LEFT

CODE = """
import time
from assistant.plugin import Context, intent, tool

@intent(zh=["问候{name}"], free=["name"])
@tool("Greets somebody.")
def greet(context: Context, name: str) -> str:
    context.say("嗯。")
    return f"你好{name}"

@intent(zh=["数数"])
def count(context: Context) -> str:
    context.store["n"] = context.store.get("n", 0) + 1
    return f"{context.store['n']}次"

@intent(zh=["考考我"])
def quiz(context: Context) -> None:
    context.ask("七乘八是多少？", lambda context, said: "对。" if "五十六" in said else "不对。")

@intent(zh=["清零"])
def clear(context: Context) -> None:
    def gone(context: Context) -> str:
        context.store.clear()
        return "清了。"
    context.confirm("要清零吗？", gone)

@intent(zh=["等一下说"])
def later(context: Context) -> str:
    context.schedule(0.01, lambda context: "到了")
    return "好"

@intent(zh=["出错"])
def raises(context: Context) -> str:
    raise RuntimeError("broken")

@intent(zh=["退出"])
def leaves(context: Context) -> str:
    raise SystemExit(3)

@intent(zh=["卡住"], timeout=0.1)
def hangs(context: Context) -> str:
    time.sleep(600)

@intent(zh=["很慢"], timeout=0.1)
def slow(context: Context) -> str:
    time.sleep(3)
    context.schedule(0, lambda context: "还是说了")
    return "好了"

@intent(zh=["明年说"])
def next_year(context: Context) -> str:
    context.schedule(86_401, lambda context: "到了")
    return "好"

@intent(zh=["一直说"])
def on_and_on(context: Context) -> str:
    for _ in range(51):
        context.schedule(600, lambda context: "到了")
    return "好"

@intent(zh=["胡说"])
def nonsense(context: Context) -> str:
    return 42

@intent(zh=["太多"])
def much(context: Context) -> str:
    return "many words " * 100000

@intent(zh=["没有参数"])
def wrong() -> str:
    return "x"
"""


@pytest.fixture
def owner(tmp_path):
    (tmp_path / "mine.py").write_text(CODE, encoding="utf-8")
    made = Owner(tmp_path)
    yield made
    made.owned.close()


def test_it_is_called_with_its_slots_only_when_the_turn_is_decided(owner):
    assert owner.says("问候小明", released=False) == ""
    assert owner.says("问候小明") == "嗯。 你好小明"
    assert {each.name: each.description for each in owner.shelf.plugins}["mine.greet"] == (
        "Greets somebody."
    )


def test_what_it_keeps_is_there_after_a_restart(owner, tmp_path):
    assert [owner.says("数数"), owner.says("数数")] == ["1次", "2次"]
    assert Owner(tmp_path).says("数数") == "3次"


def test_it_asks_and_gets_the_next_words(owner):
    assert owner.says("考考我") == "七乘八是多少？"
    assert owner.says("五十六") == "对。"
    owner.says("考考我")
    assert owner.says("现在几点") == "不对。"
    assert owner.says("现在几点") == "三点。"


def test_it_lets_confirm(owner):
    owner.says("数数")
    owner.says("清零")
    assert owner.says("不") == LEFT["zh"]
    assert owner.says("数数") == "2次"
    owner.says("清零")
    assert owner.says("好") == "清了。"
    assert owner.says("数数") == "1次"


def test_what_it_says_later_is_announced(owner):
    assert owner.says("等一下说") == "好"
    until(lambda: owner.announced == ["到了"], "it is said")


@pytest.mark.parametrize(
    "text", ["出错", "退出", "卡住", "很慢", "明年说", "一直说", "胡说", "没有参数"]
)
def test_what_is_wrong_costs_one_sentence_and_a_line_in_the_log(owner, caplog, text):
    assert owner.says(text) == FAILED["zh"]
    assert len(quiet(caplog)) == 1
    assert "the plug-in `mine` failed" in quiet(caplog)[0]
    assert owner.says("数数") == "1次"


def test_what_was_given_up_says_nothing_later(tmp_path):
    announced = []
    host = plugins.Host(tmp_path, announced.append, lambda *_: None, FAILED)
    given = []
    late, done = threading.Event(), threading.Event()

    def slow(context):
        given.append(context)
        late.wait()
        context.schedule(0, lambda context: "too late")
        context.schedule(0, lambda context: "too late")
        done.set()

    assert host.call(slow, language="en", owner="x", seconds=0.05) == FAILED["en"]
    late.set()
    done.wait()
    assert not host._timers
    assert announced == []
    host.later(0, lambda context: "in time", "en", "x")
    until(lambda: announced == ["in time"], "it is said")


def installed(folder, points):
    """Put a package in `folder` as pip would: with a module `door` and these entry points."""
    (folder / "door.py").write_text(
        "from assistant.plugin import intent\n"
        "@intent(en=['open the door'])\ndef opens(context):\n    return 'It is open.'\n"
    )
    info = folder / "door-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: door\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[assistant.skills]\n{points}\n")


def test_an_installed_package_is_found_by_its_entry_point(tmp_path, monkeypatch):
    installed(tmp_path, "door = door")
    monkeypatch.syspath_prepend(tmp_path)
    (empty := tmp_path / "empty").mkdir()
    assert Owner(empty, "en").says("open the door please") == "It is open."


@pytest.mark.parametrize("point", ["door:opens", "door:nothing", "no_such_door"])
def test_an_entry_point_that_names_no_module_is_told(tmp_path, monkeypatch, caplog, point):
    installed(tmp_path, f"door = {point}")
    monkeypatch.syspath_prepend(tmp_path)
    (empty := tmp_path / "empty").mkdir()
    broken = Owner(empty, "en").shelf.broken
    assert [each.source for each in broken] == [f"door = {point}"]
    assert "cannot be used" in quiet(caplog)[0]


def test_what_is_too_long_is_cut(owner):
    assert len(owner.says("太多")) <= plugins.LONGEST


OPEN = "from assistant.plugin import intent\n@intent(en={})\ndef x(context): return 'x'\n"


@pytest.mark.parametrize(
    "code",
    [
        "syntax error",
        "import nothing_of_that_name",
        "1/0",
        "exit(1)",
        OPEN.format("['(open']"),
        OPEN.format("['open {door}']"),
        OPEN.format("['open at {time}'], free=['time']"),
    ],
)
def test_a_module_that_cannot_be_imported_leaves_the_others(tmp_path, caplog, code):
    (tmp_path / "broken.py").write_text(code)
    (tmp_path / "mine.py").write_text(CODE, encoding="utf-8")
    it = Owner(tmp_path)
    assert it.says("数数") == "1次"
    assert [each.source for each in it.shelf.broken] == [str(tmp_path / "broken.py")]
    assert "broken.py cannot be used" in quiet(caplog)[0]


def test_a_file_that_everybody_may_write_is_refused(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("")
    path.chmod(0o666)
    with pytest.raises(BadInput, match="everybody may write there"):
        owned.load([tmp_path])


def test_a_store_that_is_broken_or_too_large(tmp_path, caplog):
    path = tmp_path / "kept.json"
    path.write_text("{")
    store = plugins.Store(path)
    assert dict(store) == {}
    store["a"] = [1]
    with pytest.raises(ValueError, match="may keep"):
        store["b"] = "x" * plugins.LARGEST
    assert dict(plugins.Store(path)) == {"a": [1]}


def test_after_many_that_hang_nothing_is_called():
    limited, end = Limited(), threading.Event()
    for _ in range(MOST):
        with pytest.raises(Hangs):
            limited(end.wait, 0.001)
    with pytest.raises(Hangs, match="restart"):
        limited(lambda: 1, 5)
    end.set()
    until(lambda: not any(each.is_alive() for each in limited._hanging), "they end")
    assert limited(lambda: 1, 5) == 1
