"""The chat page in a real Chromium, before a stand-in for the server (see `page_server`)."""

import json
import re
from pathlib import Path

import pytest
from accessible import SCREENS, violations
from hypothesis import given, settings
from hypothesis import strategies as st
from page_server import BREAK, END, STATIC, PageServer
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.e2e

TURN = {
    "turn": 4,
    "take": 1,
    "voice_to_voice_s": 0.61,
    "origin_s": 100.0,
    "marks": [
        {"stage": "speech_start", "at_s": -1.5},
        {"stage": "speech_end", "at_s": 0.0},
        {"stage": "vad_end", "at_s": 0.1},
        {"stage": "think", "at_s": 0.12, "take": 1},
        {"stage": "first_token", "at_s": 0.3, "take": 1},
        {"stage": "first_token", "at_s": 9.0, "take": 2},
        {"stage": "first_clause", "at_s": 0.4, "take": 1},
        {"stage": "first_sound_made", "at_s": 0.5, "take": 1},
        {"stage": "turn_end", "at_s": 0.5},
        {"stage": "heard", "at_s": 0.55},
        {"stage": "first_sample", "at_s": 0.61, "take": 1},
    ],
}


@pytest.fixture
def server():
    server = PageServer()
    server.start()
    yield server
    server.stop()


class Watch:
    """What a page must never do: fetch from elsewhere, break the policy, throw, open a dialog."""

    def __init__(self, server: PageServer) -> None:
        self.server = server
        self.wrong: list[str] = []

    def over(self, page: Page) -> Page:
        page.set_default_timeout(10_000)
        page.on("request", self._request)
        page.on("pageerror", lambda error: self.wrong.append(f"threw {error}"))
        page.on("dialog", self._dialog)
        page.on("console", self._console)
        return page

    def _request(self, request):
        if not request.url.startswith((self.server.url, "data:", f"blob:{self.server.url}")):
            self.wrong.append(f"asked for {request.url}")

    def _dialog(self, dialog):
        self.wrong.append(f"opened a dialog: {dialog.message}")
        dialog.dismiss()

    def _console(self, message):
        # That a server is away or says no is logged by the browser itself.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            self.wrong.append(f"{message.type}: {message.text}")


@pytest.fixture
def opened(browser, server):
    """Return a function that opens the page in a browser of its own, or in a tab of one's."""
    watch = Watch(server)
    contexts = []

    def open_page(context=None, path="", script=None, **options):
        if context is None:
            context = browser.new_context(**{"locale": "en-GB", **options})
            contexts.append(context)
        if script:
            context.add_init_script(script)
        page = watch.over(context.new_page())
        page.goto(server.url + path)
        expect(page.locator("#device")).to_have_attribute("data-phase", "asleep")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert watch.wrong == []


def ask(page, text):
    page.locator("#prompt").fill(text)
    page.locator("#prompt").press("Enter")


def answers(page):
    return page.locator(".message.assistant .body")


def questions(page):
    return page.locator(".message.user .body")


def answered(page, server, question, *pieces):
    ask(page, question)
    server.say(*pieces, END)
    expect(page.locator("#stop")).to_be_hidden()
    expect(page.locator(".message.assistant").last).not_to_have_class(re.compile("waits"))


def titles(page):
    return page.locator("#list a[href^='#c=']")


def stored(page):
    """All conversations as the browser keeps them."""
    return page.evaluate(
        "Object.keys(localStorage).filter(k => k.startsWith('assistant.chat.'))"
        ".map(k => JSON.parse(localStorage[k]))"
    )


# --- answers ------------------------------------------------------------------------------------


def test_an_answer_is_shown_piece_by_piece(opened, server):
    page = opened()
    ask(page, "What is the sky?")
    expect(questions(page)).to_have_text("What is the sky?")
    expect(page.locator(".message.assistant .note")).to_have_text("Thinking…")
    so_far = ""
    for piece in ("The sky", " is **bl", "ue**", " and", " wide."):
        server.say(piece)
        so_far += piece
        expect(answers(page)).to_have_text(so_far.replace("*", ""))
    assert page.locator(".message.assistant strong").inner_text() == "blue"
    expect(page.locator("#stop")).to_be_visible()
    server.say(END)
    expect(page.locator("#send")).to_be_visible()
    expect(page.locator(".message.assistant .note")).to_have_text(
        "first word 0.25 s · whole 2.25 s · 21 tokens, 10.0 a second · "
        "100 of 120 tokens already read"
    )
    assert server.asked == [{"prompt": "What is the sky?"}]


@pytest.mark.parametrize("way", ["button", "escape"])
def test_stop_closes_the_connection_and_keeps_what_came(opened, server, way):
    page = opened()
    ask(page, "Tell me a story.")
    server.say("Once upon")
    expect(answers(page)).to_have_text("Once upon")
    assert not server.gone.is_set()
    if way == "button":
        page.locator("#stop").click()
    else:
        page.keyboard.press("Escape")
    assert server.gone.wait(5)
    expect(page.locator(".message.assistant .note")).to_have_text("Stopped.")
    expect(answers(page)).to_have_text("Once upon")
    expect(page.locator("#send")).to_be_visible()


def test_the_whole_pairs_of_the_history_go_with_the_next_question(opened, server):
    page = opened()
    answered(page, server, "One?", "1")
    ask(page, "Lost?")
    server.say({"error": "The model failed."})
    expect(page.locator(".message.assistant .note").last).to_have_text("The model failed.")
    answered(page, server, "Two?", "2")
    assert server.asked[-1] == {
        "prompt": "Two?",
        "messages": [{"role": "user", "text": "One?"}, {"role": "assistant", "text": "1"}],
    }


def test_a_long_history_is_cut_at_its_old_end(opened, server):
    page = opened()
    answered(page, server, "Old?", "x" * 3000)
    answered(page, server, "New?", "y" * 3000)
    answered(page, server, "Now?", "z")
    assert [m["text"][0] for m in server.asked[-1]["messages"]] == ["N", "y"]


def test_nothing_is_sent_that_the_server_would_refuse(opened, server):
    page = opened()
    answered(page, server, "Empty?", " \n ")
    answered(page, server, "Half?", "half \ud83d")
    page.locator("#prompt").evaluate("e => { e.value = 'cut \\ud83d' }")
    page.locator("#prompt").press("Enter")
    server.say(END)
    expect(page.locator("#send")).to_be_visible()
    assert server.asked[-1] == {
        "prompt": "cut \ufffd",
        "messages": [
            {"role": "user", "text": "Half?"},
            {"role": "assistant", "text": "half \ufffd"},
        ],
    }


def test_what_is_typed_in_an_input_method_is_not_sent_by_its_enter(opened, server):
    page = opened()
    page.locator("#prompt").fill("ni")
    page.locator("#prompt").dispatch_event(
        "keydown", {"key": "Enter", "isComposing": True, "bubbles": True, "cancelable": True}
    )
    expect(questions(page)).to_have_count(0)
    page.locator("#prompt").press("Enter")
    expect(questions(page)).to_have_count(1)


def test_shift_enter_makes_a_line_and_an_empty_question_is_not_sent(opened, server):
    page = opened()
    ask(page, "   ")
    page.locator("#prompt").fill("a")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("b")
    page.keyboard.press("Enter")
    expect(questions(page)).to_have_text("a\nb", use_inner_text=True)
    expect(page.locator("#prompt")).to_have_value("")
    assert [asked["prompt"] for asked in server.asked] == ["a\nb"]


def test_sentences_and_not_tokens_are_announced(opened, server):
    page = opened()
    ask(page, "Go on")
    server.say("One ", "is one")
    expect(answers(page)).to_have_text("One is one")
    assert page.locator("#live").inner_text() == ""
    server.say(". Two")
    expect(page.locator("#live p")).to_have_text(["One is one."])
    server.say(" is two.", END)
    expect(page.locator("#live p")).to_have_text(["One is one.", "Two is two.", "Answered."])


# --- failures -----------------------------------------------------------------------------------


def test_a_failed_answer_can_be_tried_again(opened, server):
    page = opened()
    ask(page, "Hello?")
    server.say("Half an", BREAK)
    expect(page.locator(".failed .note")).to_have_text(
        "The connection broke off before the answer was whole."
    )
    expect(answers(page)).to_have_text("Half an")
    page.get_by_role("button", name="Try again", exact=True).click()
    server.say("A whole answer", END)
    expect(answers(page)).to_have_text("A whole answer")
    expect(questions(page)).to_have_text(["Hello?"])
    assert [asked["prompt"] for asked in server.asked] == ["Hello?", "Hello?"]
    expect(page.locator(".failed")).to_have_count(0)


def test_a_busy_device_is_asked_once_more_by_itself(opened, server):
    busy = (429, {"Retry-After": "2"}, {"error": "busy"})
    server.refusals = [busy]
    page = opened()
    ask(page, "Hello?")
    expect(page.locator(".note").last).to_have_text("The device is busy. Trying again in 2 s.")
    server.say("Hello!", END)
    expect(answers(page)).to_have_text("Hello!")
    assert len(server.asked) == 2
    server.refusals = [busy, busy]
    ask(page, "Again?")
    expect(page.locator(".failed .note")).to_have_text(
        "The device is still busy. It asks to wait 2 s."
    )
    assert len(server.asked) == 4


def test_waiting_for_a_busy_device_can_be_stopped(opened, server):
    server.refusals = [(429, {"Retry-After": "60"}, {"error": "busy"})]
    page = opened()
    ask(page, "Hello?")
    expect(page.locator(".note").last).to_contain_text("Trying again in")
    page.locator("#stop").click()
    expect(page.locator(".message.assistant .note")).to_have_text("Stopped.")
    assert len(server.asked) == 1


def test_a_banner_says_that_the_server_is_away_until_it_is_back(opened, server):
    page = opened()
    expect(page.locator("#banner")).to_be_hidden()
    server.stop()
    expect(page.locator("#banner-text")).to_have_text("No connection to the device.")
    expect(page.locator("#device")).to_have_attribute("data-phase", "unknown")
    ask(page, "Anybody?")
    expect(page.locator(".failed .note")).to_have_text("The device could not be reached.")
    server.start()
    expect(page.locator("#banner")).to_be_hidden(timeout=20_000)
    expect(page.locator("#device")).to_have_attribute("data-phase", "asleep")
    page.get_by_role("button", name="Try again", exact=True).click()
    server.say("Here.", END)
    expect(answers(page)).to_have_text("Here.")


def test_a_banner_says_that_the_daemon_is_away_and_one_may_try_at_once(opened, server):
    page = opened()
    server.daemon_is_up = False
    expect(page.locator("#banner-text")).to_have_text("The assistant is not running.")
    server.daemon_is_up = True
    page.locator("#banner-now").click()
    expect(page.locator("#banner")).to_be_hidden()


def test_a_refused_page_says_with_what(opened, server):
    page = opened()
    server.state_status = 403
    expect(page.locator("#banner-text")).to_have_text("No connection to the device.")
    expect(page.locator("#banner-text")).to_have_text("The device answered with error 403.")
    server.state_status = 0
    expect(page.locator("#banner")).to_be_hidden()


# --- conversations ------------------------------------------------------------------------------


def test_a_reload_keeps_the_conversation(opened, server):
    page = opened()
    answered(page, server, "One?", "**1**")
    page.reload()
    expect(questions(page)).to_have_text("One?")
    expect(page.locator(".message.assistant strong")).to_have_text("1")
    expect(titles(page)).to_have_text(["One?"])
    answered(page, server, "Two?", "2")
    assert len(server.asked[-1]["messages"]) == 2


def test_a_reload_in_the_middle_keeps_what_came_and_says_that_it_was_stopped(opened, server):
    page = opened()
    ask(page, "Long?")
    server.say("It began")
    expect(answers(page)).to_have_text("It began")
    page.reload()
    assert server.gone.wait(5)
    expect(answers(page)).to_have_text("It began")
    expect(page.locator(".message.assistant .note")).to_have_text("Stopped.")


def test_an_earlier_question_can_be_edited_and_what_followed_is_dropped(opened, server):
    page = opened()
    for question, answer in (("One?", "1"), ("Two?", "2"), ("Three?", "3")):
        answered(page, server, question, answer)
    page.get_by_role("button", name="Edit", exact=True).nth(1).click()
    area = page.get_by_label("Edit the question")
    expect(area).to_be_focused()
    expect(area).to_have_value("Two?")
    area.press("Escape")
    expect(area).to_have_count(0)
    expect(questions(page)).to_have_text(["One?", "Two?", "Three?"])
    page.get_by_role("button", name="Edit", exact=True).nth(1).click()
    area.fill("Two, changed?")
    area.press("Enter")
    server.say("two", END)
    expect(questions(page)).to_have_text(["One?", "Two, changed?"])
    expect(answers(page)).to_have_text(["1", "two"])
    assert [m["text"] for m in server.asked[-1]["messages"]] == ["One?", "1"]
    assert [len(c["messages"]) for c in stored(page)] == [4]


def test_an_edit_while_an_answer_comes_stops_that_answer(opened, server):
    page = opened()
    ask(page, "Wrong?")
    server.say("Wro")
    expect(answers(page)).to_have_text("Wro")
    page.get_by_role("button", name="Edit", exact=True).click()
    page.get_by_label("Edit the question").fill("Right?")
    page.get_by_label("Edit the question").press("Enter")
    assert server.gone.wait(5)
    server.say("Right.", END)
    expect(answers(page)).to_have_text(["Right."])
    expect(questions(page)).to_have_text(["Right?"])


def test_conversations_are_listed_renamed_and_deleted(opened, server):
    page = opened()
    answered(page, server, "First", "1")
    page.get_by_role("button", name="New conversation").click()
    expect(questions(page)).to_have_count(0)
    answered(page, server, "Second", "2")
    assert "messages" not in server.asked[-1]
    expect(titles(page)).to_have_text(["Second", "First"])
    titles(page).nth(1).click()
    expect(questions(page)).to_have_text("First")
    page.get_by_role("button", name="Rename “First”").click()
    page.get_by_label("Name of the conversation").fill("<b>Renamed</b>")
    page.keyboard.press("Enter")
    expect(titles(page)).to_have_text(["<b>Renamed</b>", "Second"])
    page.get_by_role("button", name="Delete “<b>Renamed</b>”").click()
    expect(titles(page)).to_have_text(["Second"])
    expect(questions(page)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(questions(page)).to_have_text("First")
    page.get_by_role("button", name="Delete “<b>Renamed</b>”").click()
    page.reload()
    expect(titles(page)).to_have_text(["Second"])


def test_a_conversation_that_is_deleted_while_its_answer_comes_stays_deleted(opened, server):
    page = opened()
    ask(page, "Gone?")
    server.say("It")
    expect(answers(page)).to_have_text("It")
    page.get_by_role("button", name="Delete “Gone?”").click()
    assert server.gone.wait(5)
    expect(questions(page)).to_have_count(0)
    page.wait_for_timeout(200)
    assert stored(page) == []


def test_a_conversation_is_exported_as_markdown_and_as_json(opened, server):
    page = opened()
    page.get_by_role("button", name="Markdown").click()
    expect(page.locator("#toast-text")).to_have_text("There is nothing to export yet.")
    answered(page, server, "What is ½ + ½?", "It is `1`.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Markdown").click()
    assert download.value.suggested_filename == "What-is-½-½-.md"
    assert Path(download.value.path()).read_text() == (
        "# What is ½ + ½?\n\n## You\n\nWhat is ½ + ½?\n\n## Assistant\n\nIt is `1`.\n"
    )
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    data = json.loads(Path(download.value.path()).read_text())
    assert data["format"] == "assistant-conversation"
    assert [m["text"] for m in data["messages"]] == ["What is ½ + ½?", "It is `1`."]


def test_two_tabs_do_not_overwrite_each_others_conversations(opened, server):
    one = opened()
    two = opened(one.context)
    ask(one, "From one")
    server.say("1 begins")
    expect(answers(one)).to_have_text("1 begins")
    server.say(" ends", END)
    expect(one.locator("#send")).to_be_visible()
    answered(two, server, "From two", "2")
    expect(titles(one)).to_have_text(["From two", "From one"])
    expect(titles(two)).to_have_text(["From two", "From one"])
    titles(two).nth(1).click()
    expect(answers(two)).to_have_text("1 begins ends")
    answered(one, server, "More", "more")
    expect(answers(two)).to_have_text(["1 begins ends", "more"])
    answered(two, server, "And from here", "yes")
    expect(answers(one)).to_have_text(["1 begins ends", "more", "yes"])
    assert sorted(len(c["messages"]) for c in stored(one)) == [2, 6]


def test_what_another_tab_deletes_is_not_brought_back(opened, server):
    one = opened()
    answered(one, server, "Shared", "1")
    two = opened(one.context, path=one.url.removeprefix(server.url))
    ask(two, "More")
    server.say("begun")
    expect(answers(two).last).to_have_text("begun")
    one.get_by_role("button", name="Delete “Shared”").click()
    expect(questions(two)).to_have_count(0)
    expect(two.locator("#toast-text")).to_contain_text("deleted in another window")
    assert server.gone.wait(5)
    assert stored(two) == []


def test_an_answer_whose_question_another_tab_edits_is_stopped(opened, server):
    one = opened()
    ask(one, "Shared")
    server.say("begun")
    expect(answers(one)).to_have_text("begun")
    two = opened(one.context, path=one.url.removeprefix(server.url))
    two.get_by_role("button", name="Edit", exact=True).click()
    two.get_by_label("Edit the question").fill("Changed")
    two.get_by_label("Edit the question").press("Enter")
    assert server.gone.wait(5)
    server.say("other", END)
    expect(answers(two)).to_have_text(["other"])
    expect(questions(one)).to_have_text(["Changed"])
    expect(answers(one)).to_have_text(["other"])


def test_a_forbidden_storage_is_survived(opened, server):
    page = opened(
        script="Object.defineProperty(window, 'localStorage',"
        " {get() { throw new DOMException('no', 'SecurityError') }})"
    )
    answered(page, server, "One?", "1")
    answered(page, server, "Two?", "2")
    expect(answers(page)).to_have_text(["1", "2"])
    expect(page.locator("#toast-text")).to_contain_text("The browser cannot save")
    page.locator("#theme").select_option("dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_full_storage_drops_the_oldest_conversation(opened, server):
    page = opened()
    old = {"id": "old", "title": "Old", "updated": 1}
    old["messages"] = [{"id": "m", "role": "user", "text": "x" * 1000}]
    page.evaluate("([k, v]) => localStorage.setItem(k, v)", ["assistant.chat.old", json.dumps(old)])
    page.evaluate(  # fill it to the last character
        "let n = 1 << 22, i = 0;"
        "while (n) try { localStorage.setItem('f' + i++, 'x'.repeat(n)) } catch { n >>= 1 }"
    )
    page.reload()
    expect(titles(page)).to_have_text(["Old"])
    answered(page, server, "New", "n")
    expect(titles(page)).to_have_text(["New"])
    page.reload()
    expect(answers(page)).to_have_text("n")


def test_rubbish_in_the_storage_is_passed_over(opened, server):
    rubbish = ["", "{", "null", "[]", '{"id": 1}', '{"id": "x", "messages": [null, 1, {}]}']
    script = "".join(
        f"localStorage.setItem('assistant.chat.r{n}', {json.dumps(text)});"
        for n, text in enumerate(rubbish)
    )
    page = opened(script=script)
    answered(page, server, "One?", "1")
    expect(answers(page)).to_have_text("1")


# --- text stays text ----------------------------------------------------------------------------

PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1)) [a](data:text/html,<script>alert(1)</script>) [b](//evil.test)",
    "![img](javascript:alert(1)) ![out](x.png)",
    '<https://a.test/"onmouseover=alert(1)//> <javascript:alert(1)>',
    '[q](https://a.test/"onclick=alert(1))',
    "```html\n<script>alert(1)</script>\n</code></pre><img src=x onerror=alert(1)>\n```",
    '```x"onload="alert(1)\ncode\n```',
    "`<img src=x onerror=alert(1)>`",
    "| <b>a</b> | b |\n|---|---|\n| <iframe src=javascript:alert(1)> | x |",
    "> <style>*{display:none}</style>\n\n1. <form action=//evil.test><input autofocus>",
    "# <h1 onclick=alert(1)>",
    "&lt;img src=x onerror=alert(1)&gt; &#x6a;avascript:",
]

# What the page may make of an answer, and nothing else.
STRANGE = """(root) => {
  const attributes = {
    A: ["href", "title", "rel", "target"], OL: ["start"], PRE: ["tabindex"],
    DIV: ["class", "tabindex"], BUTTON: ["type"],
  };
  const names = ["P", "H3", "H4", "H5", "H6", "UL", "OL", "LI", "BLOCKQUOTE", "PRE", "CODE",
    "STRONG", "EM", "DEL", "A", "HR", "TABLE", "THEAD", "TBODY", "TR", "TH", "TD", "DIV", "SPAN",
    "BUTTON"];
  const strange = [];
  for (const el of root.querySelectorAll("*")) {
    if (!names.includes(el.tagName)) strange.push(el.outerHTML);
    for (const { name } of el.attributes) {
      if (!(attributes[el.tagName] ?? []).includes(name)) strange.push(el.outerHTML);
    }
    if (el.tagName === "A") {
      if (!["http:", "https:"].includes(el.protocol)) strange.push(el.outerHTML);
      if (!el.relList.contains("noopener")) strange.push(el.outerHTML);
      if (el.querySelector("a")) strange.push(el.outerHTML);
    }
  }
  return strange;
}"""


def test_what_user_and_model_write_never_becomes_html(opened, server):
    page = opened()
    for n, payload in enumerate(PAYLOADS):
        ask(page, payload)
        for character in payload:  # every beginning of it is shown once
            server.say(character)
        server.say(END)
        expect(questions(page)).to_have_count(n + 1)
        expect(page.locator("#send")).to_be_visible()
        assert questions(page).last.inner_text() == payload
        assert questions(page).last.evaluate("el => el.children.length") == 0
        assert answers(page).last.evaluate(STRANGE) == [], payload
    page.reload()
    expect(answers(page)).to_have_count(len(PAYLOADS))
    for n, payload in enumerate(PAYLOADS):
        assert answers(page).nth(n).evaluate(STRANGE) == [], payload
    for kind in ("title", "rename"):  # and as a conversation's name
        if kind == "rename":
            page.locator("#list .icon").first.click()
            page.get_by_label("Name of the conversation").fill(PAYLOADS[1])
            page.keyboard.press("Enter")
        expect(titles(page)).to_have_text([PAYLOADS[kind == "rename"]])
        assert titles(page).evaluate("el => el.children.length") == 0


def markdown(page, code, argument):
    """Run `code` with the page's own Markdown module as `md`."""
    return page.evaluate(
        "async (argument) => { const md = await import('/static/markdown.js');"
        f"const strange = {STRANGE}; return ({code})(argument) }}",
        argument,
    )


@pytest.fixture(scope="module")
def blank(browser):
    """A page that only lends its DOM."""
    server = PageServer()
    server.start()
    page = browser.new_page()
    page.goto(server.url)
    yield page
    page.close()
    server.stop()


PIECES = st.sampled_from(
    [
        *(
            "*",
            "**",
            "_",
            "~~",
            "`",
            "```",
            "\n",
            "\n\n",
            " ",
            "  ",
            "    ",
            "# ",
            "- ",
            "1. ",
            "> ",
        ),
        *("|", "|---|---|", "[", "](", ")", "![", "http://a.test/", "javascript:alert(1)", "\\"),
        *("<", "<img src=x onerror=alert(1)>", "<script>", "---", "word", "你好。", "&lt;", "\t"),
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=40).map("".join), st.text(max_size=80))
MANY = settings(max_examples=150, deadline=None)


@MANY
@given(text=TEXTS, whole=st.booleans())
def test_no_text_makes_elements_other_than_the_allowed(blank, text, whole):
    code = "([text, open]) => { const d = document.createElement('div');"
    code += "md.render(d, text, open, {copy() {}}); return strange(d) }"
    assert markdown(blank, code, [text, not whole]) == []


@MANY
@given(pieces=st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=40))
def test_a_streamed_answer_ends_as_one_that_came_at_once(blank, pieces):
    code = """(pieces) => {
      const [one, two] = [document.createElement('div'), document.createElement('div')];
      let text = '';
      for (const piece of pieces) md.render(one, (text += piece), true);
      md.render(one, text, false);
      md.render(two, text, false);
      return [one.innerHTML, two.innerHTML];
    }"""
    streamed, whole = markdown(blank, code, pieces)
    assert streamed == whole


@pytest.mark.parametrize(
    "unit", ["*", "_a ", "`", "[", "![", "> ", "- ", "|", "**a ", "~~", "[a](", "`` ` ", "\\", "("]
)
def test_long_and_nasty_text_is_rendered_and_does_not_hang(blank, unit):
    code = "(unit) => { const d = document.createElement('div');"
    code += (
        "for (const open of [true, false]) md.render(d, unit.repeat(20000 / unit.length), open);"
    )
    code += "return strange(d) }"
    assert markdown(blank, code, unit) == []


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a *b* **c** ***d*** ~~e~~", "<p>a <em>b</em> <strong>c</strong> "
         "<strong><em>d</em></strong> <del>e</del></p>"),
        ("2 * 3 * 4 and snake_case_name", "<p>2 * 3 * 4 and snake_case_name</p>"),
        ("# One\n### Two", "<h3>One</h3><h4>Two</h4>"),
        ("Steps:\n1. a\n2. b\n   - c\n\nEnd", "<p>Steps:</p><ol><li>a</li><li>b<ul><li>c</li></ul>"
         "</li></ol><p>End</p>"),
        ("3. c", '<ol start="3"><li>c</li></ol>'),
        ("> a\n> > b", "<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>"),
        ("Look:\n| a | b |\n|---|:-:|\n| 1 | `x|y` |", "<p>Look:</p>"
         '<div class="table" tabindex="0"><table>'
         "<thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td>"
         "<td><code>x|y</code></td></tr></tbody></table></div>"),
        ("\\*not\\* `a*b*`", "<p>*not* <code>a*b*</code></p>"),
        ("a\n\n---\n\nb", "<p>a</p><hr><p>b</p>"),
        ("**[a](https://a.test/x_y_(z))**", '<p><strong><a href="https://a.test/x_y_(z)" '
         'title="https://a.test/x_y_(z)" rel="noopener noreferrer nofollow" target="_blank">a</a>'
         "</strong></p>"),
    ],
)  # fmt: skip
def test_markdown_as_models_write_it(blank, text, html):
    code = "(text) => { const d = document.createElement('div'); md.render(d, text);"
    assert markdown(blank, code + "return d.innerHTML }", text) == html


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a **b", "a b"),
        ("a **b*", "a b"),
        ("a *", "a "),
        ("a `co", "a co"),
        ("a [li](https://exa", "a li"),
        ("a\n``", "a"),
        ("a\n#", "a"),
        ("```py\nx = 1\n``", "x = 1"),
    ],
)
def test_what_is_unfinished_is_shown_without_its_marks(blank, text, shown):
    code = "(text) => { const d = document.createElement('div'); md.render(d, text, true);"
    code += "return (d.querySelector('pre') ?? d).textContent }"
    assert markdown(blank, code, text).strip() == shown.strip()


def test_finished_blocks_keep_their_nodes_while_the_rest_comes(blank):
    code = """() => {
      const d = document.createElement('div');
      md.render(d, 'One.\\n\\n```py\\na', true);
      const [p, block] = d.children;
      md.render(d, 'One.\\n\\n```py\\na\\nb\\n```\\n\\nTwo', true);
      const code = block.querySelector('code').textContent;
      return [d.children[0] === p, d.children[1] === block, code];
    }"""
    assert markdown(blank, code, None) == [True, True, "a\nb"]


def test_code_is_copied(opened, server):
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    answered(page, server, "Code?", "```sh\nls -l\n```")
    page.get_by_role("button", name="Copy code").click()
    expect(page.locator("#toast-text")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "ls -l"


# --- the device ---------------------------------------------------------------------------------


def test_the_devices_turn_is_shown_while_it_happens_with_its_waterfall(opened, server):
    server.turns = [TURN]
    page = opened()
    server.tell("state", phase="listening", turn=4)
    server.tell("partial", turn=4, text="what time")
    expect(page.locator("#phase")).to_have_text("listening")
    expect(page.locator("#strip")).to_have_text("what time")
    page.locator("#device").click()
    expect(questions(page)).to_have_text("what time")
    server.tell("heard", turn=4, text="what time is it")
    server.tell("state", phase="thinking", turn=4)
    server.tell("text", turn=4, piece="It is ")
    server.tell("text", turn=4, piece="<b>noon</b>.")
    expect(questions(page)).to_have_text("what time is it")
    expect(answers(page)).to_have_text("It is <b>noon</b>.")
    server.tell("state", phase="speaking", turn=4)
    expect(page.locator("#phase")).to_have_text("speaking")
    server.tell("reply_ended", turn=4, text="It is <b>noon</b>.")
    server.tell("state", phase="asleep", turn=5)
    summary = page.locator(".waterfall summary")
    expect(summary).to_have_text("Answered 0.61 s after the end of speech")
    summary.click()
    rows = page.locator(".waterfall tbody tr")
    expect(rows).to_have_count(8)
    expect(rows.nth(2)).to_contain_text("first token120 ms180 ms")
    widths = rows.locator(".track span").evaluate_all("all => all.map(e => e.style.width)")
    assert all(re.fullmatch(r"[\d.]+%", width) for width in widths)
    bar, track = rows.nth(2).locator(".track span"), rows.nth(2).locator(".track")
    share = bar.bounding_box()["width"] / track.bounding_box()["width"]
    assert share == pytest.approx(0.18 / 0.81, abs=0.02)
    assert stored(page) == []


def test_a_device_that_starts_again_counts_its_turns_anew(opened, server):
    page = opened(path="#spoken")
    server.tell("heard", turn=1, text="before")
    server.tell("reply_ended", turn=1, text="one")
    expect(questions(page)).to_have_text(["before"])
    server.daemon_is_up = False
    expect(page.locator("#banner")).to_be_visible()
    server.daemon_is_up = True
    page.locator("#banner-now").click()
    expect(page.locator("#banner")).to_be_hidden()
    server.tell("heard", turn=1, text="after")
    expect(questions(page)).to_have_text(["before", "after"])


# --- language, colours, keys, sizes -------------------------------------------------------------


def test_the_page_speaks_the_browsers_language_and_can_be_switched(opened, server):
    page = opened(locale="zh-CN")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_role("button", name="新对话")).to_be_visible()
    expect(page.locator("#prompt")).to_have_attribute("placeholder", "请输入问题")
    page.locator("#language").select_option("en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("button", name="New conversation")).to_be_visible()
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_every_text_is_there_in_every_language(blank):
    code = "async () => (await import('/static/words.js')).missing()"
    assert blank.evaluate(code) == []
    used = set()
    for file in STATIC.glob("*.*"):
        text = file.read_text()
        used |= set(re.findall(r'\bt\("([^"]+)"', text))
        used |= set(re.findall(r'data-(?:t|label|hint)="([^"]+)"', text))
    words = (STATIC / "words.js").read_text()
    assert len(used) > 40
    assert [key for key in sorted(used) if not re.search(rf'^    "?{key}"?: ', words, re.M)] == []


def ground(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_the_colours_follow_the_system_and_the_switch(opened, server):
    page = opened(color_scheme="light")
    light = ground(page)
    page.emulate_media(color_scheme="dark")
    dark = ground(page)
    assert light != dark
    page.locator("#theme").select_option("light")
    assert ground(page) == light
    page.emulate_media(color_scheme="light")
    page.locator("#theme").select_option("dark")
    assert ground(page) == dark
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert ground(page) == dark


def test_the_two_sets_of_dark_colours_are_the_same():
    css = (STATIC / "style.css").read_text()
    by_switch, by_system = re.findall(r'(?:="dark"\]|light"\]\)) \{([^}]+)\}', css)
    assert by_switch.split() == by_system.split()


def test_everything_can_be_done_by_keys(opened, server):
    page = opened()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    expect(page.locator("#prompt")).to_be_focused()
    page.keyboard.type("By keys")
    page.keyboard.press("Enter")
    server.say("Yes", END)
    expect(page.locator(".message.assistant .acts button")).to_have_count(2)
    reached = set()
    page.locator(".skip").focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "(() => { const e = document.activeElement;"
                "return e.id || e.getAttribute('aria-label') || e.textContent })()"
            )
        )
        style = page.evaluate(
            "(() => { const s = getComputedStyle(document.activeElement);"
            "return document.activeElement === document.body ? 'body' : s.outlineStyle })()"
        )
        assert style in ("solid", "body")
    assert reached >= {
        *("device", "new", "Spoken to the device", "By keys", "Rename “By keys”"),
        *("Delete “By keys”", "export-md", "language", "theme", "log", "Edit", "Copy"),
        *("Try again", "prompt", "send"),
    }


@pytest.mark.parametrize(("width", "height"), [(360, 740), (800, 480)])
def test_small_screens_have_a_drawer_big_targets_and_no_sideways_scrolling(
    opened, server, width, height
):
    page = opened(viewport={"width": width, "height": height}, has_touch=True)
    answered(page, server, "x" * 300, "y" * 300 + "\n\n```\n" + "z" * 300 + "\n```")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("#log").evaluate("e => e.scrollWidth === e.clientWidth")
    expect(page.locator("#side")).to_be_hidden()
    page.locator("#menu").tap()
    expect(titles(page)).to_be_visible()
    small = page.evaluate(
        "[...document.querySelectorAll('button, a, select, textarea, summary')]"
        ".filter(e => e.checkVisibility({visibilityProperty: true}) && !e.matches('.skip'))"
        ".map(e => [e.id || e.textContent || e.ariaLabel, e.getBoundingClientRect()])"
        ".filter(([, r]) => r.width < 44 || r.height < 44).map(([name]) => name)"
    )
    assert small == []
    page.keyboard.press("Escape")
    expect(page.locator("#side")).to_be_hidden()
    expect(page.locator("#menu")).to_be_focused()


def test_reading_further_up_is_not_disturbed_by_what_comes(opened, server):
    page = opened()
    ask(page, "Long")
    server.say("line\n\n" * 60)
    expect(page.locator("#latest")).to_be_hidden()
    expect(answers(page).locator("p")).to_have_count(60)
    assert page.locator("#log").evaluate("e => e.scrollTop") > 0
    page.locator("#log").evaluate("e => { e.scrollTop = 0 }")
    expect(page.locator("#latest")).to_be_visible()
    server.say("line\n\n" * 20, END)
    expect(page.locator("#send")).to_be_visible()
    assert page.locator("#log").evaluate("e => e.scrollTop") == 0
    page.locator("#latest").click()
    expect(page.locator("#latest")).to_be_hidden()


def test_a_hidden_page_lets_go_of_its_connection(opened, server):
    page = opened()
    hide = "(h) => { Object.defineProperty(document, 'hidden', {value: h, configurable: true});"
    hide += "document.dispatchEvent(new Event('visibilitychange')) }"
    assert len(server._watchers) == 1
    page.evaluate(hide, True)
    for _ in range(50):
        page.wait_for_timeout(50)
        if not server._watchers:
            break
    assert not server._watchers
    expect(page.locator("#banner")).to_be_hidden()
    page.evaluate(hide, False)
    for _ in range(50):
        page.wait_for_timeout(50)
        if server._watchers:
            break
    assert len(server._watchers) == 1


@pytest.mark.parametrize("token", ["abc-DEF_123", "a+b/c.d~e=="])
def test_the_token_in_the_address_becomes_a_cookie_and_is_out_of_sight(opened, server, token):
    page = opened(path=f"#token={token}")
    expect(page.locator("#prompt")).to_be_visible()
    (cookie,) = page.context.cookies()
    assert (cookie["name"], cookie["value"]) == ("assistant_token", token)
    assert (cookie["sameSite"], cookie["path"]) == ("Strict", "/")
    assert page.url == server.url


@pytest.mark.parametrize("hash_", ["#token=", "#token=a;b", "#other=abc", "#token=<script>"])
def test_nothing_else_in_the_address_becomes_a_cookie(opened, server, hash_):
    page = opened(path=hash_)
    expect(page.locator("#prompt")).to_be_visible()
    assert page.context.cookies() == []


# --- what leaves the device ----------------------------------------------------------------------

OUT = ("out", {"to": "brain.local", "model": "large"})
BACK = ("back", {})


def test_an_answer_from_elsewhere_is_marked_kept_and_exported(opened, server):
    page = opened()
    badge = page.locator(".message.assistant .badge")
    ask(page, "Why?")
    expect(page.locator(".message.assistant .note")).to_have_text("Thinking…")
    expect(badge).to_be_hidden()
    server.say(OUT)
    expect(badge).to_have_text("Asking large at brain.local…")
    expect(page.locator("#live")).to_contain_text("Asking large at brain.local")
    server.say("Because.", END)
    expect(badge).to_have_text("Answered by large at brain.local")
    expect(page.locator("#live p").last).to_have_text("Answered by large at brain.local")
    assert (
        badge.evaluate(
            "el => el.compareDocumentPosition(el.parentElement"
            ".querySelector('.body')) & Node.DOCUMENT_POSITION_FOLLOWING"
        )
        == 4
    )
    answered(page, server, "And here?", "Here.")
    expect(badge.last).to_be_hidden()
    page.reload()
    expect(badge.first).to_have_text("Answered by large at brain.local")
    page.locator("#language").select_option("zh")
    expect(badge.first).to_have_text("由 brain.local 上的 large 回答")
    page.locator("#language").select_option("en")
    with page.expect_download() as download:
        page.get_by_role("button", name="Markdown").click()
    assert (
        "## Assistant\n\n*Answered by large at brain.local*\n\nBecause.\n"
        in Path(download.value.path()).read_text()
    )
    with page.expect_download() as download:
        page.get_by_role("button", name="JSON").click()
    messages = json.loads(Path(download.value.path()).read_text())["messages"]
    assert messages[1]["remote"] == {"to": "brain.local", "model": "large"}
    assert "remote" not in messages[3]


def test_an_answer_that_did_not_come_from_elsewhere_says_so(opened, server):
    page = opened()
    answered(page, server, "Why?", OUT, BACK, "Because.")
    badge = page.locator(".message.assistant .badge")
    expect(badge).to_have_text("No answer from brain.local; answered here")
    expect(answers(page)).to_have_text("Because.")
    page.reload()
    expect(badge).to_have_text("No answer from brain.local; answered here")
    ask(page, "And?")
    server.say(OUT, {"error": "It broke."})
    expect(badge.last).to_have_text("Sent to large at brain.local")
    expect(page.locator(".failed .note")).to_have_text("It broke.")


def test_names_from_elsewhere_stay_text(opened, server):
    page = opened()
    answered(page, server, "Why?", ("out", {"to": PAYLOADS[1], "model": "{to}"}), "Because.")
    badge = page.locator(".message.assistant .badge span")
    expect(badge).to_have_text(f"Answered by {{to}} at {PAYLOADS[1]}")
    assert badge.evaluate("el => el.children.length") == 0


def test_questions_stay_on_the_device_where_the_user_says_so(opened, server):
    page = opened()
    expect(page.locator("#voice option")).to_have_count(3)  # the settings are there
    expect(page.locator("#local")).to_be_hidden()  # nothing would leave it anyway
    server.settings["remote"] = True
    page.reload()
    stay = page.get_by_role("checkbox", name="Stay on this device")
    expect(stay).not_to_be_checked()
    answered(page, server, "One?", "1")
    stay.check()
    answered(page, server, "Two?", "2")
    page.reload()
    expect(stay).to_be_checked()
    answered(page, server, "Three?", "3")
    stay.uncheck()
    answered(page, server, "Four?", "4")
    assert [asked.get("local") for asked in server.asked] == [None, True, True, None]


def test_a_spoken_question_that_is_outside_is_shown(opened, server):
    page = opened()
    server.tell("state", phase="thinking", turn=4, out=False)
    expect(page.locator("#phase")).to_have_text("thinking")
    server.tell("heard", turn=4, text="why")
    server.tell("sent_out", turn=4, take=1)
    server.tell("state", phase="thinking", turn=4, out=True)
    expect(page.locator("#phase")).to_have_text("thinking · asked elsewhere")
    page.locator("#device").click()
    server.tell("text", turn=4, piece="Because.")
    badge = page.locator(".message.assistant .badge")
    expect(badge).to_have_text("This question left the device")
    server.tell("state", phase="asleep", turn=5, out=False)
    expect(page.locator("#phase")).to_have_text("asleep")
    server.tell("heard", turn=5, text="what")
    server.tell("reply_ended", turn=5, text="That.")
    expect(answers(page)).to_have_text(["Because.", "That."])
    expect(badge.last).to_be_hidden()


# --- what may be changed on the device -----------------------------------------------------------


def settings_of(page):
    """Open the panel."""
    page.locator("summary", has_text="Device settings").click()
    expect(page.get_by_role("slider", name="Volume")).to_be_enabled()


def until_pressed(page, server, count):
    for _ in range(100):
        if len(server.pressed) >= count:
            return
        page.wait_for_timeout(50)
    raise AssertionError(server.pressed)


def test_volume_microphone_voice_and_language_are_shown_and_changed(opened, server):
    page = opened()
    settings_of(page)
    volume = page.get_by_role("slider", name="Volume")
    expect(volume).to_have_value("80")
    expect(page.locator("#volume-now")).to_have_text("80 %")
    volume.press("ArrowLeft")
    expect(volume).to_have_value("75")
    until_pressed(page, server, 1)
    speed = page.get_by_role("slider", name="Speed")
    expect(speed).to_have_value("100")
    speed.press("ArrowRight")
    until_pressed(page, server, 2)
    page.get_by_role("switch", name="Microphone off").click()
    expect(page.locator("#phase")).to_have_text("asleep · microphone off")
    page.get_by_role("combobox", name="Voice", exact=True).select_option("piper-en-joe")
    page.get_by_role("combobox", name="Spoken language").select_option("中文")
    persona = page.get_by_role("combobox", name="Persona")
    expect(persona.get_by_role("option")).to_have_text(["As configured", "child", "factory"])
    persona.select_option("child")
    until_pressed(page, server, 6)
    assert server.pressed == [
        ("/settings", {"volume": 0.75}),
        ("/settings", {"rate": 1.05}),
        ("/settings", {"muted": True}),
        ("/settings", {"voice": "piper-en-joe"}),
        ("/settings", {"language": "zh"}),
        ("/settings", {"persona": "child"}),
    ]
    page.reload()
    settings_of(page)
    expect(volume).to_have_value("75")
    expect(volume).to_have_attribute("aria-valuetext", "75 %")
    expect(page.get_by_role("combobox", name="Voice", exact=True)).to_have_value("piper-en-joe")
    expect(page.get_by_role("combobox", name="Spoken language")).to_have_value("zh")
    expect(persona).to_have_value("child")
    expect(page.get_by_role("switch", name="Microphone off")).to_be_checked()


def test_what_the_device_refuses_is_said_and_not_shown_as_done(opened, server):
    page = opened()
    settings_of(page)
    server.device_refusals = [(503, "the assistant is busy with a turn."), (400, "no.")]
    voice = page.get_by_role("combobox", name="Voice", exact=True)
    voice.select_option("en-us")
    note = page.locator("#device-note")
    expect(note).to_have_text("the assistant is busy with a turn.")
    expect(note).to_have_attribute("role", "status")
    expect(voice).to_have_value("")
    switch = page.get_by_role("switch", name="Microphone off")
    switch.click()
    expect(note).to_have_text("no.")
    expect(switch).not_to_be_checked()
    switch.click()
    expect(note).to_have_text("")
    expect(switch).to_be_checked()


def test_what_is_changed_elsewhere_is_shown_here(opened, server):
    page = opened()
    settings_of(page)
    chosen = {"volume": 0.3, "voice": "en-us", "muted": True, "remote": True}
    server.tell("settings", **{**server.settings, **chosen})
    expect(page.get_by_role("slider", name="Volume")).to_have_value("30")
    expect(page.get_by_role("combobox", name="Voice", exact=True)).to_have_value("en-us")
    expect(page.locator("#phase")).to_have_text("asleep · microphone off")
    expect(page.locator("#local")).to_be_visible()


def test_a_device_that_starts_again_says_so_and_counts_its_turns_anew(opened, server):
    page = opened(path="#spoken")
    server.tell("heard", turn=1, text="before")
    server.tell("reply_ended", turn=1, text="one")
    expect(questions(page)).to_have_text(["before"])
    server.tell("restarting", message="a moment.")
    expect(page.locator("#phase")).to_have_text("starting again")
    expect(page.locator("#wake")).to_be_hidden()
    server.tell("state", phase="asleep", turn=0, out=False)
    expect(page.locator("#phase")).to_have_text("asleep")
    server.tell("heard", turn=1, text="after")
    expect(questions(page)).to_have_text(["before", "after"])


def test_without_settings_nothing_can_be_changed(opened, server):
    server.settings = {}
    page = opened()
    page.locator("summary", has_text="Device settings").click()
    expect(page.locator("#device-note")).to_have_text("The device does not tell its settings now.")
    expect(page.get_by_role("slider", name="Volume")).to_be_disabled()


def test_the_device_is_woken_and_stopped_by_buttons_and_keys(opened, server):
    page = opened()
    wake = page.get_by_role("button", name="Wake the device")
    halt = page.get_by_role("button", name="Stop the device")
    expect(halt).to_be_hidden()
    wake.focus()
    page.keyboard.press("Enter")
    until_pressed(page, server, 1)
    server.tell("state", phase="listening", turn=1)
    expect(halt).to_be_focused()
    expect(wake).to_be_hidden()
    page.keyboard.press("Enter")
    until_pressed(page, server, 2)
    server.tell("state", phase="asleep", turn=1)
    expect(wake).to_be_focused()
    assert server.pressed == [("/wake", {}), ("/stop", {})]
    server.device_refusals = [(503, "the assistant is still loading.")]
    wake.click()
    expect(page.locator("#toast-text")).to_have_text("the assistant is still loading.")


# --- for everybody ------------------------------------------------------------------------------

RICH = """# A heading

Some *words*, `code` and [a link](https://example.org/).

1. one
2. two

> said by others

```python
print("a line of code that is longer than the screen of any telephone that there is, by far")
```

| number | name |
|---|---|
| 1 | one |
"""


def states(page, server, narrow):
    """Bring the page into each of its states; yield their names. `narrow`: it has a drawer."""
    yield "empty"
    ask(page, "Why?")
    server.say(OUT)
    expect(page.locator(".message.assistant .badge")).to_be_visible()
    yield "asking"
    server.say(RICH, END)
    expect(page.locator("#send")).to_be_visible()
    yield "answered"
    ask(page, "And?")
    server.say({"error": "It broke."})
    expect(page.locator(".failed .note")).to_be_visible()
    yield "failed"
    page.locator(".message.user .acts button").first.click()
    expect(page.locator(".editing textarea")).to_be_focused()
    yield "editing"
    page.keyboard.press("Escape")
    if narrow:
        page.locator("#menu").click()
    expect(titles(page)).to_be_visible()
    yield "history"
    page.locator("#list .icon").first.click()
    expect(page.locator("#list input")).to_be_focused()
    yield "renaming"
    page.keyboard.press("Escape")
    page.locator(".tools summary").click()
    expect(page.locator("#volume")).to_be_enabled()
    yield "settings"
    if narrow:
        page.keyboard.press("Escape")
    server.tell("state", phase="listening", turn=4)
    server.tell("partial", turn=4, text="what time")
    expect(page.locator("#strip")).to_be_visible()
    yield "heard"
    page.locator("#device").click()
    server.tell("heard", turn=4, text="what time is it")
    server.tell("state", phase="thinking", turn=4)
    server.tell("reply_ended", turn=4, text="It is noon.")
    server.tell("state", phase="asleep", turn=5)
    page.locator(".waterfall summary").click()
    yield "spoken"
    server.daemon_is_up = False
    expect(page.locator("#banner")).to_be_visible()
    yield "away"
    server.daemon_is_up = True
    page.locator("#banner-now").click()
    expect(page.locator("#toast")).to_be_visible()
    yield "back"


@pytest.mark.parametrize(
    ("screen", "colours", "locale"),
    [
        ("desktop", "dark", "zh-CN"),
        ("phone", "light", "zh-CN"),
        ("phone", "dark", "en-GB"),
        ("kiosk", "light", "en-GB"),
    ],
)
def test_it_is_accessible_in_every_state(opened, server, screen, colours, locale):
    server.settings["remote"] = True
    server.turns = [TURN]
    width, height = SCREENS[screen]
    page = opened(
        color_scheme=colours,
        locale=locale,
        viewport={"width": width, "height": height},
        has_touch=screen != "desktop",
        reduced_motion="reduce",
    )
    found = {state: violations(page) for state in states(page, server, screen != "desktop")}
    assert not any(found.values()), found


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_what_can_be_set_has_room_on_a_small_screen(opened, server, locale):
    server.settings["remote"] = True
    page = opened(locale=locale, viewport={"width": 360, "height": 740}, has_touch=True)
    page.locator("#menu").tap()
    page.locator(".tools summary").tap()
    expect(page.locator("#volume")).to_be_enabled()
    for control in page.locator("#device-form :is(input, select), #wake").all():
        box = control.bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 360
        row = control.evaluate("e => (e.closest('.row') ?? e).getBoundingClientRect().height")
        assert row >= 44
    assert page.locator(".stay").bounding_box()["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth") == 360
