"""The keys of the configuration: the only place where one, its default, unit and range are written.

Checking, `assistant config init` and docs/configuration.md are all derived from them.
"""

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr

if TYPE_CHECKING:
    from assistant.persona.reading import Persona

RELEASES = Path("/opt/assistant/releases")
"""Where script/install puts the releases, which share the models in /var/lib/assistant."""
WEB_TOKEN = "web-token"
"""The file of the web page's token, in the folder of what must not be lost."""


class Section(BaseModel):
    """A table of the TOML file; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Audio(Section):
    """Microphone and loudspeaker."""

    backend: Literal["portaudio", "none"] = Field(
        "portaudio", description="`none` runs without sound: text only"
    )
    input: str | int = Field(
        "", description="microphone: its name, a part of it, or its number; empty: the default one"
    )
    output: str | int = Field(
        "", description="loudspeaker: its name, a part of it, or its number; empty: the default one"
    )
    latency: Annotated[float, Field(ge=0.0, le=1.0)] = Field(
        0.02,
        description="buffering asked of the sound system, in s; more survives a busier machine",
    )
    process: bool = Field(
        True,
        description="each device in a process of its own (Linux), which is killed when the sound "
        "system hangs; `false` saves some 30 MB, and a hang can only be ended by a restart",
    )
    standby: bool = Field(
        True,
        description="while it sleeps the loudspeaker's stream is stopped; `false` for one "
        "that crackles then, or misses the first tone",
    )
    automatic_gain: bool = Field(
        True, description="speech that is so soft that words are lost is made louder, up to 24 dB"
    )


class Echo(Section):
    """Echo cancellation: what the loudspeaker plays is taken out of what the microphone hears."""

    mode: Literal["auto", "on", "off"] = Field(
        "auto",
        description="`auto` cancels, and listens while it speaks once that is seen to work; `on` "
        "does so at once and always; `off` never: while it speaks only wake and stop words count",
    )
    tail: Annotated[float, Field(ge=0.05, le=0.5)] = Field(
        0.2, description="how long the room goes on sounding, in s; a longer one costs more"
    )


class Wake(Section):
    """What wakes it; several at once are allowed. `assistant wake` always works."""

    words: list[str] = Field(
        ["okay_nabu"],
        description="ready-made wake words: `okay_nabu`, `hey_jarvis`, `hey_mycroft`, `alexa`",
    )
    phrases: list[str] = Field(
        [], description="any phrases, in the language of an installed Vosk model"
    )
    phrases_model: str = Field(
        "", description="Vosk model for the phrases: name or path; empty: the one for `language`"
    )
    key: bool = Field(True, description="in a terminal, the space bar wakes it (push to talk)")
    always: bool = Field(False, description="always listen, without any wake word")
    threshold: Annotated[float, Field(ge=0.1, le=1.0)] = Field(
        0.85, description="probability from which a wake word counts; lower wakes more easily"
    )
    earcon: bool = Field(True, description="play a short tone at wake and when it stops listening")

    @property
    def calls(self) -> list[str]:
        """What may be said to wake it."""
        return [*(word.replace("_", " ") for word in self.words), *self.phrases]


class Asr(Section):
    """Speech recognition."""

    engine: Literal["auto", "vosk", "moonshine", "whisper", "wyoming"] = Field(
        "auto",
        description="`auto` takes the best installed one for `language`; `wyoming` one on another "
        "host, to which the sound of what is said goes",
    )
    model: str = Field(
        "",
        description="a name from `assistant models list`, or a path; with `wyoming` a name there; "
        "empty: the best",
    )
    threads: Annotated[int, Field(ge=0, le=64)] = Field(
        0, description="threads of the recogniser where it can be told; 0: fits the machine"
    )
    uri: str = Field(
        "",
        description="with `wyoming`: where it is, such as `tcp://192.168.1.20:10300`, or `auto` "
        "for the first one that is found in the local network",
    )
    timeout: Annotated[float, Field(ge=0.2, le=60.0)] = Field(
        5.0,
        description="with `wyoming`: without the text after so many s one that is installed here "
        "takes over",
    )


class Vad(Section):
    """Voice activity detection (Silero)."""

    threshold: Annotated[float, Field(ge=0.05, le=0.95)] = Field(
        0.5, description="probability from which a frame is speech"
    )
    min_speech: Annotated[float, Field(ge=0.03, le=1.0)] = Field(
        0.1, description="speech shorter than this many s does not count as a start"
    )
    min_silence: Annotated[float, Field(ge=0.03, le=1.0)] = Field(
        0.06, description="silence shorter than this many s does not count as an end"
    )


class Turn(Section):
    """When a turn begins and ends."""

    min_silence: Annotated[float, Field(ge=0.05, le=5.0)] = Field(
        0.2, description="silence that ends the turn of one who has clearly said all, in s"
    )
    max_silence: Annotated[float, Field(ge=0.1, le=5.0)] = Field(
        1.2,
        description="silence that ends it where more was to be expected, in s; two thirds of it "
        "where no language model reads along",
    )
    whole: Annotated[float, Field(ge=0.0001, le=1.0)] = Field(
        0.5,
        description="probability that the sentence ends here from which it counts as whole",
    )
    open: Annotated[float, Field(ge=0.0001, le=1.0)] = Field(
        0.0005,
        description="probability up to which it counts as open and `max_silence` is waited for; "
        "between the two the silence falls evenly; 1 always waits for `max_silence`",
    )
    early: Annotated[float, Field(ge=0.0, le=1.0)] = Field(
        0.2,
        description="probability from which it is answered in secret while somebody still speaks; "
        "1: only in pauses",
    )
    grace: Annotated[float, Field(ge=0.0, le=5.0)] = Field(
        1.2,
        description="speech that begins up to this many s after the end of a turn belongs to it: "
        "the answer is dropped, and both halves are answered together; 0: never",
    )
    smart_turn: bool = Field(
        True,
        description="hear whether the voice is held, where the model smart-turn-v3.2 is installed "
        "(`assistant models fetch smart-turn-v3.2`)",
    )
    no_speech: Annotated[float, Field(ge=1.0, le=60.0)] = Field(
        6.0, description="after waking, give up when nobody has spoken for this many s"
    )
    follow_up: Annotated[float, Field(ge=0.0, le=60.0)] = Field(
        6.0, description="after a reply, listen on without the wake word for this many s; 0: do not"
    )
    question_follow_up: Annotated[float, Field(ge=0.0, le=60.0)] = Field(
        10.0,
        description="the same after a reply that ends with a question, where that is longer and "
        "`follow_up` is not 0",
    )
    addressed: Annotated[float, Field(ge=0.0, le=1.0)] = Field(
        0.4,
        description="without the wake word only what was said to it with this probability is "
        "answered; other talk ends in sleep; 0 answers all",
    )
    max_speech: Annotated[float, Field(ge=2.0, le=120.0)] = Field(
        30.0, description="the longest utterance in s; what was said until then is answered"
    )
    min_speech: Annotated[float, Field(ge=0.0, le=2.0)] = Field(
        0.2, description="an utterance with less speech than this many s is ignored"
    )
    min_level: Annotated[float, Field(ge=-90.0, le=0.0)] = Field(
        -55.0, description="an utterance whose loudest moment stays below this many dBFS is ignored"
    )
    stop_words: list[str] = Field(
        [
            "stop",
            "cancel",
            "be quiet",
            "shut up",
            "never mind",
            "stop talking",
            "停",
            "停下",
            "别说了",
            "停止",
            "闭嘴",
            "取消",
            "算了",
        ],
        description="said alone, these end the turn or the reply",
    )


class BargeIn(Section):
    """Speaking while the assistant speaks, where the microphone is of use meanwhile."""

    enabled: bool = Field(
        True, description="whoever speaks to it interrupts it; false: only a stop word does"
    )
    duck: Annotated[float, Field(ge=0.0, le=60.0)] = Field(
        12.0, description="how much softer it speaks while something else sounds, in dB"
    )
    hold: Annotated[float, Field(ge=0.0, le=5.0)] = Field(
        0.2,
        description="it waits, silent, once something has sounded for so many s, until it is clear "
        "whether somebody speaks to it",
    )
    wait: Annotated[float, Field(ge=1.0, le=60.0)] = Field(
        6.0, description="the longest that it waits while something goes on to sound, in s"
    )
    beside: Annotated[float, Field(ge=0.0, le=60.0)] = Field(
        15.0,
        description="what is so many dB quieter than the voice that woke it does not interrupt it",
    )


class Ahead(Section):
    """Working ahead: reading along while somebody speaks, answering in secret at each pause."""

    enabled: bool = Field(True, description="false waits for the end of the turn before it thinks")
    tokens: Annotated[int, Field(ge=1, le=512)] = Field(
        32, description="a secret answer gets at most this long before it is released, in tokens"
    )
    per_turn: Annotated[int, Field(ge=1, le=100)] = Field(
        6, description="secret answers in one turn; half as many on battery or when hot"
    )
    per_minute: Annotated[int, Field(ge=1, le=1000)] = Field(
        30, description="secret answers in a minute; half as many on battery or when hot"
    )


class Llm(Section):
    """The language model."""

    model: str = Field(
        "",
        description="a name from `assistant models list`, or a path; empty: the best; `none`: "
        "none on this device, which needs `remote.share` to be `all`",
    )
    adapter: str = Field(
        "",
        description="a LoRA adapter for it: a name in the folder `adapters` of the models' folder, "
        "or a path; empty or `none`: none",
    )
    adapter_scale: Annotated[float, Field(ge=0.0, le=4.0)] = Field(
        1.0, description="how strongly the adapter changes the answers; 0: not at all"
    )
    context: Annotated[int, Field(ge=256, le=32768)] = Field(
        2048, description="context length in tokens; must hold prompt, history, question and answer"
    )
    history_tokens: Annotated[int, Field(ge=0, le=16384)] = Field(
        512, description="the conversation so far is held below this many tokens, in whole turns"
    )
    max_tokens: Annotated[int, Field(ge=1, le=4096)] = Field(
        256, description="the longest answer in tokens"
    )
    temperature: Annotated[float, Field(ge=0.0, le=2.0)] = Field(
        0.7, description="0 always takes the likeliest token"
    )
    top_p: Annotated[float, Field(ge=0.0, le=1.0)] = Field(0.8, description="nucleus sampling")
    top_k: Annotated[int, Field(ge=0, le=1000)] = Field(
        20, description="sample among this many tokens; 0: all"
    )
    repeat_penalty: Annotated[float, Field(ge=0.5, le=2.0)] = Field(
        1.2, description="above 1 discourages repetition"
    )
    seed: Annotated[int, Field(ge=-1, le=2**31 - 1)] = Field(
        -1, description="-1: another one for every answer"
    )
    stop: list[str] = Field([], description="texts that end an answer")
    reuse: bool = Field(
        True,
        description="keep what was read from turn to turn; false reads the whole prompt each time, "
        "to measure what that costs",
    )
    system_prompt: str = Field(
        "", description="who the assistant is; empty: as `persona` says, in `language`"
    )
    threads: Annotated[int, Field(ge=0, le=256)] = Field(
        0, description="threads that make an answer; 0: fits the machine"
    )
    batch_threads: Annotated[int, Field(ge=0, le=256)] = Field(
        0, description="threads that read the question; 0: fits the machine"
    )
    guests: Annotated[int, Field(ge=1, le=1000)] = Field(
        8, description="questions from the web page and from programs that may wait for an answer"
    )
    timeout: Annotated[float, Field(ge=1.0, le=600.0)] = Field(
        60.0, description="give up when no sound of an answer came for this many s"
    )


class Skills(Section):
    """What is answered exactly, before the language model would begin."""

    enabled: bool = Field(True, description="time, timers, sums and the like without the model")
    folder: str = Field(
        "",
        description="folder of your own actions and plug-ins; empty: `skills` beside the "
        "configuration file, where there is one",
    )


class Knowledge(Section):
    """Answers from your documents, which `assistant knowledge add` adds."""

    enabled: bool = Field(True, description="answer from them what they are about")


class Tools(Section):
    """Skills that are meant though no sentence of theirs was said: the language model chooses."""

    enabled: bool = Field(False, description="choose one; see docs/tools.md for how often it errs")
    choose: Literal["meaning", "model", "both"] = Field(
        "both",
        description="`meaning`: the nearest one; `model`: the language model, among four or none; "
        "`both`: only where these are the same",
    )
    threshold: Annotated[float, Field(ge=-2.0, le=2.0)] = Field(
        0.45,
        description="how much nearer to a skill than to chat a request must be, or it is none; "
        "higher: fewer false calls, fewer right ones, less waiting",
    )


class Guard(Section):
    """What is answered with a kind sentence instead of by a model, and what a model may not say."""

    enabled: bool = Field(True, description="`false` leaves every question and answer to the model")
    level: Literal["child", "shop", "open"] = Field(
        "shop",
        description="how much is refused: `open` only emergencies and what does harm, `shop` also "
        "what does not belong into a shop, `child` also what is for grown-ups",
    )
    topics: list[str] = Field(
        [], description="the topics that are refused, and no others; empty: those of `level`"
    )
    emergency: str = Field(
        "",
        description="number to call in an emergency, such as `911`; empty: 112 in English, 120, "
        "119 and 110 in Chinese",
    )
    emergency_text: str = Field(
        "",
        description="what is said in an emergency instead of all that; empty: to call the number",
    )
    helpline: str = Field(
        "",
        description="number for those who do not want to live; empty: 116 123 in English, 12356 in "
        "Chinese",
    )
    files: list[str] = Field([], description="files of topics of your own, see docs/guard.md")


Tone = Literal["wake", "done", "cancel", "out", "offline", "error", "sleep", "ring"]
"""As `assistant.audio.tones.Name`."""


class Speech(Section):
    """The voice."""

    engine: Literal["auto", "espeak", "pyttsx3", "piper", "wyoming"] = Field(
        "auto",
        description="`auto` takes Piper where it and a voice are installed, else espeak; `wyoming` "
        "one on another host, to which the text of what is said goes",
    )
    voice: str = Field(
        "",
        description="a Piper voice (name from `assistant models list`, or a path to its .onnx), "
        "or an espeak voice such as `en-us`; with `wyoming` a name there; empty: the one for "
        "`language`",
    )
    speaker: str = Field(
        "", description="with `wyoming`: the speaker of a voice that has several; empty: its own"
    )
    uri: str = Field(
        "",
        description="with `wyoming`: where it is, such as `tcp://192.168.1.20:10200`, or `auto` "
        "for the first one that is found in the local network",
    )
    timeout: Annotated[float, Field(ge=0.2, le=60.0)] = Field(
        5.0,
        description="with `wyoming`: without (further) sound after so many s one that is installed "
        "here takes over",
    )
    rate: Annotated[float, Field(ge=0.5, le=2.0)] = Field(
        1.0, description="speaking rate; 1 is normal"
    )
    volume: Annotated[float, Field(ge=0.0, le=1.0)] = Field(
        1.0, description="0 is silent, 1 is full, 0.5 sounds half as loud"
    )
    loudness: Annotated[float, Field(ge=-40.0, le=-10.0)] = Field(
        -18.0, description="how loud all voices are at full volume, in LUFS (EBU R128)"
    )
    tones: Annotated[float, Field(ge=-40.0, le=10.0)] = Field(
        -6.0, description="how much louder than speech the tones are, in dB; below 0: softer"
    )
    silent_tones: list[Tone] = Field([], description="tones that are not played")
    threads: Annotated[int, Field(ge=0, le=64)] = Field(
        0, description="threads of the synthesiser where it can be told; 0: fits the machine"
    )
    first_clause: Annotated[int, Field(ge=8, le=400)] = Field(
        32, description="the first clause is spoken as soon as it has this many letters at the most"
    )
    clause: Annotated[int, Field(ge=20, le=1000)] = Field(
        200, description="the following clauses have this many letters at the most"
    )
    filler_after: Annotated[float, Field(ge=0.0, le=30.0)] = Field(
        2.0,
        description="when no word of an answer has come after so many s, say once in a turn that "
        "it takes a moment; 0: never",
    )


class Lamp(Section):
    """What shows by light whether it listens, thinks or speaks; see docs/lamps.md."""

    led: str = Field(
        "", description="a LED of this machine: a name in /sys/class/leds; empty: none"
    )
    plugins: list[str] = Field(
        [], description="lamps in Python: `FILE.py:NAME` or `PACKAGE.MODULE:NAME`"
    )


class Web(Section):
    """The web page and its interface for programs."""

    enabled: bool = Field(False, description="the daemon serves it; `assistant serve` does anyway")
    host: str = Field(
        "127.0.0.1",
        description="address to listen on; for others than this machine's own, such as `0.0.0.0`, "
        "clients need a token",
    )
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        8080, description="port to listen on; 0: any free one"
    )
    hosts: list[str] = Field(
        [],
        description="further names by which browsers call it, such as one that a proxy serves; "
        "with any, clients need a token",
    )
    token_file: str = Field(
        "",
        description="file of the token, made where it is missing; with one, clients need it in any "
        "case; empty: `web-token` in the user's or service's data folder",
    )
    certificate: str = Field(
        "",
        description="file of a TLS certificate in PEM, with those that lead to a known one behind "
        "it; with one, everything is encrypted (`https`)",
    )
    key: str = Field("", description="file of the certificate's private key in PEM, no password")
    body_limit: Annotated[int, Field(ge=1000, le=100_000_000)] = Field(
        1_000_000, description="largest body of a request in bytes"
    )
    connections: Annotated[int, Field(ge=2, le=400)] = Field(
        64, description="connections at the same time, three quarters of them from one address"
    )
    rate: Annotated[float, Field(ge=0.1, le=10_000.0)] = Field(
        10.0,
        description="requests a second from one address on average; those of five seconds may come "
        "at once",
    )
    attract: list[str] = Field(
        [],
        description="what the face (`/face`) shows in turn while it sleeps; empty: hints in "
        "`language`",
    )


class Remote(Section):
    """Help from a model on another machine; off by default."""

    endpoint: str = Field(
        "",
        description="base address of an OpenAI-compatible interface, such as "
        "`http://192.168.1.20:8000/v1`, or a Wyoming conversation service, such as "
        "`tcp://192.168.1.20:10500`; empty: no question ever leaves the device",
    )
    model: str = Field("qwen-max", description="the model's name there")
    share: Literal["hard", "all"] = Field(
        "hard",
        description="which questions go out: the hard ones, or all but the private ones, to a "
        "brain that several devices share",
    )
    system_prompt: str = Field(
        "",
        description="what the model there is told of who it is; empty: a kind, plain assistant "
        "(`llm.system_prompt` never goes out)",
    )
    key_file: str = Field(
        "",
        description="file that holds the key; empty: `$ASSISTANT_REMOTE_KEY`, or systemd's "
        "credential `remote-key`",
    )
    threshold: Annotated[float, Field(ge=0.0, le=1.0)] = Field(
        0.5,
        description="probability that a question is a hard one above which it goes out; "
        "1: only on demand (`ask the cloud ...`), 0: all but greetings and the private ones",
    )
    private: list[str] = Field(
        [], description="further words and phrases; a question with one of them never goes out"
    )
    history: Annotated[int, Field(ge=0, le=20)] = Field(
        0, description="up to so many earlier exchanges may go along"
    )
    redact: list[Literal["names", "numbers", "addresses"]] = Field(
        ["names", "numbers", "addresses"],
        description="what is replaced before it goes out: names that are told as such, numbers of "
        "telephones, cards and papers, postal and mail addresses",
    )
    patience: Annotated[float, Field(ge=0.2, le=30.0)] = Field(
        2.5, description="without a first word after so many s the local model answers"
    )
    timeout: Annotated[float, Field(ge=1.0, le=600.0)] = Field(
        60.0, description="the longest time for a whole answer in s"
    )
    max_tokens: Annotated[int, Field(ge=1, le=8192)] = Field(
        400, description="the longest answer in tokens"
    )
    tone: bool = Field(True, description="play three rising tones when a question goes out")
    per_minute: Annotated[int, Field(ge=0, le=10_000)] = Field(
        10, description="questions that may go out in a minute"
    )
    per_day: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        200, description="questions that may go out in a day"
    )
    per_month: Annotated[int, Field(ge=0, le=10_000_000)] = Field(
        3000, description="questions that may go out in a month"
    )


class Mqtt(Section):
    """State and commands over an MQTT 5 broker, for fleets and Home Assistant; off by default."""

    host: str = Field(
        "", description="name or address of the broker; empty: there is no such connection"
    )
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        0, description="its port; 0: 8883 with TLS, else 1883"
    )
    tls: bool = Field(
        False, description="encrypt the connection, to a broker whose certificate is trusted"
    )
    ca: str = Field(
        "",
        description="file of the authority's certificate in PEM, trusted instead of those of the "
        "system; with one, `tls` is on",
    )
    certificate: str = Field(
        "",
        description="file of this device's own certificate in PEM, where the broker asks for one; "
        "with one, `tls` is on",
    )
    key: str = Field("", description="file of its private key in PEM, no password")
    username: str = Field("", description="name that the broker knows this device by")
    password_file: str = Field(
        "",
        description="file that holds the password; empty: `$ASSISTANT_MQTT_PASSWORD`, or systemd's "
        "credential `mqtt-password`",
    )
    base: str = Field(
        "assistant", description="where all topics begin; this device's are `BASE/DEVICE/...`"
    )
    device: str = Field(
        "",
        description="name of this device in the topics, 1 to 64 of `A-Z a-z 0-9 _ -`; empty: one "
        "that belongs to this machine",
    )
    name: str = Field("", description="name of this device for people; empty: the host's")
    groups: list[str] = Field(
        [], description="groups that it belongs to: it heeds `BASE/group/GROUP/command/...` too"
    )
    commands: bool = Field(
        True, description="do what is asked for over MQTT; `false` only tells what happens"
    )
    text: bool = Field(
        False, description="publish what was said and answered, too, for all who may read there"
    )
    discovery: bool = Field(True, description="let Home Assistant find the device")
    prefix: str = Field("homeassistant", description="where Home Assistant looks for devices")
    interval: Annotated[float, Field(ge=1.0, le=86_400.0)] = Field(
        60.0, description="the metrics are published every so many s"
    )
    keepalive: Annotated[int, Field(ge=5, le=3600)] = Field(
        30, description="after so many s of silence the other side is asked whether it still lives"
    )
    rate: Annotated[float, Field(ge=0.1, le=1000.0)] = Field(
        5.0,
        description="commands a second on average; those of five seconds may come at once, more "
        "are refused",
    )


class Wyoming(Section):
    """What this device does for others by the Wyoming protocol, such as for Home Assistant."""

    enabled: bool = Field(
        False, description="others may use its recogniser, its voice and its language model"
    )
    satellite: bool = Field(
        False,
        description="Home Assistant answers what is said to this device while it is there; "
        "what is said after the wake word goes to it",
    )
    host: str = Field(
        "127.0.0.1",
        description="address to listen on; the protocol knows no passwords, so with another one "
        "than this machine's own, such as `0.0.0.0`, say in `allow` who may connect",
    )
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        10600, description="port for `enabled`; 0: any free one"
    )
    satellite_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        10700, description="port for `satellite`; 0: any free one"
    )
    name: str = Field("", description="what others call it; empty: this machine's name")
    area: str = Field("", description="the room in which it stands, for Home Assistant")
    allow: list[str] = Field(
        [],
        description="addresses and networks that may connect beside this machine, such as "
        "`192.168.1.20` or `192.168.1.0/24`; empty: all that can reach it",
    )
    announce: Literal["auto", "always", "never"] = Field(
        "auto",
        description="let others in the network find it (mDNS); `auto`: unless only this machine "
        "can reach it",
    )
    connections: Annotated[int, Field(ge=2, le=64)] = Field(
        8, description="connections to each port at the same time, three quarters from one address"
    )
    patience: Annotated[float, Field(ge=2.0, le=300.0)] = Field(
        20.0,
        description="without a sign of the server after so many s the satellite answers by itself",
    )


class History(Section):
    """What was said, kept on this device after it was said; see `assistant history`."""

    keep: bool = Field(False, description="write every turn down when it has ended")
    days: Annotated[int, Field(ge=0, le=36_500)] = Field(
        30, description="turns older than so many days are deleted; 0: none are"
    )


class Paths(Section):
    """Where things lie."""

    models: str = Field(
        "",
        description="folder of the models; empty: `$ASSISTANT_MODELS`, `models/` of the checkout, "
        "`/var/lib/assistant/models` where it exists, or the user's data folder",
    )
    personas: str = Field(
        "",
        description="folder of your own personas; empty: `personas` beside the configuration "
        "file, where there is one",
    )
    cache: str = Field(
        "", description="folder of what can be made again; empty: the user's or service's one"
    )
    socket: str = Field(
        "", description="control socket; empty: `assistant/control.sock` in the runtime folder"
    )


class Control(Section):
    """The control socket, by which other programs wake, stop and watch it; see docs/control.md."""

    group: str = Field(
        "",
        description="members of this group may use it, too, beside the user it runs as and root; "
        "empty: nobody else",
    )


class Metrics(Section):
    """Figures for Prometheus; `assistant metrics` and the web page's `/metrics` tell the same."""

    file: str = Field(
        "",
        description="file that is written for node_exporter's textfile collector, such as "
        "`/var/lib/prometheus/node-exporter/assistant.prom`; empty: none",
    )
    interval: Annotated[float, Field(ge=1.0, le=86_400.0)] = Field(
        30.0, description="it is written every so many s"
    )


class Log(Section):
    """What is told to the terminal or the journal."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", description="the least important message that is told"
    )
    transcripts: bool = Field(False, description="write what was said and answered to the log")


class Record(Section):
    """Turns kept whole, with their sound and text, to look into what went wrong."""

    keep: Literal["never", "asked", "always"] = Field(
        "never",
        description="`never`: nothing is held; `asked`: the newest turn is held in memory, and "
        "written when `assistant record` asks for it; `always`: every turn is written",
    )
    folder: str = Field("", description="where they are written; empty: `turns` in the data folder")
    limit: Annotated[int, Field(ge=1, le=100_000)] = Field(
        100, description="how much they may take together, in MiB; the oldest ones go"
    )


class Config(Section):
    """All settings."""

    language: Literal["en", "zh", "auto"] = Field(
        "en",
        description="the language that is spoken with it; `auto`: English and Chinese, each "
        "question is answered in its own; see [languages](languages.md)",
    )
    persona: str = Field(
        "",
        description="who it is: a name from `assistant persona list`, or a path to a persona "
        "file; empty: `kind`; what you set here goes before what it brings along, see "
        "[personas](personas.md)",
    )
    profile: Literal["auto", "zero", "small", "pi4", "full"] = Field(
        "auto",
        description="the defaults for how much this machine can do; `auto` goes by its memory and "
        "cores and `full` changes nothing; what you set here goes before, see "
        "[Raspberry Pi](raspberry-pi.md); `assistant doctor` tells which one holds",
    )
    audio: Audio = Audio()
    echo: Echo = Echo()
    wake: Wake = Wake()
    asr: Asr = Asr()
    vad: Vad = Vad()
    turn: Turn = Turn()
    barge_in: BargeIn = BargeIn()
    ahead: Ahead = Ahead()
    llm: Llm = Llm()
    skills: Skills = Skills()
    knowledge: Knowledge = Knowledge()
    tools: Tools = Tools()
    guard: Guard = Guard()
    speech: Speech = Speech()
    lamp: Lamp = Lamp()
    web: Web = Web()
    remote: Remote = Remote()
    wyoming: Wyoming = Wyoming()
    mqtt: Mqtt = Mqtt()
    history: History = History()
    paths: Paths = Paths()
    control: Control = Control()
    metrics: Metrics = Metrics()
    log: Log = Log()
    record: Record = Record()
    _who: "Persona | None" = PrivateAttr(None)

    @property
    def who(self) -> "Persona":
        """Who it is: what the file named by `persona` says, once `load` has read it."""
        from assistant.persona.reading import Persona

        return self._who or Persona()

    def played_by(self, persona: "Persona") -> Self:
        """Return the same settings with another one that it is."""
        copy = self.model_copy()
        copy._who = persona
        return copy

    @property
    def models_dir(self) -> Path:
        """The folder that holds the models."""
        if chosen := self.paths.models or os.environ.get("ASSISTANT_MODELS", ""):
            return Path(chosen).expanduser()
        checkout = Path(__file__).parent.parent.parent / "models"
        if (checkout / "catalog.toml").is_file() and not checkout.is_relative_to(RELEASES):
            return checkout
        service = Path("/var/lib/assistant/models")
        if service.is_dir():
            return service
        return platformdirs.user_data_path("assistant") / "models"

    @property
    def cache_dir(self) -> Path:
        """The folder of what can be made again at any time."""
        if self.paths.cache:
            return Path(self.paths.cache).expanduser()
        if service := os.environ.get("CACHE_DIRECTORY"):
            return Path(service.split(":")[0])
        return platformdirs.user_cache_path("assistant")

    @property
    def web_token_path(self) -> Path:
        """The file of the web page's token."""
        if self.web.token_file:
            return Path(self.web.token_file).expanduser()
        return self.state_dir / WEB_TOKEN

    @property
    def state_dir(self) -> Path:
        """The folder of what must not be lost."""
        if service := os.environ.get("STATE_DIRECTORY"):
            return Path(service.split(":")[0])
        return platformdirs.user_data_path("assistant")

    @property
    def record_dir(self) -> Path:
        """The folder of recorded turns."""
        if self.record.folder:
            return Path(self.record.folder).expanduser()
        return self.state_dir / "turns"

    @property
    def socket_path(self) -> Path:
        """The control socket."""
        if self.paths.socket:
            return Path(self.paths.socket).expanduser()
        if runtime := os.environ.get("RUNTIME_DIRECTORY"):
            return Path(runtime.split(":")[0]) / "control.sock"
        with warnings.catch_warnings():  # where no session has begun, a folder in /tmp will do
            warnings.simplefilter("ignore")
            return platformdirs.user_runtime_path("assistant") / "control.sock"
