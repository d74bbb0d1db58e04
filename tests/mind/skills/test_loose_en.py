"""What English requests say beyond the sentences: more words around them, slips, other orders."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.mind.skills import loose_en, reading_en, slips_en
from assistant.mind.skills.book import Book
from assistant.mind.skills.narrow import Narrow

WORDS = [
    "set", "a", "the", "timer", "alarm", "for", "ten", "minutes", "remind", "me", "to", "at",
    "seven", "turn", "it", "up", "down", "volume", "too", "loud", "stop", "again", "what", "time",
    "is", "how", "long", "left", "cancel", "all", "spell", "word", "in", "english", "because",
    "i", "can't", "hear", "she", "said", "tomorrow", "called", "pasta", "timmer", "settimer",
    "half", "past", "plus", "two",
]  # fmt: skip


@pytest.fixture(scope="module")
def book():
    return Book.load("en")


def loose(text):
    clean = reading_en.clean(text)
    return loose_en.read(clean, reading_en.spans(clean.text))


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("stick a timer on for twelve minutes it's for the chips", "timer_set",
         {"duration_s": 720}),
        ("a timer of one hour for the parking", "timer_set",
         {"duration_s": 3600, "name": "parking"}),
        ("hows my timer doing", "timer_status", {}),
        ("where are we at with the batch timer", "timer_status", {"name": "batch"}),
        ("throw out all timers", "timer_cancel", {"all": True}),
        ("i've got a flight set an alarm for three am", "alarm_set", {"time": "03:00"}),
        ("dont let me sleep past eight", "alarm_set", {"time": "08:00"}),
        ("give me a nudge at ten to join the Stand Up", "reminder_set",
         {"time": "10:00", "message": "join the Stand Up"}),
        ("i must ring the bank at nine am so remind me", "reminder_set",
         {"time": "09:00", "message": "ring the bank"}),
        ("bump it up a notch i can barely hear you", "volume_up", {}),
        ("keep it down a bit would you the baby is asleep", "volume_down", {}),
        ("drop it to thirty percent volume", "volume_set", {"value": 30}),
        ("you're too slow hurry up with the talking", "rate_up", {}),
        ("talk more slowly so gran can follow", "rate_down", {}),
        ("hang on say that again slowly", "repeat", {"slower": True}),
        ("ok ok i heard you stop", "stop", {}),
        ("we need to decide flip a coin", "random", {"value": "coin"}),
        ("what time is it for my cousin in berlin", "time_now", {"zone": "Europe/Berlin"}),
        ("need todays date for this form", "date_today", {}),
        ("how many sleeps until my birthday on june the third", "date_today", {"day": "--06-03"}),
        ("how heavy is eleven stone in kilos", "convert", {"value": "69.8532", "unit": "kilos"}),
        ("i need to know what thirty percent off sixty is", "arithmetic", {"value": "42"}),
        ("i forget how to spell definitely", "spell", {"word": "definitely"}),
    ],
)  # fmt: skip
def test_words_decide_where_no_sentence_fits(text, intent, slots):
    found = loose(text)
    assert found
    assert (found.intent, dict(found.slots)) == (intent, slots)


@pytest.mark.parametrize(
    "text",
    [
        "turn up the heating",
        "turn down the offer",
        "what day was the moon landing",
        "what day is best for fishing",
        "what color is the sky on a clear day",
        "my phones volume is broken",
        "we set an alarm every day",
        "i get up at six every day",
        "you remind me of my sister",
        "no need to remind me i know",
        "the reminder letter came",
        "stop by the shop on the way home",
        "the bus stops here",
        "the kids wont go to sleep",
        "are you there god its me",
        "repeat business is important",
        "what time do you have to be there",
        "she is half my age",
        "if tom has five sweets and gives two away how many has he got",
        "set the thermostat to twenty",
        "whats a pomodoro timer",
        "i'll set the alarm myself",
        "there are eight in the choir",
        "how does an egg timer work",
        "slow down at the corner he said",
        "what time do you call this",
        "pardon the mess",
        "time for tea",
        "sleep on it",
        "it's too quiet in this village",
        "my tea's brewing four minutes please timer",
        "set two alarms",
    ],
)
def test_what_has_a_word_too_much_is_left_alone(book, text):
    assert book.match(text) is None


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("settimer five minutes", "timer_set", {"duration_s": 300}),
        ("pleas set a timmer for 3 minuts", "timer_set", {"duration_s": 180}),
        ("set analarm for 7", "alarm_set", {"time": "07:00"}),
        ("remained me to call the doctor at ten", "reminder_set",
         {"time": "10:00", "message": "call the doctor"}),
        ("whats tree times seven", "arithmetic", {"value": "21"}),
        ("what is ten mines four", "arithmetic", {"value": "6"}),
        ("laud her please", "volume_up", {}),
        ("go two sleep", "sleep", {}),
        ("what time isit in pairs", "time_now", {"zone": "Europe/Paris"}),
    ],
)  # fmt: skip
def test_slips_are_put_right(book, text, intent, slots):
    found = book.match(text)
    assert found
    assert (found.intent, dict(found.slots)) == (intent, slots)
    assert not found.whole


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("remind me on the fifth to pay rent", "---05"),
        ("remind me by the 3rd of next month to pay", "+1---03"),
        ("how many days until the fifth", "---05"),
        ("what weekday was the first of may nineteen eighty four", "1984-05-01"),
        ("what weekday was the first of may in two thousand and five", "2005-05-01"),
        ("what day was june 3rd twenty oh nine", "2009-06-03"),
    ],
)
def test_days_of_a_month_and_of_other_years(book, text, day):
    found = book.match(text)
    assert found
    assert found.slots["day"] == day


@pytest.mark.parametrize(
    ("text", "intent", "slots"),
    [
        ("how do you say thank you in chinese", "translate",
         {"phrase": "thank you", "language": "zh"}),
        ("what's the volume", "volume_status", {}),
        ("say that again slowly", "repeat", {"slower": True}),
        ("hang on could you say that again slower", "repeat", {"slower": True}),
        ("i'd like a ten minute timer", "timer_set", {"duration_s": 600}),
        ("remind me in ten to check the sauce", "reminder_set",
         {"duration_s": 600, "message": "check the sauce"}),
        ("take a quarter off eighty", "arithmetic", {"value": "60"}),
        ("remind me in two days at nine to pay", "reminder_set",
         {"day": "+2", "time": "09:00", "message": "pay"}),
        ("how much is six sevens", "arithmetic", {"value": "42"}),
        ("two cups of flour in ml", "convert", {"value": "473.176", "unit": "ml"}),
        ("set the vol yume to fifty percent", "volume_set", {"value": 50}),
        ("can soul the timer", "timer_cancel", {}),
        ("wayk me up at six", "alarm_set", {"time": "06:00"}),
        ("a tip of twenty percent on thirty five", "arithmetic", {"value": "7"}),
        ("what's five and five", "arithmetic", {"value": "10"}),
    ],
)  # fmt: skip
def test_what_was_not_known(book, text, intent, slots):
    found = book.match(text)
    assert found
    assert (found.intent, dict(found.slots)) == (intent, slots)


@pytest.mark.parametrize(
    "text",
    ["how do you say refrigerator in chinese", "what's the volume of a cube",
     "how much is twenty dollars in euros"],
)  # fmt: skip
def test_what_stays_with_the_model(book, text):
    assert book.match(text) is None


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_any_words_are_looked_at_and_keep_their_places(words):
    clean = reading_en.clean(" ".join(words))
    reading_en.loose(clean, reading_en.spans(clean.text))
    for written in slips_en.readings(clean):
        assert len(written.text) == len(written.places)
        assert all(0 <= place < len(clean.source) for place in written.places)


def test_no_sentence_that_a_text_may_be_is_left_out():
    from hassil import Intents, recognize_all
    from hassil.intents import TextSlotList

    intents = Intents.from_dict(
        {
            "language": "en",
            "intents": {
                "a": {"data": [{"sentences": ["(stop|end) [the] timer[s]", "stop it"]}]},
                "b": {"data": [{"sentences": ["<go> at {time}"], "slots": {"x": 1}}]},
                "c": {"data": [{"sentences": ["call {name}", "speak {language}"]}]},
            },
            "expansion_rules": {"go": "go [home|<stay>]", "stay": "and stay"},
            "lists": {"name": {"wildcard": True}, "language": {"values": ["old english"]}},
        }
    )
    narrow = Narrow(intents)
    time = {"time": TextSlotList.from_tuples([("\u1200", "07:00")])}
    for text, spans, kept in [
        ("stop timers", [], ["a", "c"]),
        ("stop it", [], ["a", "a", "c"]),
        ("go and stay at \u1200", [{"time": "07:00"}], ["a", "b", "c"]),
        ("go at \u1200", [{"number": 7}], ["a", "c"]),
        ("speak old english", [], ["a", "c", "c"]),
        ("talk", [], ["a", "c"]),
    ]:
        left = narrow.to(text, spans)
        sentences = [name for name, i in left.intents.items() for d in i.data for _ in d.sentences]
        assert sentences == kept, text
        everything = list(recognize_all(text, intents, slot_lists=time))
        found = list(recognize_all(text, left, slot_lists=time))
        if "time" in {kind for span in spans for kind in span} or not spans:
            assert [x.intent.name for x in found] == [x.intent.name for x in everything], text
