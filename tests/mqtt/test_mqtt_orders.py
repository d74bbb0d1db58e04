"""What others may ask for, and which of it is heeded: no broker, no clock."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.errors import BadInput
from assistant.serve.mqtt.inbox import Inbox, Received, Refused, Repeated
from assistant.serve.mqtt.orders import FIELDS, LONGEST_PAYLOAD, LONGEST_TEXT, Order, named, read
from assistant.serve.mqtt.topics import CHANGE, Topics

TOPICS = Topics("assistant", "d1", ("shop",))
SAY = "assistant/d1/command/say"

# --- payloads -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "payload", "arguments"),
    [
        ("say", "Dinner is ready.", {"text": "Dinner is ready."}),
        ("say", "吃饭了", {"text": "吃饭了"}),
        ("ask", '{"text": "Why?"}', {"text": "Why?"}),
        ("say", '"quoted"', {"text": '"quoted"'}),
        ("wake", "", {}),
        ("stop", "PRESS", {}),
        ("wake", "{}", {}),
        ("volume", "0.5", {"volume": 0.5}),
        ("volume", " 1 ", {"volume": 1.0}),
        ("volume", '{"volume": 0}', {"volume": 0}),
        ("rate", "1.25", {"rate": 1.25}),
        ("mute", "ON", {"muted": True}),
        ("mute", "off", {"muted": False}),
        ("mute", '{"muted": true}', {"muted": True}),
        ("voice", "", {"voice": ""}),
        ("voice", "en-us", {"voice": "en-us"}),
        ("language", "zh", {"language": "zh"}),
        ("persona", " child\n", {"persona": "child"}),
        (CHANGE, '{"volume": 0.5, "language": "zh"}', {"volume": 0.5, "language": "zh"}),
    ],
)
def test_a_payload_is_read(name, payload, arguments):
    assert read(name, payload.encode()) == Order(name, arguments)


def test_an_id_is_kept_and_no_part_of_what_is_asked_for():
    assert read("say", b'{"text": "Hi", "id": "a-1"}') == Order("say", {"text": "Hi"}, "a-1")
    assert read("wake", b'{"id": "a-2"}') == Order("wake", {}, "a-2")
    assert read(CHANGE, b'{"muted": true, "id": "a-3"}') == Order(CHANGE, {"muted": True}, "a-3")


@pytest.mark.parametrize(
    ("name", "payload", "word"),
    [
        ("sing", b"la", "known: say, ask"),
        ("say", b"", "no text"),
        ("say", b"  \n", "no text"),
        ("say", b"\xff\xfe", "UTF-8"),
        ("say", b"x" * (LONGEST_TEXT + 1), f"{LONGEST_TEXT} is the most"),
        ("say", b"x" * (LONGEST_PAYLOAD + 1), f"{LONGEST_PAYLOAD} is the most"),
        ("say", b'{"text": "Hi"', "not valid JSON"),
        ("say", b'{"text": 7}', "no text"),
        ("say", b'{"text": "\\ud800"}', "half a character"),
        ("say", b'{"txt": "Hi"}', "'txt'; it takes `text` and `id`"),
        ("say", b'{"text": "Hi", "loud": 1}', "'loud'"),
        ("say", b'{"text": "Hi", "id": 7}', "`id`"),
        ("say", b'{"text": "Hi", "id": "' + b"x" * 65 + b'"}', "`id`"),
        ("wake", b'{"text": "Hi"}', "it takes `id` only"),
        ("volume", b"loud", "volume"),
        ("volume", b"1.1", "volume"),
        ("rate", b"2.1", "rate"),
        ("rate", b"quick", "rate"),
        ("volume", b"nan", "volume"),
        ("volume", b"-1", "volume"),
        ("volume", b'{"volume": NaN}', "volume"),
        ("mute", b"perhaps", "muted"),
        ("mute", b'{"muted": 1}', "muted"),
        ("language", b"ko", "language"),
        (CHANGE, b"{}", "nothing is to be changed"),
        (CHANGE, b"[]", "no JSON object"),
        (CHANGE, b"0.5", "no JSON object"),
        (CHANGE, b"[" * 5000, "not valid JSON"),
        (CHANGE, b'{"web": {"host": "0.0.0.0"}}', "'web'"),
        (CHANGE, b'{"volume": 2}', "volume"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(name, payload, word):
    with pytest.raises(BadInput) as refused:
        read(name, payload)
    assert word in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 400


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
payloads = (
    st.binary()
    | st.text().map(str.encode)
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(
        st.sampled_from(["text", "volume", "muted", "voice", "language", "id"]), json_values
    ).map(lambda value: json.dumps(value).encode())
)


@settings(deadline=None)
@given(st.sampled_from([*FIELDS, CHANGE]) | st.text(), payloads)
def test_any_payload_is_an_order_that_can_be_done_or_one_sentence(name, payload):
    try:
        order = read(name, payload)
    except BadInput:
        return
    assert name in [*FIELDS, CHANGE]
    json.dumps(order.arguments, ensure_ascii=False).encode()
    if "text" in order.arguments:
        assert order.arguments["text"].strip()
    named(payload)


@settings(deadline=None)
@given(st.binary())
def test_the_id_of_any_payload_is_a_text(payload):
    assert isinstance(named(payload), str)


def test_every_command_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "mqtt.md").read_text()
    table = page.partition("| command | payload |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", "".join(re.findall(r"\n\| (.*?) \|", table)))) == set(FIELDS)


# --- topics -------------------------------------------------------------------------------------


def test_a_device_heeds_its_own_topics_those_for_all_and_those_of_its_groups():
    assert TOPICS.subscriptions() == [
        "assistant/d1/command/+",
        "assistant/d1/config/set",
        "assistant/all/command/+",
        "assistant/all/config/set",
        "assistant/group/shop/command/+",
        "assistant/group/shop/config/set",
    ]
    assert TOPICS.order("assistant/group/shop/command/say") == "say"
    assert TOPICS.order("assistant/all/config/set") == CHANGE


@pytest.mark.parametrize(
    ("topic", "allowed"),
    [
        ("control/answers/7", True),
        ("assistant/d1/result/7", True),
        ("assistant/d2/command/say", False),
        ("assistant/all/command/say", False),
        ("assistant/d1/command/say", False),
        ("assistant/d1/state", False),
        ("a/+/b", False),
        ("#", False),
        ("$SYS/broker", False),
        ("", False),
        ("a\nb", False),
        ("a" * 300, False),
    ],
)
def test_nobody_is_answered_where_another_device_would_heed_it(topic, allowed):
    assert TOPICS.may_answer_on(topic) is allowed


# --- the inbox ----------------------------------------------------------------------------------


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def make(clock, rate=1000.0):
    return Inbox(TOPICS, rate, clock)


def test_what_the_broker_repeats_is_done_once(clock):
    inbox = make(clock)
    first = Received(SAY, b"Hi", mid=7)
    assert inbox.take(first) == Order("say", {"text": "Hi"})
    assert inbox.take(Received(SAY, b"Hi", mid=7, again=True)) is None
    assert inbox.take(Received(SAY, b"Hi", mid=8)) == Order("say", {"text": "Hi"})


def test_a_repeated_message_that_never_came_before_is_done(clock):
    inbox = make(clock)
    assert inbox.take(Received(SAY, b"Hi", mid=7, again=True)) == Order("say", {"text": "Hi"})
    assert inbox.take(Received(SAY, b"Ho", mid=7, again=True)) == Order("say", {"text": "Ho"})


def test_in_a_new_session_the_brokers_numbers_mean_other_messages(clock):
    inbox = make(clock)
    inbox.take(Received(SAY, b"Hi", mid=1))
    inbox.new_session()
    assert inbox.take(Received(SAY, b"Hi", mid=1, again=True)) == Order("say", {"text": "Hi"})


def test_an_id_is_done_once_whoever_repeats_it(clock):
    inbox = make(clock)
    payload = b'{"text": "Hi", "id": "a"}'
    assert isinstance(inbox.take(Received(SAY, payload, mid=1)), Order)
    assert inbox.take(Received(SAY, payload, mid=2)) == Repeated("a")
    assert inbox.take(Received("assistant/all/command/say", payload)) == Repeated("a")
    assert isinstance(inbox.take(Received("assistant/d1/command/ask", payload)), Order)


def test_a_command_that_the_broker_had_kept_is_ignored_but_not_settings(clock):
    inbox = make(clock)
    assert inbox.take(Received(SAY, b"Hi", retained=True)) is None
    kept = Received("assistant/all/config/set", b'{"muted": true}', retained=True)
    assert inbox.take(kept) == Order(CHANGE, {"muted": True})
    assert inbox.take(Received("assistant/all/config/set", b"")) is None


def test_too_many_are_refused_once_and_read_slowly(clock):
    inbox = make(clock, rate=2.0)
    burst = [inbox.take(Received(SAY, b"Hi")) for _ in range(50)]
    assert sum(isinstance(each, Order) for each in burst) == 10
    assert sum(isinstance(each, Refused) for each in burst) == 1
    assert clock.now < inbox.pause_until <= clock.now + 0.5
    clock.now += 0.5
    assert isinstance(inbox.take(Received(SAY, b"Hi")), Order)
    assert isinstance(inbox.take(Received(SAY, b"Hi")), Refused)


def test_nonsense_counts_too(clock):
    inbox = make(clock, rate=1.0)
    burst = [inbox.take(Received(SAY, b"\xff")) for _ in range(50)]
    assert sum(isinstance(each, Refused) for each in burst) == 5 + 1


def test_what_is_remembered_is_bounded(clock):
    inbox = make(clock, rate=1e9)
    for number in range(5000):
        inbox.take(Received(SAY, b'{"text": "Hi", "id": "%d"}' % number, mid=number + 1))
    assert len(inbox._seen) <= 1024


@settings(deadline=None)
@given(
    st.lists(
        st.builds(
            Received,
            st.sampled_from([SAY, "assistant/all/config/set", "assistant/d1/command/volume"])
            | st.text(),
            payloads,
            mid=st.integers(0, 3),
            again=st.booleans(),
            retained=st.booleans(),
        )
    )
)
def test_any_messages_are_survived(messages):
    inbox = make(Clock())
    for message in messages:
        assert isinstance(inbox.take(message), Order | Refused | Repeated | None)
