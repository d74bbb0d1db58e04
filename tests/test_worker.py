"""The thread with an inbox: order, failures, and an end that always comes."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import AssistantError, BadInput
from assistant.worker import Worker


class Failures(list):
    """What a worker tells of jobs that raised."""

    def __call__(self, key, error):
        self.append((key, error, threading.current_thread().name))


@pytest.fixture
def failures():
    return Failures()


@pytest.fixture
def worker(failures):
    it = Worker("hand", failures)
    yield it
    it.stop()


@given(st.lists(st.sampled_from(["work", "sentence", "bug"]), max_size=30))
def test_every_job_runs_once_in_order_whatever_the_others_do(kinds):
    done, failures = [], Failures()
    worker = Worker("hand", failures)

    def job(number, kind):
        done.append(number)
        if kind == "sentence":
            raise BadInput("a sentence")
        if kind == "bug":
            raise ZeroDivisionError

    for number, kind in enumerate(kinds):
        worker.post(lambda number=number, kind=kind: job(number, kind), number)
    assert worker.stop()
    assert done == list(range(len(kinds)))
    assert [key for key, _, _ in failures] == [n for n, kind in enumerate(kinds) if kind != "work"]


def test_all_jobs_have_one_thread_which_is_another_one(worker):
    threads = set()
    for _ in range(20):
        worker.post(lambda: threads.add(threading.get_ident()))
    assert worker.stop()
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_a_failing_job_is_told_with_its_key_on_the_workers_thread(worker, failures):
    def refuse():
        raise BadInput("the sentence")

    worker.post(refuse, key=7)
    worker.stop()
    ((key, error, thread),) = failures
    assert (key, thread, str(error)) == (7, "hand", "the sentence")
    assert type(error) is BadInput


def test_a_bug_becomes_a_sentence_and_its_traceback_goes_to_the_log(worker, failures, caplog):
    worker.post(lambda: 1 / 0, key=3)
    worker.stop()
    ((key, error, _),) = failures
    assert (key, type(error)) == (3, AssistantError)
    assert str(error) == "hand: ZeroDivisionError: division by zero"
    assert "Traceback" in caplog.text


def test_stop_waits_for_what_was_posted_before(worker):
    done = []
    worker.post(lambda: (time.sleep(0.2), done.append(1)))
    assert worker.stop()
    assert done == [1]


def test_stop_leaves_behind_a_thread_that_hangs(worker):
    release = threading.Event()
    worker.post(release.wait)
    started = time.monotonic()
    assert not worker.stop(timeout=0.1)
    assert time.monotonic() - started < 5
    release.set()
    assert worker.stop()


def test_stop_may_be_called_twice_and_from_its_own_thread(worker):
    worker.post(worker.stop)
    assert worker.stop()
    assert worker.stop()
    worker.post(lambda: pytest.fail("nothing runs after the end"))
    assert worker.backlog() > 0


def test_the_backlog_is_what_waits(worker):
    release, begun = threading.Event(), threading.Event()
    worker.post(lambda: (begun.set(), release.wait()))
    begun.wait()
    for _ in range(3):
        worker.post(lambda: None)
    assert worker.backlog() == 3
    release.set()
    worker.stop()
    assert worker.backlog() == 0
