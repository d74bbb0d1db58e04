"""A world of rooms that obey the decider, late, twice or never; what must hold in every one.

Never two voices, never stuck, every turn ends, a dead turn's sound is never heard, and time never
runs backwards into a transition.
"""

import math
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from assistant.conversation import Phase, Rules, State, decide
from assistant.events import (
    Asked,
    Cancel,
    ClauseStarted,
    Failed,
    Finish,
    Heard,
    Listen,
    Partial,
    Remember,
    ReplyEnded,
    Rest,
    Say,
    SayRequested,
    SpeakingEnded,
    SpeechEnded,
    SpeechStarted,
    Started,
    StopHeard,
    StopRequested,
    Think,
    Tick,
    WakeDetected,
    Watch,
)

texts = st.sampled_from(["", "  ", "stop", "Stop.", "hello", "what time is it"])


class World(RuleBasedStateMachine):
    @initialize(always=st.booleans(), follow_up=st.sampled_from([0.0, 5.0]), tone=st.booleans())
    def begin(self, always, follow_up, tone):
        self.rules = Rules(always=always, follow_up=follow_up, earcon=tone)
        self.state = State()
        self.now = 100.0
        self.voices = set()  # turns that may make sound: told to speak, not ended, not cancelled
        self.started = set()
        self.remembered = []
        self.ears = "rest"
        self.send(Started())

    def send(self, event, now=None):
        before = self.state
        self.state, commands = decide(self.rules, before, event, self.now if now is None else now)
        if isinstance(event, SpeakingEnded):
            self.voices.discard(event.turn)
        for command in commands:
            self.obey(command)
        if getattr(event, "turn", before.turn) != before.turn:
            assert self.state == replace(before, now=self.state.now), "a dead turn decides"
            assert all(isinstance(command, Remember) for command in commands)
        assert self.state.turn >= before.turn
        assert self.state.now >= before.now
        if self.state.deadline is not None:
            assert math.isfinite(self.state.deadline)

    def obey(self, command):
        match command:
            case Think(turn, _) | Say(turn, _):
                assert not self.voices, "two voices"
                assert turn == self.state.turn, "a dead turn is given a voice"
                self.voices.add(turn)
                self.started.add(turn)
            case Cancel(turn):
                self.voices = {voice for voice in self.voices if voice > turn}
            case Remember(turn, heard):
                assert heard
                assert turn not in self.remembered, "a turn is remembered twice"
                self.remembered.append(turn)
            case Listen(turn):
                assert turn == self.state.turn
                assert not self.voices, "it listens to a question while it speaks"
                self.ears = "listen"
            case Finish(turn):
                assert turn == self.state.turn
                assert self.ears == "listen"
            case Watch():
                self.ears = "watch"
            case Rest():
                assert not self.voices
                self.ears = "rest"

    @rule(seconds=st.sampled_from([0.0, 0.01, 0.3, 1.0, 7.0, 100.0]))
    def time_passes(self, seconds):
        self.now += seconds
        self.send(Tick())

    @rule(back=st.floats(0, 50))
    def a_clock_reading_comes_late(self, back):
        self.send(Tick(), self.now - back)

    @rule()
    def wake(self):
        self.send(WakeDetected("w"))

    @rule(text=texts)
    def ask(self, text):
        self.send(Asked(text))

    @rule()
    def say(self):
        self.send(SayRequested("x"))

    @rule(heard=st.booleans())
    def stop(self, heard):
        self.send(StopHeard("stop") if heard else StopRequested())

    @rule(ago=st.floats(0, 1), old=st.booleans(), end=st.booleans())
    def voice_activity(self, ago, old, end):
        turn = self.state.turn - old
        event = SpeechEnded if end else SpeechStarted
        self.send(event(turn, self.now - ago))

    @rule(text=texts, old=st.booleans(), weak=st.booleans())
    def recogniser_answers(self, text, old, weak):
        turn = self.state.turn - old
        self.send(Partial(turn, text))
        self.send(Heard(turn, text, 0.1 if weak else 1.0, -20.0))

    @rule(old=st.booleans())
    def mouth_begins(self, old):
        self.send(ClauseStarted(self.state.turn - old, "Hi."))

    @rule(full=st.booleans(), old=st.integers(0, 3))
    def mouth_ends(self, full, old):
        turn = self.state.turn - old
        if turn in self.started and turn not in self.remembered:
            self.started.discard(turn)  # a mouth ends each of its turns once
            self.send(ReplyEnded(turn, "Hi."))
            self.send(SpeakingEnded(turn, "Hi." if full else ""))

    @rule(room=st.sampled_from(["ears", "mind", "mouth", "microphone"]), old=st.booleans())
    def a_room_fails(self, room, old):
        self.send(Failed(self.state.turn - old, room, "broken"))

    @invariant()
    def a_dead_turn_has_no_voice(self):
        if hasattr(self, "state"):
            assert all(turn == self.state.turn for turn in self.voices)

    @invariant()
    def it_waits_for_something_that_will_come(self):
        if hasattr(self, "state"):
            waiting_for_ever = (
                self.rules.always
                and self.state.phase is Phase.LISTENING
                and self.state.began is None
            )
            assert (
                self.state.phase is Phase.ASLEEP or self.state.deadline is not None
            ) or waiting_for_ever

    def teardown(self):
        if not hasattr(self, "state"):
            return
        for _ in range(12):  # all rooms are dead: deadlines alone bring it to rest
            if self.state.deadline is None:
                break
            self.now = max(self.now, self.state.deadline)
            self.send(Tick())
        assert self.state.phase is (Phase.LISTENING if self.rules.always else Phase.ASLEEP)
        assert not self.voices


World.TestCase.settings = settings(max_examples=300, stateful_step_count=30, deadline=None)
TestWorld = World.TestCase
