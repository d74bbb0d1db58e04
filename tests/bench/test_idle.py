"""What waiting costs, read from the kernel: of real threads and processes."""

import os
import subprocess
import sys
import threading
import time

import pytest

from assistant.bench.idle import Use, compared, uses
from assistant.errors import AssistantError
from assistant.worker import call_thread


def test_a_thread_is_known_to_the_kernel_by_its_name_and_counted_as_often_as_it_is_woken():
    end, wakes = threading.Event(), threading.Semaphore(0)
    woken = 0

    def run():
        nonlocal woken
        call_thread("ears) (of 3 dogs")  # the kernel keeps 15 characters, whatever they are
        while not end.is_set():
            wakes.acquire()
            woken += 1

    thread = threading.Thread(target=run)
    thread.start()
    try:
        before = uses(os.getpid())
        for wanted in range(1, 31):
            wakes.release()
            while woken < wanted:
                time.sleep(0.001)
        after = uses(os.getpid())
    finally:
        end.set()
        wakes.release()
        thread.join()
    own = os.getpid(), thread.native_id
    assert (after[own].name, after[own].sound) == ("ears) (of 3 dog", True)
    assert after[own].wakeups - before[own].wakeups >= 25
    assert not after[os.getpid(), os.getpid()].sound


def test_the_processes_of_devices_belong_to_the_sound_and_others_do_not():
    code = "import sys; sys.stdin.read()"
    command = [sys.executable, "-c", code]
    with (
        subprocess.Popen([*command, "assistant.audio.owner"], stdin=subprocess.PIPE) as device,
        subprocess.Popen(command, stdin=subprocess.PIPE) as other,
    ):
        found = uses(os.getpid())
        assert found[device.pid, device.pid].sound
        assert not found[other.pid, other.pid].sound


def test_what_began_or_ended_meanwhile_does_not_count():
    before = {
        (1, 1): Use("python", 1.0, 100, False),
        (1, 2): Use("ears", 2.0, 1000, True),
        (1, 3): Use("gone", 9.0, 9, False),
    }
    after = {
        (1, 1): Use("python", 1.05, 110, False),
        (1, 2): Use("ears", 2.2, 1500, True),
        (1, 4): Use("new", 9.0, 9, False),
    }
    result = compared(before, after, 10.0)
    assert result["cpu_share"] == 0.025
    assert (result["wakeups_per_s"], result["sound_wakeups_per_s"]) == (1.0, 50.0)
    assert [each["name"] for each in result["threads"]] == ["python", "ears"]


def test_a_process_that_is_not_there_is_told():
    with pytest.raises(AssistantError, match="nothing is known of process 4194305"):
        uses(4194305)  # more than Linux gives numbers
