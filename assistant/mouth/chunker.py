"""Cuts a stream of text into clauses to be spoken one by one.

Characters are taken one at a time and a cut is decided when a character arrives, never later, so
the clauses cannot depend on how the stream was cut into pieces. Nothing is dropped or changed: the
clauses joined are the text. A cut that is missed costs a longer clause; a wrong one is heard as a
pause in "Dr. Smith". So every doubt is decided against the cut.

Lengths are counted in Latin letters. A wide character (Chinese, Japanese, Korean) counts three: a
Mandarin syllable lasts about .25 s and a letter of English .07 s at the usual rates of speech.
"""

import re
from collections import deque
from dataclasses import dataclass

WIDE = 3
"""How many Latin letters' time a wide character takes."""
GROWTH = 3
"""A clause may be so many times as long as the one before: a short one leaves less time to make the
next. A slow machine (a Raspberry Pi 4) writes 60 letters a second, of which 14 are spoken."""
STRETCH = 4
"""A clause without any place to cut (a URL, endless dots) is cut at this many times its limit."""
TAIL = 64
"""Characters that are looked back at to judge a place; no abbreviation or marker is longer."""

_CLOSERS = "\"'”’)]}»」』）》】〕〉*_`~"
_ENDERS = "。！？｡"
_OPEN, _CLOSE = "([{«“‘「『（《【〔〈", ")]}»”’」』）》】〕〉"
_CLOSED = f"[{re.escape(_CLOSERS)}]*"
_SENTENCE = re.compile(rf"[.!?؟।…]{_CLOSED}$")
_ELLIPSIS = re.compile(rf"(?:\.\.|…){_CLOSED}$")
_WIDE_SENTENCE = re.compile(f"[{_ENDERS}][{re.escape(_CLOSERS)}]+$")
_PAUSE = re.compile(rf"(?:[,;:،؛]{_CLOSED}|(?:^|\s)[-–—]+|[—…])$")
_INITIALS = re.compile(r"(?:[^\W\d_]\.)+")
_LIST_MARKER = re.compile(r"[\s*_>#-]*(?:\d{1,3}|[^\W\d_]|[ivxIVX]{1,5})[.)]")
_FENCE = re.compile(r"\s*(?:```|~~~)")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Never at the end of a sentence, or hardly ever.
_ABBREVIATIONS = _words(
    "dr mr mrs ms mx prof st sr sra rev hon gen col lt sgt capt gov sen rep pres mt ft "
    "vs viz cf ca approx fig figs eq sec ch vol pp p ed eds nos dept est resp tel incl "
    "jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed thu thur thurs fri "
    "min max avg ave blvd tsp tbsp oz lb lbs"
)
# At the end of a sentence if a capital follows.
_MAYBE = _words("a.m p.m etc inc ltd co corp jr al b.c a.d ph.d")
_CONJUNCTIONS = _words(
    "and but or so because which that while when where if although though since unless until "
    "before after as than"
)
_CONJUNCTIONS_ZH = _words("但是 因为 所以 而且 并且 或者 然后 如果 虽然 不过 以及 因此")


@dataclass(frozen=True)
class Clause:
    """A piece of the reply that is spoken in one go."""

    text: str
    """Exactly as in the reply, white space and Markdown included."""
    index: int
    """0 for the first clause of the reply."""
    start: int
    """Characters of the reply before this clause."""


class Chunker:
    """Turns the pieces of one reply into clauses.

    Cut are: sentences and lines, always; at a comma, colon, semicolon or dash once the clause has
    a third (the first clause) or half (later ones) of its limit; and when it exceeds its limit, at
    the best place it has: a comma, before a conjunction, between words. A fenced code block is one
    clause, however long. The limit grows from the first to that of the later ones.
    """

    def __init__(self, first: int = 60, most: int = 200) -> None:
        """`first` and `most` are the limits of the first and the later clauses, in letters."""
        self._limit, self._most = first, most
        self._index = self._start = 0
        self._scan = _Scan(first, first // 3)

    def feed(self, piece: str) -> list[Clause]:
        """Take the next piece of text; return the clauses that it completes."""
        clauses = []
        queue = deque(piece)
        while queue:
            if cut := self._scan.take(queue.popleft()):
                queue.extendleft(reversed(self._scan.text[cut:]))
                clauses.append(self._clause("".join(self._scan.text[:cut])))
        return clauses

    def hurry(self, limit: int) -> list[Clause]:
        """Somebody waits for the first clause: let it have `limit` letters at the most.

        Returns the clauses that this completes. What was cut before stays as it is.
        """
        if self._index or limit >= self._limit:
            return []
        self._limit = limit
        if not (cut := self._scan.hurry(limit)):
            return []
        rest = "".join(self._scan.text[cut:])
        return [self._clause("".join(self._scan.text[:cut])), *self.feed(rest)]

    def finish(self) -> list[Clause]:
        """The text is complete: return what is left, as a list of one clause or none."""
        return [self._clause("".join(self._scan.text))] if self._scan.text else []

    def _clause(self, text: str) -> Clause:
        clause = Clause(text, self._index, self._start)
        self._index += 1
        self._start += len(text)
        self._limit = min(self._limit * GROWTH, self._most)
        self._scan = _Scan(self._limit, self._limit // 2)
        return clause


class _Scan:
    """The clause being read: what is known of it after each character."""

    def __init__(self, limit: int, eager: int) -> None:
        self.text: list[str] = []
        self._limit, self._eager = limit, eager
        self._weight = 0
        self._voiced = False  # holds something that can be said
        self._open = 0  # brackets and quotes not yet closed
        self._quoted = False  # within straight double quotes
        self._line = self._block = 0  # where the current line and code block begin
        self._fence = ""  # the marks that close the code block being read
        self._pause = self._conjunction = self._word = 0  # the last place of each kind

    def hurry(self, limit: int) -> int:
        """Have another limit from now on; return as `take` does."""
        self._limit, self._eager = limit, limit // 3
        return 0 if self._fence else self._overflow()

    def take(self, ch: str) -> int:
        """Add a character; return how many characters of `text` are a clause, 0 for none yet."""
        self.text.append(ch)
        at = self._code(ch) if self._fence or ch in "`~" else 0
        if not self._fence:
            at = at or self._prose(ch)
        if ch == "\n":
            self._line = len(self.text)
        return at

    def _code(self, ch: str) -> int:
        """Notice that a code block begins; return the length of the text where it ends, else 0."""
        if self._fence and ch != "\n":
            return 0
        line = "".join(self.text[self._line :]) if len(self.text) - self._line < TAIL else ""
        if not self._fence:
            self._fence = line.strip() if _FENCE.fullmatch(line) else ""
            self._block = self._line
            return 0
        closes = self._line > self._block and line.strip().strip(self._fence[0]) == ""
        return len(self.text) if closes and self._fence in line else 0

    def _prose(self, ch: str) -> int:
        """Return how many characters are a clause now that `ch` is there, 0 for none yet."""
        self._open = max(self._open + (ch in _OPEN) - (ch in _CLOSE), 0)
        self._quoted ^= ch == '"'
        tail = "".join(self.text[-TAIL:])
        self._weight += WIDE if _wide(ch) else 1
        at = self._sentence(tail) if self._voiced else 0
        if not at and (pause := _pause(tail)) and self._voiced:
            place = len(self.text) - pause + 1
            if self._weight >= self._eager:
                at = place
            elif self._weight * 3 >= self._limit:
                self._pause = place
        self._note_words(tail)
        self._voiced = self._voiced or ch.isalnum()
        return at or self._overflow()

    def _sentence(self, tail: str) -> int:
        """Return where a sentence ends: after the last character, before it, or 0."""
        n, ch, last = len(self.text), tail[-1], tail[-2:-1]
        if ch == "\n":
            return n
        if ch in _ENDERS or _WIDE_SENTENCE.search(tail):
            return 0 if self._open or self._quoted else n
        if last and last in _ENDERS and ch not in _CLOSERS:
            return n - 1
        if last and last in "!?." and _wide(ch) and ch.isalnum():
            return n - 1 if last != "." or _wide(tail[-3:-2]) else 0
        if ch.isspace():
            return n if self._ends_sentence(tail[:-1]) else 0
        if last.isspace() and (word := _last_word(tail[:-1].rstrip())).endswith("."):
            word = word[:-1].lower()
            if (word in _MAYBE and ch.isupper()) or (word == "no" and not ch.isdigit()):
                return n - 1
        return 0

    def _ends_sentence(self, text: str) -> bool:
        """Whether `text`, which white space follows, is the end of a sentence for certain."""
        if not _SENTENCE.search(text) or _ELLIPSIS.search(text):
            return False
        bare = text.rstrip(_CLOSERS)
        return not bare.endswith(".") or not (self._holds(bare) or _doubtful(bare))

    def _holds(self, text: str) -> bool:
        """Whether what follows belongs to the last word: "Dr.", "J.", "e.g.", "1." of a list."""
        word = _last_word(text)
        if len(self.text) - self._line < TAIL // 2 and _LIST_MARKER.fullmatch(
            "".join(self.text[self._line :]).rstrip()
        ):
            return True
        if not word.endswith("."):
            return False
        return word[:-1].lower() in _ABBREVIATIONS or _INITIALS.fullmatch(word) is not None

    def _note_words(self, tail: str) -> None:
        """Remember the places where the clause may be cut if it gets too long."""
        n, ch, last = len(self.text), tail[-1], tail[-2:-1]
        late = self._weight * 3 >= self._limit
        if ch.isspace() and not last.isspace():
            word = _last_word(tail[:-1])
            if not self._holds(tail[:-1]) and not word.isdigit() and not _doubtful(tail[:-1]):
                self._word = n
            if word.lower() in _CONJUNCTIONS and late:
                self._conjunction = n - 1 - len(word)
        elif _wide(ch) and ch.isalnum() and last and _wide(last):
            self._word = n - 1
            if tail[-2:] in _CONJUNCTIONS_ZH and late:
                self._conjunction = n - 2

    def _overflow(self) -> int:
        if self._weight > STRETCH * self._limit:
            return len(self.text)
        if self._weight <= self._limit or not self._voiced:
            return 0
        return self._pause or self._conjunction or self._word


def _wide(ch: str) -> bool:
    return ch >= "\u2e80"


def _pause(tail: str) -> int:
    """Return 1 if a pause ends with the last character of `tail`, 2 if before it, 0 if none."""
    ch, last = tail[-1], tail[-2:-1]
    if ch in "，；：、" and not last.isdigit():
        return 1
    if ch.isspace():
        return 1 if _PAUSE.search(tail[:-1]) or _ELLIPSIS.search(tail[:-1]) else 0
    if last and ((last in "，；：、" and not ch.isdigit()) or (last in "—…" and ch not in "—…")):
        return 0 if ch in _CLOSERS else 2
    return 0


def _doubtful(text: str) -> bool:
    """Whether only the next word tells if the full stop at the end of `text` ends a sentence."""
    return _last_word(text)[:-1].lower() in _MAYBE | {"no"} and text.endswith(".")


def _last_word(text: str) -> str:
    parts = text.split()
    return parts[-1].strip("\"'“”‘’([{*_`~") if parts and not text[-1:].isspace() else ""
