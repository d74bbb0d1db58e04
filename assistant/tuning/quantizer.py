"""Quantizes a model file, as a program of its own: so it can be ended at any moment.

    python -m assistant.tuning.quantizer SOURCE TARGET FTYPE THREADS

llama.cpp asks nobody whether to go on, and a file that it cannot read may end the process. Says how
many bytes the weights will take, waits for a line that allows it, and writes; what went wrong is
said on standard error.
"""

import ctypes
import os
import re
import signal
import sys
from typing import Any

SIZE = re.compile(r"quant size\s*=\s*([\d.]+) MiB")
PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>: the signal that comes when the parent ends."""
LOG_ERROR = 4
"""`GGML_LOG_LEVEL_ERROR`."""


def main(arguments: list[str]) -> int:
    """Do it; return the exit code."""
    for number in (signal.SIGINT, signal.SIGPIPE):  # end at once, also within llama.cpp
        signal.signal(number, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    import llama_cpp

    source, target, kind, threads = arguments
    said: list[tuple[int, str]] = []

    def hear(level: int, text: bytes, _: object) -> None:
        said.append((level, text.decode("utf-8", "replace").strip()))

    callback = llama_cpp.llama_log_callback(hear)
    llama_cpp.llama_log_set(callback, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.nthread, params.allow_requantize = int(kind), int(threads), True
    params.max_buf_size = 64 << 20  # its default is 8 GB

    def run(*, dry: bool) -> bool:
        params.dry_run = dry
        names = os.fsencode(source), os.fsencode(target)
        failed = llama_cpp.llama_model_quantize(*names, ctypes.byref(params))
        if failed:
            print(_why(said), file=sys.stderr)
        return not failed

    if not run(dry=True):
        return 1
    print(_size(said), flush=True)
    return 0 if sys.stdin.readline() and run(dry=False) else 1


def _size(said: list[tuple[int, str]]) -> int:
    """Return the bytes that the weights will take, as the last run has told; 0: it has not."""
    found: list[Any] = [match for _, text in said if (match := SIZE.search(text))]
    return int(float(found[-1][1]) * (1 << 20)) if found else 0


def _why(said: list[tuple[int, str]]) -> str:
    errors = [text for level, text in said if level == LOG_ERROR and text]
    return errors[-1] if errors else "no reason was given"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
