"""A world of rooms that obey the decider, late, twice or never; what must hold in every one.

What was begun in secret is never heard, never remembered and never shown before its release.
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
    Acted,
    Asked,
    Cancel,
    CarryOn,
    ClauseStarted,
    Declined,
    Dismissed,
    Drop,
    Duck,
    DuplexChanged,
    Earcon,
    Failed,
    Fill,
    Finish,
    Halt,
    Heard,
    Ignore,
    Judged,
    Key,
    LeftAlone,
    Listen,
    Overhear,
    Partial,
    Pause,
    Play,
    Prepare,
    Raise,
    Rang,
    Recall,
    Release,
    Remember,
    ReplyBegan,
    ReplyEnded,
    Rest,
    Returned,
    Say,
    SayRequested,
    Send,
    Server,
    ServerChanged,
    Settle,
    Settled,
    Sounded,
    SoundOffered,
    SpeakingEnded,
    SpeechEnded,
    SpeechStarted,
    Started,
    StopHeard,
    StopRequested,
    Think,
    Tick,
    Understood,
    WakeDetected,
    Watch,
)

TEXTS = (
    "", "  ", "stop", "Stop.", "hello", "what time is it", "that's all", "never mind", "算了",
    "uh-huh", "Okay, stop it.",
)  # fmt: skip
texts = st.sampled_from(TEXTS)


class World(RuleBasedStateMachine):
    @initialize(
        always=st.booleans(),
        follow_up=st.sampled_from([0.0, 5.0]),
        tone=st.booleans(),
        ahead=st.booleans(),
        limit=st.sampled_from([1, 3, 100]),
        greetings=st.sampled_from([(), ("Welcome.",)]),
        addressed=st.sampled_from([0.0, 0.3, 1.0]),
        filler_after=st.sampled_from([0.0, 0.3, 90.0]),
        barge_in=st.booleans(),
        duplex=st.booleans(),
        grace=st.sampled_from([0.0, 1.2, 100.0]),
    )
    def begin(self, tone, limit, filler_after, duplex, **settings):
        self.rules = Rules(
            earcon=tone,
            takes_a_turn=limit,
            filler_after=filler_after,
            fillers=(("One moment.", "Let me think."),),
            backchannels=("uh huh",),
            interjections=("what",),
            **settings,
        )
        self.state = State()
        self.now = 100.0
        self.filled = set()  # turns in which a filler was said
        self.worded = set()  # takes of which a word has come
        self.duplex = duplex
        self.voices = set()  # takes that may make sound: told to speak, not ended, not cancelled
        self.secret = {}  # takes that were begun in secret, and what they answer
        self.newest = Key(0, 0)
        self.started = set()
        self.remembered = []
        self.joined = set()  # turns that went on in the next one
        self.ears = "rest"
        self.level = "full"  # how loud the voice is
        self.away = None  # the turn that the server has
        self.send(DuplexChanged(duplex))
        self.send(Started())

    def send(self, event, now=None):
        before = self.state
        self.woken = before.woken
        self.state, commands = decide(self.rules, before, event, self.now if now is None else now)
        if isinstance(event, SpeakingEnded):
            self.voices.discard((event.turn, event.take))
            if (event.turn, event.take) == (before.turn, before.take):
                self.level = "full"  # whoever speaks next begins anew
        for command in commands:
            self.obey(command)
        known = (before.turn, *self.nobodys(event), *self.carried(before, event))
        if getattr(event, "turn", before.turn) not in known:
            assert self.state == replace(before, now=self.state.now), "a dead turn decides"
            assert all(isinstance(command, Remember) for command in commands)
        assert self.state.turn >= before.turn
        assert self.state.now >= before.now
        if self.state.deadline is not None:
            assert math.isfinite(self.state.deadline)

    def nobodys(self, event):
        """The turn of sound that nobody has asked for."""
        return (0,) if isinstance(event, SoundOffered) else ()

    def carried(self, before, event):
        """The turn over whose reply the utterance began: the ears may still use its number."""
        late = isinstance(event, SpeechStarted | SpeechEnded | Partial | Settled)
        late = late or (isinstance(event, SpeakingEnded) and before.unheard)
        return (before.carried,) if late and before.carried else ()

    def obey(self, command):
        match command:
            case Halt(text):
                assert text.strip()
                assert self.ears == "overhear"
            case Duck(turn) | Pause(turn) | Raise(turn):
                assert turn == self.state.turn
                assert self.ears == "overhear"
                assert self.state.phase in (Phase.THINKING, Phase.SPEAKING)
                assert self.rules.barge_in
                assert self.level == "full" or not isinstance(command, Duck)
                assert self.level == "less" or not isinstance(command, Raise)
                self.level = "full" if isinstance(command, Raise) else "less"
            case Overhear(turn):
                assert turn == self.state.turn
                quiet = self.state.phase is Phase.THINKING and not self.state.sounding
                assert self.state.duplex or quiet, "it listens to itself"
                self.ears = "overhear"
            case CarryOn(turn, before):
                assert turn == self.state.turn > before
                assert self.ears == "overhear"
                assert self.state.phase is Phase.LISTENING
                if self.state.first:
                    assert self.rules.grace > 0
                    assert self.state.words.startswith(self.state.first)
                    self.joined.add(before)
                self.ears = "listen"
            case Think(turn, take, text, True):
                assert not self.voices, "a secret take is begun while another speaks"
                assert not self.secret, "two secret takes at once"
                assert self.rules.ahead
                assert text.strip()
                assert self.away != turn, "two answer one question"
                self.new(turn, take)
                self.secret[turn, take] = text
            case Think(turn, take, _, _) | Say(turn, take, _):
                assert not self.secret, "an answer is begun beside a secret one"
                assert self.away != turn, "two answer one question"
                self.new(turn, take)
                self.speak(turn, take)
            case Send(turn, _):
                assert self.state.server is Server.READY
                assert turn == self.state.turn
                assert not self.secret
                assert self.away != turn, "a question is sent twice"
                self.away = turn
            case Recall(turn):
                assert self.away == turn
                self.away = None
            case Earcon("ring"):
                assert not self.voices, "it rings while it speaks"
                assert not self.secret, "it rings while somebody is answered in secret"
                assert self.ears in ("watch", "overhear"), "nobody can stop it"
            case Play(turn, take):
                self.new(turn, take)
                self.speak(turn, take)
            case Release(turn, take):
                assert (turn, take) in self.secret, "a dead take is released"
                del self.secret[turn, take]
                self.speak(turn, take)
            case Drop(turn, take, why):
                assert why
                assert (turn, take) not in self.voices, "an answer is dropped"
                self.newest = max(self.newest, Key(turn, take))
                self.secret = {key: words for key, words in self.secret.items() if key[0] > turn}
            case Prepare(turn, _):
                assert turn == self.state.turn
                assert self.ears == "listen"
                assert self.rules.ahead
                assert not self.state.unheard, "it is read before it is known what was heard"
            case Settle(turn):
                assert turn == self.state.turn
                assert self.ears == "overhear" or (self.ears == "listen" and self.rules.ahead)
            case Cancel(turn):
                self.level = "full"
                self.voices = {voice for voice in self.voices if voice[0] > turn}
                self.secret = {key: words for key, words in self.secret.items() if key[0] > turn}
                self.away = None if self.away == turn else self.away
            case Fill(turn, take, text):
                assert text
                assert turn not in self.filled, "two fillers in a turn"
                assert (turn, take) in self.voices, "nobody waits for an answer"
                assert (turn, take) not in self.worded, "the answer is about to start"
                assert self.state.phase is Phase.THINKING
                assert self.away != turn
                self.filled.add(turn)
            case Ignore(turn, text):
                assert text.strip()
                assert self.rules.addressed > 0
                assert not self.rules.always
                assert not self.woken, "who has called is not heard"
            case Remember(turn, heard):
                assert heard
                assert turn not in self.remembered, "a turn is remembered twice"
                assert turn not in self.joined, "half a question is remembered"
                assert all(turn != key[0] for key in self.secret), "a secret is remembered"
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

    def new(self, turn, take):
        assert turn == self.state.turn, "a dead turn is answered"
        assert Key(turn, take) > self.newest, "a dead take comes back"
        self.newest = Key(turn, take)

    def speak(self, turn, take):
        assert not self.voices, "two voices"
        assert turn == self.state.turn, "a dead turn is given a voice"
        self.voices.add((turn, take))
        self.started.add((turn, take))

    @rule(server=st.sampled_from(Server))
    def the_server_changes(self, server):
        if self.state.server is Server.READY and server is not Server.READY:
            self.send(Declined(self.state.turn, server is Server.PAUSED))
        self.send(ServerChanged(server))

    @rule(words=texts, ends=st.booleans(), cut=st.booleans(), waits=st.sampled_from([0.0, 0.4]))
    def somebody_speaks_over_the_reply(self, words, ends, cut, waits):
        """As the ears tell it, with what the mouth reports of a reply that was cut off."""
        if self.ears != "overhear" or self.state.phase not in (Phase.THINKING, Phase.SPEAKING):
            return
        turn, over = self.state.turn, self.state.over
        began = over.began if over else self.now  # they may be speaking already
        speaks = self.state.phase is Phase.SPEAKING
        self.send(SpeechStarted(turn, began))
        self.now += waits
        self.send(Tick())
        self.send(Partial(turn, words))
        if ends:
            self.send(SpeechEnded(turn, self.now))
            self.send(Settled(turn, words))
        meant = words == "what time is it" and ends and self.rules.addressed < 1.0
        if self.rules.barge_in and not self.state.ringing and meant:
            assert self.state.turn != turn or self.state.server is not Server.NONE
        if self.state.turn == turn:
            return
        assert self.state.carried in (0, turn)
        if self.state.carried:
            assert self.state.began == began, "what was said is lost"
            assert self.state.unheard is (speaks and not self.state.first)
        if cut:
            self.mouth_ends(False, self.state.turn - turn, "Hi.")

    @invariant()
    def a_voice_that_gave_way_comes_up_again(self):
        if hasattr(self, "state"):
            assert (self.level == "full") == (self.state.over is None)

    @rule(usable=st.booleans())
    def the_echo_canceller_changes(self, usable):
        before, self.duplex = self.state, usable
        self.send(DuplexChanged(usable))
        same = replace(before, now=self.state.now, duplex=usable)
        if (
            before.over and before.duplex is not usable
        ):  # what sounded over the reply is not looked at any more
            misled = before.misled + before.over.waits
            deadline = self.state.deadline
            same = replace(same, over=None, misled=misled, deadline=deadline, filler_at=None)
        assert self.state == same

    @invariant()
    def no_turn_forgets_whether_it_hears_itself(self):
        if hasattr(self, "state"):
            assert self.state.duplex == self.duplex

    @rule(text=texts, old=st.booleans())
    def the_server_understands(self, text, old):
        self.send(Understood(self.state.turn - old, text))

    @rule(quiet=st.booleans(), old=st.booleans())
    def the_server_declines(self, quiet, old):
        self.send(Declined(self.state.turn - old, quiet))

    @rule(asked=st.booleans(), ringing=st.booleans())
    def the_server_has_sound(self, asked, ringing):
        self.send(SoundOffered(self.state.turn if asked else 0, ringing))

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

    @rule(spoken=st.booleans())
    def comes_back(self, spoken):
        before = self.state
        self.send(Returned(spoken, "en"))
        if before.phase in (Phase.THINKING, Phase.SPEAKING):
            assert self.state.turn == before.turn, "who is answered is interrupted"

    @rule(heard=st.booleans())
    def stop(self, heard):
        self.send(StopHeard("stop") if heard else StopRequested())

    @rule()
    def dismissed(self):
        phase = self.state.phase
        self.send(Dismissed())
        assert self.state.phase is phase

    @rule(text=st.sampled_from(["tea", "egg"]), missed=st.booleans())
    def rings(self, text, missed):
        before = self.state
        self.send(Rang(text, missed))
        assert text in (self.state.missed if missed else self.state.due)
        if before.phase is Phase.LISTENING and (before.woken or before.began is not None):
            assert self.state.phase is Phase.LISTENING, "who talks is interrupted"

    @invariant()
    def nobody_sleeps_over_what_is_due(self):
        if getattr(self, "state", None) and self.state.due:
            assert self.state.phase is not Phase.ASLEEP
            assert self.state.deadline is not None

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

    @rule(text=texts, old=st.booleans())
    def recogniser_settles(self, text, old):
        self.send(Settled(self.state.turn - old, text))

    @rule(complete=st.sampled_from([0.0, 0.1, 1.0]), text=texts, newest=st.booleans())
    def mind_judges(self, complete, text, newest):
        self.send(Judged(self.state.turn, self.state.words if newest else text, complete))

    @rule(complete=st.sampled_from([0.0, 1.0]), old=st.booleans(), ended=st.booleans())
    def the_end_sounds(self, complete, old, ended):
        at = self.state.ended if ended and self.state.ended is not None else self.now
        self.send(Sounded(self.state.turn - old, at, complete))

    @rule(again=texts)
    def a_question_is_asked_and_settled(self, again):
        if self.state.phase is Phase.LISTENING:
            turn = self.state.turn
            self.send(SpeechStarted(turn, self.now))
            self.now += 0.5
            self.send(SpeechEnded(turn, self.now))
            self.send(Settled(turn, "what time is it"))
            self.send(Judged(turn, "what time is it", 1.0))
            self.now += 0.3
            self.send(Tick())
            self.send(Heard(turn, again, 1.0, -20.0))

    @rule(old=st.booleans())
    def the_larger_model_does_not_answer(self, old):
        self.send(LeftAlone(self.state.turn, self.state.take - old))

    @rule(old=st.booleans())
    def mind_has_a_word(self, old):
        take = self.state.take - old
        self.worded.add((self.state.turn, take))
        self.send(ReplyBegan(self.state.turn, take))

    @rule(
        second=st.sampled_from(["what time is it", "uh-huh", "", "stop"]),
        sounds=st.booleans(),
        waits=st.sampled_from([0.1, 0.9, 5.0]),
        cut=st.booleans(),
    )
    def who_asked_goes_on(self, second, sounds, waits, cut):
        self.wake()
        self.a_question_is_asked_and_settled("what time is it")
        if sounds:
            self.mouth_begins(False)
        self.now += waits
        self.somebody_speaks_over_the_reply(second, True, cut, 0.0)

    @rule(old=st.booleans())
    def something_is_done(self, old):
        self.send(Acted(self.state.turn - old, self.state.take))

    @rule(old=st.booleans())
    def mouth_begins(self, old):
        self.send(ClauseStarted(self.state.turn - old, self.state.take, "Hi."))

    @rule(full=st.booleans(), old=st.integers(0, 3), heard=st.sampled_from(["Hi.", "Why?"]))
    def mouth_ends(self, full, old, heard):
        turn = self.state.turn - old
        for key in [key for key in self.started if key[0] == turn]:
            self.started.discard(key)  # a mouth ends each of its takes once
            self.send(ReplyEnded(*key, "Hi."))
            self.send(SpeakingEnded(*key, heard if full else ""))

    @rule(old=st.booleans())
    def a_secret_mouth_is_silenced(self, old):
        """The mouth reports the end of what was dropped, too: nothing of it was heard."""
        self.send(SpeakingEnded(self.state.turn, self.state.take - old, ""))

    @rule(
        room=st.sampled_from(["ears", "mind", "mouth", "microphone"]),
        old=st.booleans(),
        take=st.booleans(),
    )
    def a_room_fails(self, room, old, take):
        self.send(Failed(self.state.turn - old, room, "broken", self.state.take if take else 0))

    @invariant()
    def a_dead_turn_has_no_voice(self):
        if hasattr(self, "state"):
            assert all(turn == self.state.turn for turn, _ in self.voices)

    @invariant()
    def a_secret_lives_only_while_somebody_may_still_be_speaking(self):
        if hasattr(self, "state"):
            assert bool(self.secret) == bool(self.state.answering)
            if self.secret:
                assert self.state.phase is Phase.LISTENING
                assert self.secret == {(self.state.turn, self.state.take): self.state.answering}

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
        listens = self.rules.always and self.state.server is not Server.PAUSED
        assert self.state.phase is (Phase.LISTENING if listens else Phase.ASLEEP)
        assert not self.voices
        assert not self.secret


World.TestCase.settings = settings(max_examples=300, stateful_step_count=30, deadline=None)
TestWorld = World.TestCase
