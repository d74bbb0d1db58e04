import ctypes

import pytest

from assistant import memory
from assistant.bench.memory import resident_mb

GLIBC = hasattr(ctypes.CDLL(None), "malloc_trim")


@pytest.mark.skipif(not GLIBC, reason="another C library than glibc gives memory back by itself")
def test_what_was_freed_goes_back_to_the_system():
    many = [bytearray(50_000) for _ in range(4000)]  # 200 MB in pieces too small to be mapped
    last = bytearray(50_000)  # above all of them, so that the heap cannot shrink by itself
    del many
    kept = resident_mb("VmRSS")
    assert memory.give_back()
    assert resident_mb("VmRSS") < kept - 100
    assert len(last) == 50_000


def test_where_the_c_library_cannot_nothing_happens(monkeypatch):
    monkeypatch.setattr(memory, "_trim", lambda: None)
    assert memory.give_back() is False
