"""Owners' actions: files that are read strictly, and programs that cannot get out of hand."""

import http.server
import json
import os
import pwd
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mind.skills.owner import Owner, quiet
from shell import until

from assistant.errors import AssistantError, BadInput
from assistant.mind.skills import actions, owned
from assistant.mind.skills.actions import Action
from assistant.mind.skills.calling import call
from assistant.mind.skills.doing import FAILED, LATE, Doer, Means
from assistant.mind.skills.pending import LEFT, WAITS_S, is_yes
from assistant.mind.skills.running import KEPT, Child, account
from assistant.mind.skills.skill import Request
from assistant.mind.skills.speakable import LONGEST, speakable

ARGUMENTS = "import json, sys; print(json.dumps(sys.argv[1:]))"
"""A program that prints what it was given, letter for letter."""

FILE = """
[lists.item.zh]
"肥皂" = "肥皂在三号货架。"

[actions.where]
zh = ["{item}在哪里"]
say.zh = "{item}"

[actions.gate]
zh = ["打开一下大门"]
confirm.zh = "要打开大门吗？"
run = ["sh", "-c", "echo 开了 | tee -a opened"]

[actions.forward]
zh = ["前进{number:metres}米"]
limits.metres = [0, 5]
run = ["echo", "走了{metres}"]
say.zh = "好的，{output}米"

[actions.note]
zh = ["记下{words}"]
free = ["words"]
run = ["touch", "{words}"]

[actions.lamp]
zh = ["开灯"]
gpio = { line = 17 }

[actions.bell]
zh = ["按铃"]
gpio = { chip = "/dev/gpiochip4", line = 3, pulse = 0.5 }

[actions.fault]
zh = ["{number:line}号线坏了"]
mqtt = { topic = "factory/{line}/fault", payload = '{"line": {line}}' }
say.zh = "{line}号线已经报告。"

[actions.broken]
zh = ["坏了"]
run = ["false"]

[actions.halt]
on_stop = true
run = ["touch", "halted"]
"""


def write(folder, text, name="own.toml"):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def owner(tmp_path):
    write(tmp_path, FILE)
    made = Owner(tmp_path)
    yield made
    made.owned.close()


# --- files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[actions.x\n", "line 1, column 11: this is no TOML"),
        ("", "`actions` is missing"),
        ("[actions.x]\nen = ['x']\n", r"line 1, column 2: `actions.x` does nothing"),
        ("[actions.x]\nen = ['x']\nrnu = ['x']\n", "line 3, column 1: unknown key `actions.x.rnu`"),
        ("[actions.x]\nen = 'x'\nrun = ['x']\n", "line 2, column 1: `actions.x.en` is 'x'"),
        ("[actions.x]\nen = ['x']\nrun = 'rm x'\n", "line 3, column 1: `actions.x.run` is 'rm x'"),
        ("[actions.x]\nen = ['(x']\nrun = ['x']\n", "line 2, column 1: .*is no sentence"),
        ("[actions.x]\nen = ['x {y}']\nrun = ['x']\n", "names the list `y`; there is: day"),
        ("[actions.x]\nen = ['x']\nrun = ['x', '{y}']\n", r"has no `\{y\}`, which the action"),
        ("[actions.x]\nen = ['x']\nrun = ['x']\ngpio = {line = 1}\n", "stands beside `run`"),
        ("[actions.x]\nen = ['x']\ngpio = {line = -1}\n", "line 3, column 1: `actions.x.gpio.line"),
        ("[actions.x]\nrun = ['x']\n", "has no sentences"),
        (
            "[actions.x]\nen = ['to {place}']\nfree = ['place']\nrun = ['x', '{place}']\n",
            "line 3, column 1: `actions.x.free` names `place`, which means",
        ),
        ("[actions.X]\nen = ['x']\nrun = ['x']\n", "`actions.X` is no name"),
        (
            "[actions.x]\nen = ['x']\nrun = ['x']\nsay.en = '{z}'\n",
            "line 4, column 1: .*no sentence",
        ),
        ("[actions.x]\nen = ['x']\nzh = ['y']\nrun = ['x']\nsay.en = 'z'\n", "has no `zh`"),
        ("[actions.x]\nen = ['x']\nrun = ['x']\nsay.fr = 'z'\n", "line 4, column 1"),
        ("[actions.x]\nen = ['x']\nrun = ['x']\nuser = 'nobody-at-all'\n", "no such user"),
        ("[actions.x]\nen = ['x']\nrun = ['x']\ntimeout = 1000\n", "line 4.*less than or equal"),
        ("[actions.x]\nen = ['x']\nhttp = {url = 'ftp://x'}\n", "must begin with http"),
        (
            "[actions.x]\nen = ['x {h}']\nfree = ['h']\nhttp = {url = 'http://{h}/'}\n",
            "line 4, column 1: .*a fixed host",
        ),
        ("[actions.x]\nen = ['x']\nmqtt = {topic = 'a/#'}\n", "are not allowed"),
        ("[actions.x]\nen = ['x']\npython = 'none.py:x'\n", "which is not there"),
        ("[actions.x]\nen = ['x {number:n}']\nrun = ['{n}']\n", "must name the program itself"),
        (
            "[actions.x]\nen = ['x {w}']\nfree = ['w']\nrun = ['sudo', 'sh', '-ec', '{w}']\n",
            "puts what was said into a script",
        ),
        (
            "[actions.x]\nen = ['x {w}']\nfree = ['w']\nrun = ['python3', '-c', 'print({w})']\n",
            "puts what was said into a script",
        ),
        (
            "[lists.number]\nen=['x']\n[actions.x]\nen=['x']\nrun=['x']\n",
            "line 1, column 2: a list",
        ),
        ("[actions.x]\nen=['x {number:n}']\nrun=['x']\non_stop=true\n", "without slots"),
        ("[actions.x]\nen=['x {number:n}']\nrun=['x']\nlimits.n=[2,1]\n", "the least comes first"),
    ],
)
def test_what_is_wrong_in_a_file_is_one_sentence_with_its_place(tmp_path, text, said):
    path = write(tmp_path, text)
    with pytest.raises(BadInput, match=said) as wrong:
        actions.load(path)
    assert str(wrong.value).startswith(str(path))
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("actions:\n  x:\n    en: [x]\n    rnu: [x]\n", "line 4, column 5: unknown key"),
        ("actions:\n  x:\n    en: [x, '(y']\n    run: [x]\n", "line 3, column 13: .*no sentence"),
        ("actions: [", "line 1, column 11: this is no YAML"),
        ("text", "there are no actions"),
    ],
)
def test_a_file_may_be_yaml(tmp_path, text, said):
    with pytest.raises(BadInput, match=said):
        actions.load(write(tmp_path, text, "own.yaml"))
    good = write(tmp_path, "actions:\n  x:\n    en: [x]\n    run: [x]\n", "good.yaml")
    assert actions.load(good).actions["x"].run == ["x"]


@given(text=st.text(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@pytest.mark.parametrize("suffix", [".toml", ".yaml"])
def test_any_other_text_is_refused(tmp_path, suffix, text):
    path = write(tmp_path, text, f"any{suffix}")
    with pytest.raises(BadInput):  # no text of chance is a whole file of actions
        actions.load(path)


def test_two_files_with_one_name_are_refused(tmp_path):
    write(tmp_path, "[actions.x]\nen = ['x']\nrun = ['x']\n", "a.toml")
    write(tmp_path, "[actions.x]\nen = ['y']\nrun = ['y']\n", "b.toml")
    with pytest.raises(BadInput, match=r"b\.toml: the action `x` is in .*a\.toml too"):
        owned.load([tmp_path])


# --- sentences -------------------------------------------------------------------------------


def test_an_action_says_what_is_configured(owner):
    assert owner.says("肥皂在哪里") == "肥皂在三号货架。"
    assert owner.says("前进两米") == "好的，走了2米"
    assert owner.says("前进三点五米") == "好的，走了3.5米"
    assert owner.says("讲个故事") is None
    assert owner.says("现在几点") == "三点。"


def test_a_slot_out_of_its_limits_does_nothing(owner):
    assert owner.says("前进六米") == "要在0到5之间。"


def test_a_secret_answer_does_nothing(owner, tmp_path):
    owner.says("记下鸡蛋", released=False)
    assert not (tmp_path / "鸡蛋").exists()
    assert owner.says("记下鸡蛋") == "好了。"
    assert (tmp_path / "鸡蛋").exists()


def test_pins_are_switched_and_pulsed(owner):
    assert owner.says("开灯") == "好了。"
    owner.says("按铃")
    assert owner.pins.switched == [("/dev/gpiochip0", 17, True), ("/dev/gpiochip4", 3, True, 0.5)]


def test_a_message_is_published(owner):
    assert owner.says("三号线坏了") == "3号线已经报告。"
    assert owner.published == [("factory/3/fault", '{"line": 3}', False, 10.0)]


def test_a_function_is_called_and_a_failure_of_it_is_a_sentence(tmp_path):
    (tmp_path / "lib").mkdir()
    code = (
        "def table(context, number):\n    return ' '.join(str(number * n) for n in range(1, 4))\n"
    )
    write(tmp_path / "lib", code, "tables.py")
    text = "[actions.{0}]\nzh = ['{1}{{number}}']\npython = 'lib/tables.py:{2}'\n"
    write(tmp_path, text.format("table", "乘法表", "table") + text.format("no", "没有", "none"))
    owner = Owner(tmp_path)
    assert owner.says("乘法表七") == "7 14 21"
    assert owner.says("没有七") == FAILED["zh"]


def test_a_failure_is_a_sentence_and_a_line_in_the_log(owner, caplog):
    assert owner.says("坏了") == FAILED["zh"]
    assert quiet(caplog) == ["the action `broken` failed: exit code 1: "]


def test_what_is_to_be_done_on_stop_is_done_at_once(owner, tmp_path):
    owner.owned.stop()
    until(lambda: (tmp_path / "halted").exists(), "it is done")


# --- confirmation ----------------------------------------------------------------------------


def opened(folder):
    path = folder / "opened"
    return len(path.read_text().split()) if path.exists() else 0


def test_after_a_yes_it_is_done_once(owner, tmp_path):
    assert owner.says("打开一下大门") == "要打开大门吗？"
    assert opened(tmp_path) == 0
    assert owner.says("好的", released=False) == ""
    assert opened(tmp_path) == 0
    assert owner.says("好的") == "开了"
    assert owner.says("好的") is None
    assert opened(tmp_path) == 1


@pytest.mark.parametrize("said", ["不要", "好不好", "嗯我想想", "讲个故事", ""])
def test_anything_but_a_yes_is_a_no(owner, tmp_path, said):
    owner.says("打开一下大门")
    assert owner.says(said) == LEFT["zh"]
    assert owner.says("好的") is None
    assert opened(tmp_path) == 0


def test_another_request_is_a_no_and_is_answered(owner, tmp_path):
    owner.says("打开一下大门")
    assert owner.says("现在几点") == "三点。"
    assert owner.says("好的") is None
    assert opened(tmp_path) == 0


def test_after_a_stop_a_yes_does_nothing(owner, tmp_path):
    owner.says("打开一下大门")
    owner.owned.stop()
    assert owner.says("是的") is None
    assert not (tmp_path / "opened").exists()


def test_after_somebody_took_leave_a_yes_does_nothing_and_nothing_is_stopped(owner, tmp_path):
    owner.says("打开一下大门")
    owner.owned.leave()
    assert owner.says("是的") is None
    assert not (tmp_path / "opened").exists()
    assert not (tmp_path / "halted").exists()


def test_the_sentence_for_stop_stops_too(owner, tmp_path):
    assert owner.says("停下来", released=False) == ""
    assert not (tmp_path / "halted").exists()
    assert owner.says("停下来") == ""
    until((tmp_path / "halted").exists, "the action that is done on stop")


def test_only_a_yes_is_taken_for_the_end_of_a_turn(owner):
    owner.says("打开一下大门")
    assert owner.sentences.match("好的").whole
    assert not owner.sentences.match("嗯").whole


def test_a_yes_that_comes_too_late_is_none(owner, tmp_path):
    owner.says("打开一下大门")
    owner.clock.now += WAITS_S
    assert owner.says("好的") is None
    assert opened(tmp_path) == 0


def test_a_question_that_was_never_asked_aloud_is_not_open(owner):
    owner.says("打开一下大门", released=False)
    assert owner.says("好的") is None


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "Yes, please.",
        "yeah sure",
        "OK",
        "um yes",
        "do it",
        "是的",
        "好",
        "可以的",
        "嗯，对。",
        "要",
    ],
)
def test_a_yes_is_one(text):
    assert is_yes(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no",
        "yes but not now",
        "not okay",
        "I don't know",
        "yesterday",
        "不是",
        "不好",
        "要不算了",
        "好像",
        "可以吗",
        "no yes",
    ],
)
def test_nothing_else_is_a_yes(text):
    assert not is_yes(text)


# --- programs --------------------------------------------------------------------------------


def doer():
    return Doer(Means(None, None, None))


def run(arguments, slots=None, **keys):
    action = Action(en=["x"], run=arguments, **keys)
    return doer().do("x", action, Request("action.x", "x", "en", slots or {}), Path("/"))


NASTY = [
    "'",
    '"; rm -rf /',
    "$(touch /tmp/owned)",
    "`id`",
    "a\nb",
    "a\0b",
    "&& reboot",
    "{words}",
    "{output}",
    "%s",
    "\\",
    "*",
    "~",
    "\ud800",
    "a\x1b[2Jb",
]


@pytest.mark.parametrize("words", NASTY)
def test_what_is_said_is_one_argument_and_nothing_else(words):
    got = json.loads(run([sys.executable, "-c", ARGUMENTS, "--", "<{words}>"], {"words": words}))
    assert len(got) == 2
    assert got[1].startswith("<")
    assert got[1].endswith(">")
    assert not any(ord(c) < 32 for c in got[1])


@pytest.mark.parametrize("words", ["--help", "-rf /", "— — -x", "- "])
def test_free_words_are_no_option(words):
    got = json.loads(
        run([sys.executable, "-c", ARGUMENTS, "{words}"], {"words": words}, free=["words"])
    )
    assert not got[0].startswith("-")


def test_a_negative_number_stays_one():
    assert run(["echo", "{n}"], {"n": -2.0}) == "-2"


@given(st.lists(st.text(max_size=50), min_size=1, max_size=3))
@settings(max_examples=30, deadline=None)
def test_any_words_are_each_one_argument(texts):
    names = [f"w{number}" for number in range(len(texts))]
    action = Action(en=["x"], run=["printf", r"%s\0", *(f"<{{{name}}}>" for name in names)])
    child = Child([actions.fill(each, _values(action, names, texts)) for each in action.run])
    parts = child.wait(10).output.decode().split("\0")
    assert len(parts) == len(texts) + 1
    assert all(part[0] == "<" and part[-1] == ">" and "\n" not in part for part in parts[:-1])


def _values(action, names, texts):
    from assistant.mind.skills.doing import values

    return values(action, dict(zip(names, texts, strict=True)))


def test_a_gigabyte_of_output_is_not_kept():
    child = Child(["sh", "-c", "exec yes"])
    ended = child.wait(60)
    assert (len(ended.output), ended.why) == (KEPT, "output")
    assert run(["sh", "-c", "yes | head -c 1000000000"], timeout=60) == FAILED["en"]


def test_long_output_is_cut_to_what_can_be_said():
    said = run(["sh", "-c", "yes word | head -c 100000"])
    assert said.startswith("word word")
    assert LONGEST - 10 < len(said) <= LONGEST


def test_one_that_hangs_is_ended_with_all_that_it_started(caplog, tmp_path):
    script = f"sleep 600 & echo $! > {tmp_path}/child; trap '' TERM; while :; do sleep 1; done"
    assert run(["sh", "-c", script], timeout=0.3) == LATE["en"]
    gone(int((tmp_path / "child").read_text()))
    assert "longer than 0.3 s" in quiet(caplog)[0]


def gone(pid):
    def dead():
        try:
            return Path(f"/proc/{pid}/stat").read_text().rsplit(")")[1].split()[0] == "Z"
        except (FileNotFoundError, ProcessLookupError):
            return True

    until(dead, "it is gone")


def test_one_that_leaves_something_behind_does_not_hold_up(tmp_path):
    said = run(["sh", "-c", f"sleep 600 & echo $! > {tmp_path}/child; echo done"], timeout=60)
    assert said == "done"
    gone(int((tmp_path / "child").read_text()))


@pytest.mark.parametrize(
    "arguments", [["sh", "-c", "kill -9 $$"], ["sh", "-c", "exit 3"], ["/no/such/program"], ["/"]]
)
def test_one_that_dies_or_is_not_there_is_a_sentence(arguments):
    assert run(arguments) == FAILED["en"]
    assert run(arguments, failed={"en": "The gate is stuck."}) == "The gate is stuck."


def test_one_that_takes_longer_than_it_may_did_not_work(tmp_path):
    assert run(["sh", "-c", "sleep 5; echo worked"], timeout=0.2) == LATE["en"]
    it = doer()
    action = Action(
        en=["x"],
        run=["sh", "-c", f"echo $$ > {tmp_path}/pid; exec sleep 600"],
        timeout=0.2,
        wait=False,
    )
    assert it.do("x", action, Request("action.x", "x", "en"), tmp_path) == "Done."
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip(), "it runs")
    gone(int((tmp_path / "pid").read_text()))


def test_it_has_no_terminal_to_read_from():
    own = os.dup(0)
    reads, writes = os.pipe()
    try:
        os.dup2(reads, 0)
        os.write(writes, b"from the keyboard")
        os.close(writes)
        assert run(["cat"]) == "Done."
    finally:
        os.dup2(own, 0)
        os.close(own)
        os.close(reads)


@pytest.mark.parametrize("name", ["ASSISTANT_REMOTE_KEY", "CREDENTIALS_DIRECTORY", "LD_PRELOAD_"])
def test_it_does_not_get_the_keys_of_the_assistant(monkeypatch, name):
    monkeypatch.setenv(name, "geheim")
    assert run(["printenv", name]) == FAILED["en"]
    assert run(["printenv", "PATH"]) == speakable(os.environ["PATH"])


def test_only_so_many_run_beside_each_other(tmp_path, monkeypatch):
    monkeypatch.setattr("assistant.mind.skills.doing.AT_ONCE", 1)
    it = doer()
    action = Action(en=["x"], run=["sleep", "600"], timeout=60, wait=False)
    request = Request("action.x", "x", "en")
    assert [it.do("x", action, request, tmp_path) for _ in range(2)] == ["Done.", FAILED["en"]]
    it.stop()


def test_words_in_a_topic_are_one_level_of_it(tmp_path):
    published = []
    it = Doer(Means(None, None, lambda *what: published.append(what)))
    mqtt = {"topic": "home/{place}/on", "payload": "{place}"}
    action = Action(en=["light {place}"], free=["place"], mqtt=mqtt)
    assert it.do("x", action, Request("x", "x", "en", {"place": "a/+/b#"}), tmp_path) == "Done."
    assert published == [("home/ab/on", "a/+/b#", False, action.timeout)]


def test_stop_ends_what_runs(tmp_path):
    it = doer()
    action = Action(
        en=["x"], run=["sh", "-c", f"echo $$ > {tmp_path}/pid; exec sleep 600"], timeout=60
    )
    said = []
    thread = threading.Thread(
        target=lambda: said.append(it.do("x", action, Request("action.x", "x", "en"), tmp_path))
    )
    thread.start()
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip(), "it runs")
    it.stop()
    thread.join()
    assert said == [FAILED["en"]]


def test_one_that_need_not_be_waited_for_goes_on(tmp_path):
    it = doer()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    action = Action(en=["x"], run=["cat", str(pipe)], wait=False, say={"en": "I am going."})
    assert it.do("x", action, Request("action.x", "x", "en"), tmp_path) == "I am going."
    pipe.write_text("end")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_it_runs_as_its_own_user():
    assert run(["id", "-un"], user="nobody") == "nobody"
    assert account("nobody")["extra_groups"] == os.getgrouplist(
        "nobody", pwd.getpwnam("nobody").pw_gid
    )


def test_another_user_is_only_for_root(tmp_path, monkeypatch):
    file = write(tmp_path, '[actions.x]\nen = ["x"]\nrun = ["id"]\nuser = "nobody"\n')
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(BadInput, match="only root may become"):
        actions.load(file)
    assert run(["id", "-Gn"], user="nobody") == "nogroup"


@given(st.text())
def test_what_is_said_of_an_output_is_one_short_line(text):
    said = speakable(text, 40)
    assert len(said) <= 40
    assert said == " ".join(said.split())
    assert not any(ord(c) < 32 for c in said)


# --- HTTP ------------------------------------------------------------------------------------


class Server(http.server.BaseHTTPRequestHandler):
    """A real server: answers by the path."""

    def do_GET(self):
        self.server.seen.append((self.command, self.path, self.rfile.read(self.length())))
        if self.path.startswith("/away"):
            self.send_response(302)
            self.send_header("Location", "/else")
        elif self.path.startswith("/bad"):
            self.send_response(500)
        else:
            self.send_response(200)
        self.end_headers()
        try:
            if self.path.startswith("/endless"):
                while True:
                    self.wfile.write(b"x" * 65536)
            self.wfile.write("二十度".encode())
        except OSError:
            pass

    do_POST = do_GET

    def length(self):
        return int(self.headers.get("Content-Length", 0))

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as made:
        made.seen = []
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def asked(server, path, slots=None, **keys):
    url = f"http://127.0.0.1:{server.server_port}{path}"
    return call(actions.Http(url=url, **keys), slots or {}, 5.0)


def test_a_request_goes_to_the_configured_address_only(server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    slots = {"room": "../x?y=1#z@evil.example/", "what": '"} \n'}
    assert asked(server, "/t/{room}/now", slots) == "二十度"
    assert asked(server, "/p", slots, method="POST", json={"a": ["{what}", 1]}) == "二十度"
    (_, path, _), (_, _, body) = server.seen
    assert path == "/t/%2Fx%3Fy%3D1%23z%40evil.example%2F/now"
    assert json.loads(body) == {"a": ['"} \n', 1]}


def test_a_redirect_is_not_followed_and_an_error_is_one(server):
    for path, code in (("/away", 302), ("/bad", 500)):
        with pytest.raises(AssistantError, match=str(code)):
            asked(server, path)
    assert len(server.seen) == 2


def test_an_endless_answer_is_cut(server):
    assert len(asked(server, "/endless")) == 65536


def test_nobody_there_is_one_sentence():
    with pytest.raises(AssistantError, match=r"GET http.*: ConnectError"):
        call(actions.Http(url="http://127.0.0.1:9/"), {}, 1.0)


def test_a_sentence_may_begin_and_end_with_what_is_taken_off_others(tmp_path):
    file = tmp_path / "robot.toml"
    file.write_text(
        '[actions.now]\nen = ["go now"]\nsay.en = "Gone."\nzh = ["请进"]\nsay.zh = "进来了。"\n'
        '[actions.go]\nen = ["move {words}"]\nfree = ["words"]\nsay.en = "{words}"\n'
    )
    english, chinese = Owner(tmp_path, "en"), Owner(tmp_path)
    assert english.says("go now") == "Gone."
    assert chinese.says("请进") == "进来了。"
    assert english.says("go now please") == english.says("um please go now thank you") == "Gone."
    assert chinese.says("麻烦你请进谢谢") == "进来了。"
    assert english.says("um move the arm please") == "the arm"


def test_what_is_no_text_is_not_said(tmp_path):
    file = tmp_path / "bytes.toml"
    file.write_text(
        '[actions.bytes]\nzh = ["看看"]\nsay.zh = "{output}度"\n'
        'run = ["printf", "23\\\\xb0C \\\\xff"]\n'
    )
    assert Owner(tmp_path).says("看看") == "23度"
