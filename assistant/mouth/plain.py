"""Takes the writing out of a text: Markdown, HTML, addresses, emoji. What is left can be read out.

Every pattern is bounded or begins at a character that few positions have, so that the time grows
with the length of the text only.
"""

import html
import re

_FENCE = re.compile(r"^ ?(```|~~~).*?(?:^ ?\1[`~]* ?$|\Z)", re.DOTALL | re.MULTILINE)
_ADDRESS_END = r"\s<>\"'|\u3000-\u303f\uff00-\uffef“”‘’"
# Chinese stands right beside an address, so that the edges of words (\b, \w) are not its edges.
_URL = re.compile(
    rf"(?<![A-Za-z0-9_])(?:(?:https?|ftp)://|(?<![@.])www\.)[^{_ADDRESS_END}]+", re.IGNORECASE
)
_MAIL = re.compile(
    r"(?<![A-Za-z0-9_.+-])([A-Za-z0-9][A-Za-z0-9_.+-]{0,63})"
    r"@((?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,})"
)
_SUFFIXES = (
    "com|org|net|io|dev|gov|edu|info|cn|uk|de|eu|fr|jp|co|ai|app|html?|css|jsx?|tsx?|py|cc?|h|cpp|rs|"
    "go|java|json|toml|ya?ml|xml|csv|txt|md|pdf|docx?|xlsx?|png|jpe?g|gif|svg|mp[34]|wav|ogg|flac|"
    "zip|tar|gz|xz|deb|whl|sh|exe|ini|conf|cfg|log|sql|db|so|service|onnx|gguf"
)
_FILE = re.compile(
    r"(?<![A-Za-z0-9_./@-])([A-Za-z_][A-Za-z0-9_-]{1,63}"
    rf"(?:\.[A-Za-z][A-Za-z0-9_-]{{0,63}}){{0,3}}\.(?:{_SUFFIXES}))(?![A-Za-z0-9_-])"
)
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LINES = [
    (r"^ ?[|:=-][ |:=-]{2,}$", ""),  # the rule under a head, or between sections
    (r"^ ?(?:[*_] ?){3,}$", ""),
    (r"^ ?(?:> ?)+", ""),
    (r"^ ?#{1,6} +", ""),
    (r"^ ?[-*+•·] +(?:\[[ xX]\] )?", ""),
    # An item's number is no sentence of its own.
    (rf"^ ?([*_]{{0,3}}\d{{1,3}})[.)）](?: +|(?=[{_HAN}]))", r"\1, "),
    (r"^ ?\| ?| ?\| ?$", ""),
    (r" ?\| ?", ", "),
]
_LINKS = [
    (r"\)(?=!?\[)", ") "),  # links side by side are not one word
    (r"!?\[([^\[\]\n]{0,300})\]\([^()\n]{0,2000}(?:\([^()\n]{0,200}\)[^()\n]{0,200})?\)", r"\1"),
    (r"\]\([^()\s]{1,2000}\)", " "),  # the end of a link that was cut in two
    (r"\[\^?\d{1,3}\]", " "),  # a footnote's mark
]
_INLINE = [
    (r"</?[A-Za-z][^<>\n]{0,200}>|<!--[^<>\n]{0,300}-->", " "),
    (r"(?<=\d) ?\* ?(?=\d)|(?<=\w) \* (?=\w)", " × "),
    (rf"(?<=[{_HAN}])\*{{1,3}}|\*{{1,3}}(?=[{_HAN}])", ""),
    (r"(?<=[\w.,:;!?])\*{1,3}(?=\w)", " "),
    (r"\*{1,3}(?=\S)|(?<=\S)\*{1,3}", ""),
    (r"(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)", ""),
    (r"~~|\$\$|\\[()\[\]]|[`\\*_]", " "),
]
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufe00-\ufe0f]")
_UNSAID = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\u20e3\u2139\u2300-\u23ff\u2500-\u27bf"
    "\u2b00-\u2bff\ufffc-\uffff\U0001f000-\U0001faff\U000e0000-\U0010ffff]"
)
# Wide digits, letters and signs become narrow; the wide punctuation stays, it is Chinese.
_NARROW = str.maketrans(
    {chr(c): chr(c - 0xFEE0) for c in range(0xFF10, 0xFF5B) if chr(c).isalnum()}
    | {wide: chr(ord(wide) - 0xFEE0) for wide in "％＋－／＝．＃＄＆＠～＜＞＊＿"}
    | {"￥": "¥", "℃": "°C", "℉": "°F", "−": "-", "‐": "-", "‑": "-", "∶": ":"}
)


def plain(text: str, *, remark: str, dot: str, at: str) -> str:
    """Return `text` in one line without its markup.

    `remark` is said in place of a code block, `dot` and `at` for the signs in addresses.
    """
    text = _UNSEEN.sub("", html.unescape(text).translate(_NARROW))
    text = re.sub(r"[^\D0-9]", lambda m: str(int(m[0])), text)  # the digits of other scripts
    text = re.sub("[\u2460-\u2473]", lambda m: f" {ord(m[0]) - 0x245F} ", text)  # ① to ⑳
    text = re.sub(r"[^\S\n]+", " ", text)
    text = _FENCE.sub(f"\n{remark}\n", text)
    for pattern, new in _LINKS:
        text = re.sub(pattern, new, text)
    text = _URL.sub(lambda m: _host(m[0], dot), text)
    text = _MAIL.sub(lambda m: f" {_spell(m[1], dot)}{at}{_spell(m[2], dot)} ", text)
    text = _FILE.sub(lambda m: _spell(m[1], dot), text)
    for pattern, new in (*_LINES, *_INLINE):
        text = re.sub(pattern, new, text, flags=re.MULTILINE)
    text = _UNSAID.sub(" ", text)
    return _one_line(text)


def prose(text: str) -> str:
    """Return `text` without code blocks and addresses, which say nothing about its language."""
    for pattern in (_FENCE, _URL, _MAIL, _FILE):
        text = pattern.sub(" ", text)
    return text


def _host(url: str, dot: str) -> str:
    """Say where an address leads: its host alone, for nobody can follow a path by ear."""
    bare = url.rstrip(".,;:!?)]}*_")
    host = re.split(r"[/?#]", bare.split("://", 1)[-1], maxsplit=1)[0]
    host = host.rpartition("@")[2].split(":", 1)[0]
    host = re.sub(r"^www\.", "", host, flags=re.IGNORECASE)
    return f" {_spell(host, dot)} {url[len(bare) :]}"


def _spell(name: str, dot: str) -> str:
    return name.replace(".", dot)


def _one_line(text: str) -> str:
    """Join the lines; one that ends without punctuation gets a full stop, so that a voice rests."""
    lines = [line for line in (line.strip() for line in text.split("\n")) if line]
    stop = "。" if re.search(f"[{_HAN}]", text) else "."
    ended = [line if _ends(line) else line + stop for line in lines[:-1]]
    if lines:
        broken = "\n" in text.strip(" ") and text.rstrip(" ").endswith("\n")
        ended.append(lines[-1] + stop if broken and not _ends(lines[-1]) else lines[-1])
    return " ".join(ended)


def _ends(line: str) -> bool:
    return line[-1] in ".!?:;,。！？：；，、…—\"'”’)]}」』）】》"
