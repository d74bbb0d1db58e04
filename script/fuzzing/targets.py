"""The parsers, with input that each of them likes, and how it is given to them."""

import contextlib
import functools
import io
import json
import struct
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assistant.errors import AssistantError
from fuzzing import web

MEMORY = Path("/dev/shm")
ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Target:
    """One parser."""

    seeds: Callable[[], list[bytes]]
    parse: Callable[[bytes], object]
    """Raises `AssistantError` for what it refuses; all else is a fault."""
    share: int = 5
    """Of the cases, relative to the others; slow ones have fewer."""


@functools.cache
def folder() -> Path:
    """Return a folder in memory for the parsers that read files; it goes with the process."""
    made = tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)
    _kept.append(made)
    return Path(made.name)


_kept: list[object] = []


def file(name: str, data: bytes) -> Path:
    """Write the input where a parser can read it."""
    path = folder() / name
    path.write_bytes(data)
    return path


def lines(*told: object) -> list[bytes]:
    """Return each as a line of JSON."""
    return [json.dumps(each).encode() for each in told]


# --- what programs send ---------------------------------------------------------------------------


def socket_seeds() -> list[bytes]:
    """Requests of the control socket."""
    question = {
        "command": "chat",
        "client": "a",
        "messages": [{"role": "user", "text": "hi"}],
        "max_tokens": 5,
        "temperature": 0.5,
        "stop": ["x"],
        "may_leave": True,
    }
    return lines(
        question,
        {"command": "wake", "protocol": 1},
        {"command": "set", "volume": 0.5, "muted": True},
        {"command": "set", "language": "zh", "voice": "x", "rate": 1.5},
        {"command": "trace", "turn": "last"},
        {"command": "speak", "text": "Hello.", "speed": 1.0, "rate": 16000},
        {"command": "record", "next": 3},
        {"command": "ask", "text": "现在几点"},
        {"audio": "AAAA"},
        {"command": "adapter", "name": "x"},
    )


def socket(data: bytes) -> None:
    """One line, as far as it comes without a daemon behind."""
    from assistant.serve import control, lending, protocol, questions, settings, talk
    from assistant.serve.requests import checked

    request = control._parsed(data)
    if isinstance(audio := request.get("audio"), str):
        talk._samples(audio)
    protocol.check(request)
    match request["command"]:
        case "chat":
            questions.read(request)
        case "speak":
            checked(lending.Said, request, "text")
        case "set":
            settings.checked({key: request[key] for key in request if key != "command"})


def wyoming_seeds() -> list[bytes]:
    """Events with all their parts."""
    header = {
        "type": "audio-chunk",
        "data": {"rate": 16000},
        "data_length": 12,
        "payload_length": 4,
    }
    body = json.dumps(header).encode() + b"\n" + b'{"width": 2}' + b"\x00\x01\x02\x03"
    plain = b'{"type": "transcript", "data": {"text": "hello"}}\n'
    return [body, plain, body + plain * 2, b'{"type": "ping"}\n']


def wyoming(data: bytes) -> None:
    """In two pieces, as the network may cut it."""
    from assistant.wyoming import wire

    reader, half = wire.Reader(), len(data) // 2
    for piece in (data[:half], data[half:]):
        for event in reader.feed(piece):
            if "text" in event.data:
                wire.text(event)


def mqtt_seeds() -> list[bytes]:
    """Payloads; the first byte chooses the command."""
    told = lines(
        {"volume": 0.5, "id": "a"}, {"text": "hi"}, {"id": "b"}, {"muted": True, "rate": 1.2}
    )
    return [
        bytes([number]) + each for number in range(12) for each in (*told, b"0.5", b"on", b"PRESS")
    ]


def mqtt(data: bytes) -> None:
    """One message to a topic of commands."""
    from assistant.serve.mqtt import orders

    names = [*orders.FIELDS, orders.CHANGE]
    orders.named(data[1:])
    orders.read(names[data[0] % len(names)] if data else "", data[1:])


def stream_seeds() -> list[bytes]:
    """Answers of a remote model."""
    piece = b'data: {"choices": [{"delta": {"content": "Hi"}, "finish_reason": null}]}\n\n'
    end = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
    return [
        piece + end,
        piece * 3,
        b'data: {"error": {"message": "no"}}\n\n',
        b": ping\n\n" + piece,
    ]


def stream(data: bytes) -> None:
    """Server-sent events, in two pieces."""
    from assistant.mind.remote.stream import Answer

    answer, half = Answer(), len(data) // 2
    for piece in (data[:half], data[half:]):
        list(answer.feed(piece))


# --- what people write ----------------------------------------------------------------------------


def config_seeds() -> list[bytes]:
    """The whole template, each of its sections, and small ones."""
    from assistant.config import template

    whole = template()
    return [
        *(part.encode() for part in whole.split("\n\n") if part.strip()),
        b'language = "zh"\n[turn]\nmax_silence = 0.8\n[wyoming]\nallow = ["127.0.0.1"]\n',
        b'[record]\nkeep = "asked"\nlimit = 5\n[speech]\nvolume = 0.5\nvoice = "x"\n',
    ]


def config(data: bytes) -> None:
    """A configuration file."""
    from assistant.config import load

    load(file("config.toml", data))


def catalogue_seeds() -> list[bytes]:
    """The first entries of the shipped catalogue, one by one and together."""
    head, *entries = (ROOT / "models" / "catalog.toml").read_text().split("[[model]]")
    ones = [f"[[model]]{each}" for each in entries[:8]]
    return [each.encode() for each in (head, *ones, head + ones[0] + ones[5])]


def catalogue(data: bytes) -> None:
    """A catalogue of models."""
    from assistant import models

    models.catalogue(file("catalog.toml", data))


def persona_seeds() -> list[bytes]:
    """All shipped ones."""
    return [path.read_bytes() for path in sorted((ROOT / "assistant/data/personas").glob("*.toml"))]


def persona(data: bytes) -> None:
    """A persona file."""
    from assistant.persona.reading import read

    read(file("mine.toml", data))


YAML = b"""lists:
  colour: {en: [red, green]}
actions:
  lamp:
    en: ["turn the lamp (on|off) {colour}", "[please] light {colour}"]
    zh: ["\xe5\xbc\x80\xe7\x81\xaf"]
    say: {en: "It is {colour}."}
    run: [/usr/bin/true, "{colour}"]
    limits: {n: [1, 5]}
"""


def actions_seeds() -> list[bytes]:
    """Those of the documentation, as TOML and YAML; the first byte chooses."""
    shipped = sorted((ROOT / "docs/examples/actions").glob("*.toml"))
    return [
        *(b"t" + path.read_bytes() for path in shipped),
        b"y" + YAML,
        b't[actions.lamp]\nen = ["light"]\nsay = {en = "Yes."}\n',
    ]


def actions(data: bytes) -> None:
    """A file of actions."""
    from assistant.mind.skills.actions import load

    load(file("mine.toml" if data[:1] == b"t" else "mine.yaml", data[1:]))


def sentences_seeds() -> list[bytes]:
    """Sentences of one's own."""
    return [
        b"""language: en
intents:
  clock.time:
    data:
      - sentences: ["what time is it [now]", "<please> tell me the time"]
lists:
  city: {values: [paris, rome]}
expansion_rules:
  please: "[please|kindly]"
""",
        b"intents: {a: {data: [{sentences: ['b {city:c}']}]}}",
    ]


def sentences(data: bytes) -> None:
    """A file of sentences."""
    from assistant.mind.skills.sentences import parse

    parse(_text(data), "mine.yaml", "en")


def documents_seeds() -> list[bytes]:
    """One of each kind that takes no PDF library; the first byte chooses."""
    page = b"<html><head><title>T</title></head><body><h1>A</h1><p>B <b>c</b></p><table><tr><td>d"
    word = io.BytesIO()
    with zipfile.ZipFile(word, "w") as packed:
        space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
        packed.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{space}"><w:body><w:p><w:r><w:t>Hello</w:t></w:r></w:p>'
            "</w:body></w:document>",
        )
    return [
        b"\x00plain text\n\nmore",
        b"\x01" + page,
        b"\x02# A\n\n- b\n- c\n\n| x | y |\n|---|---|\n| 1 | 2 |\n",
        b"\x03question,answer\nwhat is it|which,a box\n",
        b"\x04" + word.getvalue(),
        b"\x01<!DOCTYPE html>&amp;&#0;",
    ]


def documents(data: bytes) -> None:
    """A document for the knowledge."""
    from assistant.mind.knowledge.reading import read

    names = ("a.txt", "a.html", "a.md", "a.csv", "a.docx")
    read(names[data[0] % len(names)] if data else "a.txt", data[1:], 1 << 20)


def pdf_seeds() -> list[bytes]:
    """A page of text, as a writer makes it, and one by hand."""
    import pypdf

    draw = b"BT /F1 12 Tf 72 700 Td (Hello world.) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(draw), draw),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    page, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(page))
        page += b"%d 0 obj\n%b\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(page)
    page += b"xref\n0 6\n0000000000 65535 f \n" + table + end
    written, writer = io.BytesIO(), pypdf.PdfWriter(clone_from=io.BytesIO(page))
    writer.pages[0].compress_content_streams()
    writer.write(written)
    return [page, written.getvalue()]


def pdf(data: bytes) -> None:
    """A PDF for the knowledge."""
    from assistant.mind.knowledge.reading import read

    read("a.pdf", data, 1 << 20)


# --- files that machines write --------------------------------------------------------------------


def wav_seeds() -> list[bytes]:
    """Every kind of header that libsndfile reads, with a little sound."""
    import soundfile

    pcm, made = np.arange(-400, 400, dtype=np.int16), []
    for form, kind in (
        ("WAV", "PCM_16"),
        ("WAV", "FLOAT"),
        ("WAV", "PCM_U8"),
        ("WAVEX", "PCM_24"),
        ("FLAC", "PCM_16"),
        ("OGG", "VORBIS"),
        ("RF64", "PCM_16"),
        ("AIFF", "PCM_16"),
        ("WAV", "IMA_ADPCM"),
    ):
        into = io.BytesIO()
        soundfile.write(into, pcm, 16000, format=form, subtype=kind)
        made.append(into.getvalue())
    return made


def wav(data: bytes) -> None:
    """A sound file."""
    from assistant.audio.wav import read

    read(file("a.wav", data), longest_s=600)


def gguf_seeds() -> list[bytes]:
    """Small models."""

    def text(of: str) -> bytes:
        return struct.pack("<Q", len(of)) + of.encode()

    pairs = [
        text("general.architecture") + struct.pack("<I", 8) + text("qwen2"),
        text("qwen2.context_length") + struct.pack("<II", 4, 32768),
        text("qwen2.block_count") + struct.pack("<II", 4, 2),
        text("tokenizer.ggml.model") + struct.pack("<I", 8) + text("gpt2"),
        text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text("b"),
        text("general.alignment") + struct.pack("<II", 4, 32),
        text("x.scores") + struct.pack("<IIQ", 9, 6, 3) + struct.pack("<3f", 1, 2, 3),
    ]
    tensor = text("token_embd.weight") + struct.pack("<IQQIQ", 2, 32, 2, 2, 0)
    return [
        b"GGUF" + struct.pack("<IQQ", version, 1, len(some)) + b"".join(some) + tensor + bytes(200)
        for version in (2, 3)
        for some in (pairs, pairs[:3])
    ]


def gguf(data: bytes) -> None:
    """A language model's header."""
    from assistant.mind import gguf as reading

    path = file("a.gguf", data)
    for read in (reading.inspect, reading.contents):
        with contextlib.suppress(AssistantError):
            read(path)


def recording_seeds() -> list[bytes]:
    """The turns of tests/field, unpacked so that changes reach what is inside; see `recording`."""
    made = []
    for path in sorted((ROOT / "tests" / "field").glob("*.zip")):
        made.append(b"z" + path.read_bytes()[:LARGEST_ZIP])
        with zipfile.ZipFile(path) as packed:
            made.append(b"t" + b"\n".join(packed.read("turn.jsonl").split(b"\n")[:20]))
    return made


LARGEST_ZIP = 60_000


def recording(data: bytes) -> None:
    """A recorded turn, as a file or as the text inside, and its replay."""
    from assistant.record.recording import read
    from assistant.record.replay import replay

    content = data[1:]
    if data[:1] == b"t":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as into:
            into.writestr("turn.jsonl", content)
        content = packed.getvalue()
    replay(read(file("turn.zip", content)))


def kept_seeds() -> list[bytes]:
    """What the assistant keeps for its next start; the first byte chooses."""
    trail = {
        "began": 1.0,
        "at": 2.0,
        "phase": "speaking",
        "cut": True,
        "spoken": True,
        "language": "en",
        "due": ["tea"],
        "missed": [],
        "failed": False,
        "ends": 1,
        "blamed": {"mind": 1},
    }
    return [
        b"\x00" + lines(trail)[0],
        b"\x01" + lines({"volume": 0.5, "muted": True, "rate": 1.0})[0],
        b"\x02" + lines({"threads": 2})[0],
    ]


def kept(data: bytes) -> None:
    """Files that a power cut may have damaged: they are passed over, and never raise."""
    from assistant import trail
    from assistant.config import Config
    from assistant.serve import settings

    kind, content = data[:1], data[1:]
    if kind == b"\x00":
        if left := trail.parse(content.decode("utf-8", "replace")):
            trail.events(left, 10.0)
    else:
        settings.read(file("settings.json", content), Config())


def signature_seeds() -> list[bytes]:
    """A signature, what it vouches for, and a key; the first byte chooses."""
    import base64

    signed = ROOT / "tests" / "data" / "signed"
    bundle = (signed / "official.sig").read_bytes()
    statement = base64.b64decode(json.loads(bundle)["dsseEnvelope"]["payload"])
    return [b"\x00" + bundle, b"\x01" + statement, b"\x02" + (signed / "owner.pub").read_bytes()]


def signature(data: bytes) -> None:
    """The signature of a folder of models; what it signs also by itself, as its owner may err."""
    from assistant import signing

    signed = ROOT / "tests" / "data" / "signed"
    kind, rest = data[:1], data[1:]
    if kind == b"\x01":
        signing._told(rest, signed)
    elif kind == b"\x02":
        signing.opened(signed / "official.sig", file("owner.pub", rest))
    else:
        signing.opened(file("models.sig", rest), signed / "owner.pub")


# --- what is heard --------------------------------------------------------------------------------


def words_seeds() -> list[bytes]:
    """What recognisers and models write."""
    return [
        each.encode()
        for each in (
            "what time is it",
            "Okay, stop it.",
            "that's all, thanks",
            "uh-huh",
            "算了，不用了",
            "现在几点了？",
            "It costs $3.50 at 10:30 on 2026-11-27, 50 % of 1/2 km.",
            "3月5日下午三点半，温度是-5℃。",
            "call 0171 2345678 or a@b.com, see https://x.org/a?b=c",
            "1. one\n2. two\n```py\nx = 1\n```\n**bold**",
        )
    ]


def words(data: bytes) -> None:
    """Texts on their way through the decider's reading, the clauses and what is said for them."""
    from assistant.conversation.addressed import Said, addressed
    from assistant.conversation.endings import ending
    from assistant.conversation.farewell import farewell
    from assistant.conversation.overheard import echoed, halts, interrupts
    from assistant.mouth.chunker import Chunker
    from assistant.mouth.spoken import speakable
    from assistant.wording import said

    text = data.decode("utf-8", "replace")[:2000]
    said(text), ending(text), farewell(text), halts(text, ("stop", "停"))
    addressed(Said(text, "Shall I go on?"))
    echoed(text[:200], text[:300])
    interrupts(text, text[::-1][:300], ("uh huh",), ("wait",), lasted=1.0, ended=True)
    chunker = Chunker()
    for clause in chunker.feed(text):
        speakable(clause.text, "auto")
    speakable(text[:300], "en"), speakable(text[:300], "zh")


@functools.cache
def books() -> list[Any]:
    """Return the sentences of both languages."""
    from assistant.mind.skills.book import Book

    return [Book.load(language) for language in ("en", "zh")]


def skills_seeds() -> list[bytes]:
    """What skills take, with numbers, times and units."""
    told = (
        "set a timer for one hour and 25 minutes", "what is 12 times seven point five",
        "wake me at half past six tomorrow", "how many miles are 3/4 of a kilometer",
        "设一个二十五分钟的计时器", "三千零五乘以零点二等于多少", "明天早上六点半叫我起床",
        "十二月二十五号是星期几", "what day is the 31st of february", "roll 2 dice",
    )  # fmt: skip
    return [each.encode() for each in told]


def skills(data: bytes) -> None:
    """What was said, on its way to the skill that answers it."""
    text = data.decode("utf-8", "replace")[:300]
    for book in books():
        book.match(text)


def _text(data: bytes) -> str:
    from assistant.errors import BadInput

    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise BadInput("no text") from error


TARGETS = {
    "socket": Target(socket_seeds, socket),
    "wyoming": Target(wyoming_seeds, wyoming),
    "mqtt": Target(mqtt_seeds, mqtt),
    "stream": Target(stream_seeds, stream),
    "web": Target(web.seeds, web.request),
    "config": Target(config_seeds, config, share=1),
    "catalogue": Target(catalogue_seeds, catalogue, share=1),
    "persona": Target(persona_seeds, persona, share=1),
    "actions": Target(actions_seeds, actions, share=1),
    "sentences": Target(sentences_seeds, sentences, share=1),
    "documents": Target(documents_seeds, documents),
    "wav": Target(wav_seeds, wav),
    "gguf": Target(gguf_seeds, gguf),
    "recording": Target(recording_seeds, recording),
    "kept": Target(kept_seeds, kept),
    "signature": Target(signature_seeds, signature),
    "pdf": Target(pdf_seeds, pdf, share=1),
    "skills": Target(skills_seeds, skills, share=1),
    "words": Target(words_seeds, words, share=1),
}
