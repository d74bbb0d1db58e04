"""The face in a real Chromium: the real web server before a fake daemon (see fake_daemon.py)."""

import contextlib
import gzip
import itertools
import time

import pytest
from accessible import SCREENS, violations
from fake_daemon import LIVE, FakeDaemon
from playwright.sync_api import expect
from serving import settings, site, until

from assistant.config import Audio, Config, Wake, Web
from assistant.serve.web import static
from assistant.serve.web.face import phrases

pytestmark = pytest.mark.e2e

ASLEEP = {"ok": True, "event": "state", "phase": "asleep", "turn": 0, "out": False}
STEP = 0.02
OPEN, CLOSED = 5, 0  # shapes
PAYLOADS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "&lt;img src=x onerror=alert(1)&gt; ${alert(1)} {{alert(1)}}",
    "\u202e</p><style>*{display:none}</style>",
    "今天<b onclick=alert(1)>天气</b>很好。",
]

COUNT_FRAMES = """(() => {
  const real = window.requestAnimationFrame.bind(window);
  window.framesAsked = 0;
  window.requestAnimationFrame = (act) => { window.framesAsked++; return real(act); };
  window.quietFrame = real;
})()"""

# How much of a canvas's height is drawn on.
DRAWN = """(id) => {
  const canvas = document.getElementById(id);
  const { width, height } = canvas;
  const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
  let [top, bottom] = [height, -1];
  for (let n = 3; n < data.length; n += 4) {
    if (data[n] < 60) continue;
    const y = Math.floor((n >> 2) / width);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  return bottom < top ? 0 : (bottom - top + 1) / height;
}"""

# The heights of the mouth in the frames of some ms.
WATCH = f"""(ms) => new Promise((done) => {{
  const drawn = {DRAWN};
  const found = [];
  const end = performance.now() + ms;
  const look = () => {{
    found.push(drawn("mouth"));
    if (performance.now() < end) window.quietFrame(look);
    else done(found);
  }};
  look();
}})"""


@pytest.fixture
def daemon(tmp_path):
    with FakeDaemon(tmp_path / "s") as fake:
        fake.watched = [ASLEEP, LIVE]
        yield fake


@pytest.fixture
def web(daemon):
    with site(settings(daemon.path)) as running:
        yield running


@pytest.fixture
def opened(browser, web):
    """Return a function that opens the face in a browser of its own."""
    wrong, contexts = [], []

    def console(message):
        # That a server is away is logged by the browser itself, and these tests read canvases.
        own = ("Failed to load resource", "willReadFrequently")
        if message.type in ("error", "warning") and not any(x in message.text for x in own):
            wrong.append(f"{message.type}: {message.text}")

    def open_face(script=None, clock=None, port=None, phase="asleep", **options):
        options = {"locale": "en-GB", "timezone_id": "UTC", **options}
        context = browser.new_context(**options)
        contexts.append(context)
        context.add_init_script(COUNT_FRAMES)
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", console)
        page.on("pageerror", lambda error: wrong.append(f"threw {error}"))
        page.on("dialog", lambda dialog: (wrong.append(dialog.message), dialog.dismiss()))
        if clock:
            page.clock.install(time=clock)
        page.goto(f"http://127.0.0.1:{port or web.port}/face")
        in_phase(page, phase)
        return page

    yield open_face
    for context in contexts:
        context.close()
    assert wrong == []


def in_phase(page, phase, **options):
    expect(page.locator("body")).to_have_attribute("data-phase", phase, **options)


def enter(daemon, page, phase, turn=1, out=False):
    daemon.tell("state", phase=phase, turn=turn, out=out)
    in_phase(page, phase)


def rested(page, part="mouth"):
    """Wait until a part of the face is still; return how much of its canvas is drawn on."""
    seen = [-1.0, page.evaluate(DRAWN, part)]
    until(lambda: seen[-1] == seen[-2] or seen.append(page.evaluate(DRAWN, part)))
    page.wait_for_timeout(150)
    again = page.evaluate(DRAWN, part)
    return again if again == seen[-1] else rested(page, part)


def levels(daemon, values, start=0.0, source="mouth", **shapes):
    """Tell levels of which the first is audible `start` s from now."""
    now = time.monotonic()
    told = {"source": source, "turn": 1, "at": now + start, "now": now, "step": STEP}
    daemon.tell("level", **told, levels=values, **shapes)


def speak(daemon, seconds, start=0.0, **shape):
    """Tell loud speech that opens and closes the mouth five times a second."""
    steps = round(seconds / STEP)
    values = [0.9 if n % 10 < 5 else 0.0 for n in range(steps)]
    more = {key: [value] * steps for key, value in shape.items()}
    levels(daemon, values, start, **more)


def tap(page):
    page.wait_for_timeout(450)  # twice in shorter time counts once
    size = page.viewport_size
    page.touchscreen.tap(size["width"] / 2, size["height"] / 3)


# --- what it shows ------------------------------------------------------------------------------


def test_each_state_has_its_face_and_its_words(opened, daemon):
    page = opened()
    assert daemon.asked("watch") == [{"command": "watch", "levels": True}]
    button = page.locator("#touch")
    expect(button).to_have_accessible_name("Speak to it")
    expect(page.locator("#clock")).to_be_visible()
    asleep = rested(page, "left")
    heights = {}
    for phase in ("listening", "thinking", "speaking"):
        enter(daemon, page, phase)
        expect(button).to_have_accessible_name("Stop it")
        expect(page.locator("#clock")).to_be_hidden()
        page.wait_for_timeout(400)
        heights[phase] = page.evaluate(DRAWN, "left")
    assert asleep < 0.4
    assert min(heights.values()) > 0.5
    assert heights["listening"] > heights["thinking"]
    expect(page.locator("#live p")).to_have_text(["asleep", "listening", "thinking"])
    enter(daemon, page, "asleep", turn=2)
    expect(page.locator("#clock")).to_be_visible()
    assert rested(page, "left") == asleep


def tone(page):
    return page.evaluate("getComputedStyle(document.body).getPropertyValue('--tone')")


def test_a_question_that_left_the_device_is_marked(opened, daemon):
    page = opened()
    enter(daemon, page, "thinking")
    inside = tone(page)
    expect(page.locator("#note")).to_be_empty()
    enter(daemon, page, "thinking", out=True)
    expect(page.locator("#note")).to_have_text("Asked outside this device")
    assert tone(page) != inside
    enter(daemon, page, "speaking", out=True)
    expect(page.locator("#note")).to_be_visible()
    enter(daemon, page, "speaking", out=False)
    expect(page.locator("#note")).to_be_empty()


@pytest.mark.parametrize("shape", [{"visemes": OPEN}, {"widths": 0.4}])
def test_the_mouth_moves_while_levels_come_and_rests_when_not(opened, daemon, shape):
    page = opened()
    enter(daemon, page, "speaking")
    rest = rested(page)
    speak(daemon, 1.2, **shape)
    seen = page.evaluate(WATCH, 1000)
    assert max(seen) > rest + 0.2
    falls = sum(one > two for one, two in itertools.pairwise(seen))
    rises = sum(one < two for one, two in itertools.pairwise(seen))
    assert min(falls, rises) >= 3
    assert rested(page) == rest


def test_shapes_decide_how_far_it_opens(opened, daemon):
    page = opened()
    enter(daemon, page, "speaking")
    rest = rested(page)
    levels(daemon, [0.9] * 50, visemes=[CLOSED] * 50)
    assert max(page.evaluate(WATCH, 300)) <= rest + 0.03
    enter(daemon, page, "listening")
    enter(daemon, page, "speaking")
    levels(daemon, [0.9] * 50, visemes=[OPEN] * 50)
    assert max(page.evaluate(WATCH, 300)) > rest + 0.2


def test_what_sounds_later_or_is_over_moves_nothing(opened, daemon):
    page = opened()
    enter(daemon, page, "speaking")
    rest = rested(page)
    speak(daemon, 1.0, start=3600)
    speak(daemon, 1.0, start=-5)
    daemon.tell("clause_started", turn=1, text="Said.")
    expect(page.locator("#caption")).to_have_text("Said.")
    assert set(page.evaluate(WATCH, 300)) == {rest}


@pytest.mark.parametrize("end", ["state", "speaking_ended"])
def test_a_stopped_mouth_closes(opened, daemon, end):
    page = opened()
    enter(daemon, page, "speaking")
    rest = rested(page)
    levels(daemon, [0.9] * 500, visemes=[OPEN] * 500)
    assert max(page.evaluate(WATCH, 400)) > rest + 0.2
    if end == "state":
        enter(daemon, page, "listening")
        enter(daemon, page, "speaking")
    else:
        daemon.tell("speaking_ended", turn=1, heard="")
    assert rested(page) == rest


def test_rubbish_in_levels_is_passed_over(opened, daemon):
    page = opened()
    enter(daemon, page, "speaking")
    rest = rested(page)
    now = time.monotonic()
    good = {"source": "mouth", "at": now, "now": now, "step": STEP, "levels": [0.5]}
    for change in (
        {"levels": None}, {"levels": ["x", None, {}]}, {"step": 0}, {"step": -1}, {"at": "x"},
        {"now": None}, {"visemes": [99]}, {"visemes": "x"}, {"widths": [None]}, {"source": 7},
    ):  # fmt: skip
        daemon.tell("level", **{**good, **change})
    for data in ({}, {"phase": "dancing"}, {"phase": None}):
        daemon.tell("state", **data)
    in_phase(page, "unknown")
    enter(daemon, page, "speaking")
    speak(daemon, 0.5, visemes=OPEN)
    assert max(page.evaluate(WATCH, 300)) > rest + 0.2
    assert rested(page) == rest


def test_the_halo_follows_what_is_heard(opened, daemon):
    page = opened()
    enter(daemon, page, "listening")

    def scaled():
        shown = page.evaluate("document.getElementById('halo').style.transform")
        return float(shown.removeprefix("scale(").removesuffix(")") or 1)

    levels(daemon, [0.1, 0.9, 0.4, 0, 0], source="ears")
    until(lambda: scaled() > 1.2)
    levels(daemon, [0] * 5, source="ears")
    until(lambda: scaled() == 1)
    levels(daemon, [0.9] * 5, source="ears")
    until(lambda: scaled() > 1.2)
    enter(daemon, page, "thinking")
    until(lambda: scaled() == 1)


# --- words --------------------------------------------------------------------------------------


def test_what_was_heard_and_what_is_said_are_shown_as_they_come(opened, daemon):
    page = opened()
    caption = page.locator("#caption")
    enter(daemon, page, "listening")
    daemon.tell("partial", turn=1, text="what is")
    expect(caption).to_have_text("what is")
    daemon.tell("partial", turn=1, text="what is the sky")
    expect(caption).to_have_text("what is the sky")
    daemon.tell("heard", turn=1, text="What is the sky?")
    expect(caption).to_have_text("What is the sky?")
    enter(daemon, page, "thinking")
    enter(daemon, page, "speaking")
    for clause in ("The sky is air, ", "今天天气很好。"):
        daemon.tell("clause_started", turn=1, text=clause)
        expect(caption).to_have_text(clause.strip())
    daemon.tell("speaking_ended", turn=1, heard="The sky is air, 今天天气很好。")
    enter(daemon, page, "listening", turn=2)
    expect(caption).to_have_text("今天天气很好。")
    enter(daemon, page, "asleep", turn=2)
    expect(caption).to_be_empty()
    spoken = [
        "What is the sky?",
        "thinking",
        "The sky is air,",
        "今天天气很好。",
        "listening",
        "asleep",
    ]
    expect(page.locator("#live p")).to_have_text(["asleep", "listening", *spoken])


def test_a_device_without_a_voice_shows_the_whole_answer(opened, daemon):
    page = opened()
    enter(daemon, page, "thinking")
    daemon.tell("think", turn=1, text="Typed?")
    expect(page.locator("#caption")).to_have_text("Typed?")
    daemon.tell("speaking_ended", turn=1, heard="All of it.")
    expect(page.locator("#caption")).to_have_text("All of it.")


def test_whatever_is_said_stays_text(opened, daemon):
    page = opened()
    caption = page.locator("#caption")
    enter(daemon, page, "listening")
    for payload in PAYLOADS:
        for event in ("partial", "heard", "clause_started"):
            daemon.tell(event, turn=1, text=f"{event} {payload}")
            expect(caption).to_have_text(f"{event} {payload}")
            assert caption.evaluate("e => e.children.length") == 0
    assert page.locator("#live p *").count() == 0


def test_the_owners_texts_stay_text_too_and_follow_each_other(opened, daemon, browser):
    config = settings(daemon.path, attract=[PAYLOADS[1], PAYLOADS[5]])
    with site(config) as own:
        page = opened(port=own.port, clock="2026-03-01T08:05:00Z")
        expect(page.locator("#attract")).to_have_text(PAYLOADS[1])
        page.clock.fast_forward(12_100)
        page.clock.fast_forward(1000)
        expect(page.locator("#attract")).to_have_text(PAYLOADS[5])
        page.clock.fast_forward(12_100)
        page.clock.fast_forward(1000)
        expect(page.locator("#attract")).to_have_text(PAYLOADS[1])
        assert page.locator("#attract *").count() == 0
        page.context.close()


def test_it_speaks_the_devices_language(opened, daemon):
    daemon.language = "zh"
    page = opened()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator("#attract")).to_have_text("说“okay nabu”，或轻触屏幕。")
    expect(page.locator("#touch")).to_have_accessible_name("对它说话")
    daemon.language = "en"
    daemon.tell("settings", language="en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#attract")).to_have_text("Say “okay nabu”, or touch the screen.")


LONG_EN = "This sentence is rather long and has many words that have to find a place. " * 12
LONG_ZH = "这是一个很长的句子，有许多字要找到自己的位置，" * 20
SIZES = [(800, 480), (1024, 600), (390, 844), (1920, 1080)]

# Elements with text that are not wholly on the screen, or too small.
MISPLACED = """() => {
  const wrong = [];
  const [width, height] = [innerWidth, innerHeight];
  const root = document.documentElement;
  if (root.scrollWidth > width || root.scrollHeight > height) wrong.push("scrolls");
  for (const el of document.querySelectorAll("#clock, #attract, #caption, #note, canvas")) {
    if (!el.checkVisibility() || (el.tagName === "P" && !el.textContent)) continue;
    const { left, top, right, bottom } = el.getBoundingClientRect();
    if (left < -1 || top < -1 || right > width + 1 || bottom > height + 1) wrong.push(el.id);
    if (el.scrollWidth > el.clientWidth + 1 || el.scrollHeight > el.clientHeight + 1) {
      if (el.tagName === "P" && el.id !== "clock") wrong.push(`${el.id} is cut`);
    }
    const size = Number.parseFloat(getComputedStyle(el).fontSize);
    if (el.tagName === "P" && size < 0.06 * Math.min(width, height)) wrong.push(`${el.id} ${size}`);
  }
  return wrong;
}"""


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_everything_has_its_place_at_every_size(opened, daemon, width, height):
    page = opened(viewport={"width": width, "height": height})
    expect(page.locator("#attract")).not_to_be_empty()
    assert page.evaluate(MISPLACED) == []
    enter(daemon, page, "listening", out=True)
    caption = page.locator("#caption")
    for text in (LONG_EN, LONG_ZH):
        daemon.tell("partial", turn=1, text=f"{text} the newest words")
        expect(caption).to_contain_text("the newest words")
        assert caption.inner_text().startswith("…")
        assert page.evaluate(MISPLACED) == []
        daemon.tell("clause_started", turn=1, text=f"The first words {text}")
        expect(caption).to_contain_text("The first words")
        assert caption.inner_text().endswith("…")
        assert page.evaluate(MISPLACED) == []
    daemon.tell("clause_started", turn=1, text="Short.")
    expect(caption).to_have_text("Short.")
    assert page.evaluate(MISPLACED) == []
    enter(daemon, page, "thinking", out=True)
    expect(page.locator("#note")).to_be_visible()
    assert page.evaluate(MISPLACED) == []


def test_a_clause_of_the_usual_length_is_shown_whole(opened, daemon):
    for width, height in SIZES:
        page = opened(viewport={"width": width, "height": height})
        enter(daemon, page, "speaking")
        for text in (LONG_EN[:200].strip(), LONG_ZH[:90]):
            daemon.tell("clause_started", turn=1, text=text)
            expect(page.locator("#caption")).to_have_text(text)
            assert page.evaluate(MISPLACED) == []
        daemon.tell("state", phase="asleep", turn=2, out=False)
        page.context.close()


# --- touch --------------------------------------------------------------------------------------


def test_a_touch_wakes_it_and_another_one_stops_it(opened, daemon):
    page = opened(viewport={"width": 800, "height": 480}, has_touch=True)
    tap(page)
    until(lambda: len(daemon.asked("wake")) == 1)
    assert not daemon.asked("stop")
    for number, phase in enumerate(("listening", "thinking", "speaking"), 1):
        enter(daemon, page, phase)
        tap(page)
        until(lambda number=number: len(daemon.asked("stop")) == number)
    enter(daemon, page, "asleep")
    tap(page)
    until(lambda: len(daemon.asked("wake")) == 2)
    assert len(daemon.asked("stop")) == 3


def test_two_touches_at_once_are_one(opened, daemon):
    page = opened(viewport={"width": 800, "height": 480}, has_touch=True)
    page.wait_for_timeout(450)
    page.evaluate("for (let n = 0; n < 5; n++) document.getElementById('touch').click()")
    until(lambda: daemon.asked("wake"))
    enter(daemon, page, "listening")
    assert len(daemon.asked("wake")) == 1
    assert not daemon.asked("stop")


def test_keys_do_what_a_touch_does(opened, daemon):
    page = opened()
    page.wait_for_timeout(450)
    page.keyboard.press("Tab")
    expect(page.locator("#touch")).to_be_focused()
    style = "getComputedStyle(document.getElementById('touch')).outlineStyle"
    assert page.evaluate(style) == "solid"
    page.keyboard.press("Enter")
    until(lambda: daemon.asked("wake"))
    enter(daemon, page, "speaking")
    page.wait_for_timeout(450)
    page.keyboard.press(" ")
    until(lambda: daemon.asked("stop"))


def test_a_touch_that_fails_is_told(opened, daemon):
    page = opened(has_touch=True)
    page.route("**/wake", lambda route: route.fulfill(status=503, body="{}"))
    tap(page)
    expect(page.locator("#attract")).to_have_text("The device answered with error 503.")
    page.unroute("**/wake")
    page.route("**/wake", lambda route: route.abort())
    tap(page)
    expect(page.locator("#attract")).to_have_text("The device could not be reached.")
    assert not daemon.asked("wake")
    hint = "Say “okay nabu”, or touch the screen."
    expect(page.locator("#attract")).to_have_text(hint, timeout=20_000)


# --- coming and going ---------------------------------------------------------------------------


def test_it_says_calmly_that_the_daemon_or_the_server_is_away_and_comes_back(
    opened, tmp_path, browser
):
    path = tmp_path / "other"
    with contextlib.ExitStack() as server:
        running = server.enter_context(site(settings(path)))
        port = running.port
        with FakeDaemon(path) as daemon:
            daemon.watched = [ASLEEP, LIVE]
            page = opened(port=port)
            enter(daemon, page, "speaking")
            speak(daemon, 60, visemes=OPEN)
        in_phase(page, "unknown")
        expect(page.locator("#attract")).to_have_text("The assistant is not running.")
        expect(page.locator("#clock")).to_be_visible()
        expect(page.locator("#touch")).to_have_accessible_name("Connect again")
        rested(page)
        with FakeDaemon(path) as daemon:
            daemon.watched = [ASLEEP, LIVE]
            page.wait_for_timeout(450)
            page.locator("#touch").click()
            in_phase(page, "asleep")
            expect(page.locator("#attract")).to_have_text("Say “okay nabu”, or touch the screen.")
            server.close()
            in_phase(page, "unknown")
            expect(page.locator("#attract")).to_have_text("No connection to the device.")
            with site(settings(path, port=port)):
                in_phase(page, "asleep", timeout=20_000)
                page.context.close()


# --- calm ---------------------------------------------------------------------------------------


def frames(page, ms=500):
    """How many frames the page asked for in some ms."""
    before = page.evaluate("window.framesAsked")
    page.wait_for_timeout(ms)
    return page.evaluate("window.framesAsked") - before


def test_a_sleeping_face_asks_for_no_frames(opened, daemon):
    page = opened()
    enter(daemon, page, "listening")
    enter(daemon, page, "asleep")
    rested(page)
    page.wait_for_timeout(1000)
    assert frames(page) == 0
    assert page.evaluate("document.getElementById('face').getAnimations().length") == 1


def test_reduced_motion_means_none(opened, daemon):
    page = opened(reduced_motion="reduce")
    rested(page)
    assert page.evaluate("document.getAnimations().length") == 0
    enter(daemon, page, "speaking")
    still = rested(page)
    page.wait_for_timeout(500)
    before = page.evaluate("window.framesAsked")
    speak(daemon, 1.0, visemes=OPEN)
    levels(daemon, [0.9] * 5, source="ears")
    daemon.tell("clause_started", turn=1, text="Said.")
    expect(page.locator("#caption")).to_have_text("Said.")
    assert set(page.evaluate(WATCH, 300)) == {still}
    assert page.evaluate("window.framesAsked") == before


def test_it_dims_after_a_minute_asleep_and_a_touch_ends_that(opened, daemon):
    page = opened(clock="2026-03-01T08:05:00Z", has_touch=True)
    expect(page.locator("#clock")).to_have_text("08:05")
    expect(page.locator("body")).to_have_attribute("data-phase", "asleep")
    page.clock.fast_forward(50_000)
    expect(page.locator("body")).not_to_have_class("night")
    page.clock.fast_forward(11_000)
    expect(page.locator("#clock")).to_have_text("08:06")
    expect(page.locator("body")).to_contain_class("night")
    assert page.evaluate("document.getElementById('face').getAnimations().length") == 0
    page.mouse.move(9, 9)
    page.mouse.move(20, 20)
    expect(page.locator("body")).not_to_contain_class("night")
    page.clock.fast_forward(61_000)
    expect(page.locator("body")).to_contain_class("night")
    enter(daemon, page, "listening")
    expect(page.locator("body")).not_to_contain_class("night")
    page.clock.fast_forward(120_000)
    expect(page.locator("body")).not_to_contain_class("night")


def test_the_pointer_hides_when_it_rests(opened, daemon):
    page = opened(clock="2026-03-01T08:05:00Z")
    cursor = "getComputedStyle(document.getElementById('touch')).cursor"
    assert page.evaluate(cursor) == "pointer"
    page.clock.fast_forward(3100)
    assert page.evaluate(cursor) == "none"
    page.mouse.move(5, 5)
    page.mouse.move(9, 9)
    assert page.evaluate(cursor) == "pointer"


def test_the_screen_is_kept_on_where_that_can_be_asked(opened, daemon):
    page = opened(
        script="window.kept = []; Object.defineProperty(navigator, 'wakeLock',"
        "{value: {request: async (what) => { window.kept.push(what) }}})"
    )
    assert page.evaluate("window.kept") == ["screen"]
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert page.evaluate("window.kept") == ["screen", "screen"]
    opened(script="Object.defineProperty(navigator, 'wakeLock', {value: undefined})")


# --- for everybody ------------------------------------------------------------------------------


def states(daemon, page):
    """Bring the face into each of its states; yield their names."""
    expect(page.locator("#attract")).not_to_be_empty()
    yield "asleep"
    page.clock.fast_forward(61_000)
    expect(page.locator("body")).to_contain_class("night")
    yield "night"
    for phase in ("listening", "thinking", "speaking"):
        enter(daemon, page, phase, out=True)
        daemon.tell("partial", turn=1, text=f"words {phase}")
        expect(page.locator("#caption")).to_have_text(f"words {phase}")
        yield phase
    daemon.tell("state", phase="unheard of", turn=1)
    in_phase(page, "unknown")
    yield "unknown"


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("screen", SCREENS)
def test_it_is_accessible_in_every_state(opened, daemon, screen, language):
    daemon.language = language
    width, height = SCREENS[screen]
    page = opened(
        clock="2026-03-01T08:05:00Z",
        reduced_motion="reduce",
        viewport={"width": width, "height": height},
    )
    found = {state: violations(page) for state in states(daemon, page)}
    assert not any(found.values()), found
    assert page.locator("#live").get_attribute("aria-live") == "polite"


# --- the server's part --------------------------------------------------------------------------


def test_the_page_is_small():
    names = ("face.html", "face.js", "face.css")
    sizes = [len(gzip.compress((static.FOLDER / name).read_bytes(), 9)) for name in names]
    assert sum(sizes) < 30_000


def test_the_face_learns_what_to_show(daemon, web):
    told = web.ask("GET", "/face.json").json
    assert told == {"language": "en", "attract": [], "phrases": ["okay nabu"]}
    daemon.calls = ["hello pip"]  # a persona was chosen since
    assert web.ask("GET", "/face.json").json["phrases"] == ["hello pip"]


def test_the_face_learns_it_without_a_daemon_too(tmp_path):
    config = settings(tmp_path / "s", attract=["One", "Two"])
    with site(config.model_copy(update={"language": "zh"})) as web:
        told = web.ask("GET", "/face.json").json
    assert told == {"language": "zh", "attract": ["One", "Two"], "phrases": ["okay nabu"]}


def test_without_a_daemon_the_language_is_the_one_that_was_told_or_chosen_last(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    path, kept = tmp_path / "s", tmp_path / "settings.json"
    with site(settings(path)) as web:
        for chosen, expected in (('{"language": "zh"}', "zh"), ('{"language": 7}', "en")):
            kept.write_text(chosen)
            assert web.ask("GET", "/face.json").json["language"] == expected
        kept.write_text('{"language": "zh"}')
        with FakeDaemon(path):
            assert web.ask("GET", "/face.json").json["language"] == "en"
        assert web.ask("GET", "/face.json").json["language"] == "en"


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (Config(wake=Wake(words=["hey_jarvis", "alexa"], phrases=["你好小白"])),
         ["hey jarvis", "alexa", "你好小白"]),
        (Config(wake=Wake(always=True)), []),
        (Config(audio=Audio(backend="none")), []),
        (Config(wake=Wake(words=[]), web=Web()), []),
    ],
)  # fmt: skip
def test_only_what_wakes_it_is_a_phrase(config, expected):
    assert phrases(config) == expected


def test_levels_are_asked_of_the_daemon_only_where_they_are_wanted(daemon, web):
    for query, expected in (("", {}), ("?levels=0", {}), ("?levels=1", {"levels": True})):
        daemon.seen.clear()
        with web.begun("GET", f"/state{query}") as answer:
            assert answer.status == 200
            answer.read1()
        assert daemon.asked("watch") == [{"command": "watch", **expected}]


@pytest.mark.parametrize("levels", ["", "2", "true", "01", "%31%31"])
def test_other_wishes_are_refused(daemon, web, levels):
    assert web.ask("GET", f"/state?levels={levels}").status == 400
    assert not daemon.asked("watch")
