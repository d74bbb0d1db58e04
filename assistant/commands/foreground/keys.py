"""The keys of a terminal, one by one as they are pressed."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def keys(pressed: Callable[[str], None]) -> Iterator[Callable[[], None]]:
    """Call `pressed` with every key, without Enter, while a terminal is the standard input.

    Yields a function that gives the terminal back as it was, which the end does too.
    """
    if not _in_foreground():
        yield lambda: None
        return
    import termios
    import tty

    loop, number = asyncio.get_running_loop(), sys.stdin.fileno()
    before = termios.tcgetattr(number)

    def restore() -> None:
        loop.remove_reader(number)
        with contextlib.suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(number, termios.TCSANOW, before)

    def read() -> None:
        try:
            key = os.read(number, 1)
        except OSError:
            key = b""
        if key:
            pressed(key.decode("ascii", "ignore"))
        else:
            loop.remove_reader(number)

    tty.setcbreak(number)
    loop.add_reader(number, read)
    try:
        yield restore
    finally:
        restore()


def _in_foreground() -> bool:
    """Whether keys are for us: a job in the background is stopped when it reads them."""
    try:
        return sys.stdin.isatty() and os.getpgrp() == os.tcgetpgrp(sys.stdin.fileno())
    except OSError:  # a terminal, but not the one that controls this process
        return False
