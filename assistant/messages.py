"""Says the command line's sentences in the language of the terminal.

GNU gettext, as the environment tells it (`LANGUAGE`, `LC_ALL`, `LC_MESSAGES`, `LANG`); English
where there is no translation. The catalogues are in assistant/locale, kept by `script/messages`.
What is spoken follows `language` of the configuration instead.
"""

import contextlib
import gettext
import struct
from pathlib import Path

DOMAIN = "assistant"
LOCALE = Path(__file__).parent / "locale"

with contextlib.suppress(OSError, struct.error, ValueError):  # a broken catalogue: English
    gettext.translation(DOMAIN, LOCALE, fallback=True)
    # Click asks the default domain for its own sentences ("Usage:"), which are in there, too.
    gettext.bindtextdomain(DOMAIN, str(LOCALE))
    gettext.textdomain(DOMAIN)


def say(sentence: str, /, **values: object) -> str:
    """Return `sentence` in the terminal's language, its `{names}` filled in with `values`.

    Without any values braces are left as they are.
    """
    found = gettext.gettext(sentence) if sentence else ""
    return found.format(**values) if values else found
