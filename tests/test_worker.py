"""The thread with an inbox: order, failures, and an end that always comes."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import AssistantError, BadInput
from assistant.worker import Worker, sign


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


# --- a job that hangs ---------------------------------------------------------------------------


def test_a_job_that_gives_no_sign_of_life_is_told_by_its_silence(worker):
    go, done, silent = threading.Event(), threading.Event(), []
    assert worker.silent_s() == 0

    def job():
        go.wait()
        sign()
        silent.append(worker.silent_s())
        sign(for_s=100)
        silent.append(worker.silent_s())
        done.set()

    worker.post(job)
    while worker.silent_s() < 0.1:
        time.sleep(0.01)
    go.set()
    assert done.wait(10)
    worker.stop()
    assert silent[0] < 0.1
    assert silent[1] == 0
    assert worker.silent_s() == 0


def test_nobody_else_says_that_it_is_alive(worker):
    go = threading.Event()
    worker.post(go.wait)
    while worker.silent_s() < 0.05:
        time.sleep(0.01)
    sign(for_s=100)
    assert worker.silent_s() >= 0.05
    go.set()


def test_what_waits_behind_a_hanging_job_is_done_by_another_thread_in_order(worker, failures):
    go, done = threading.Event(), []

    def hang():
        go.wait()
        sign(for_s=1000)  # it speaks for nobody any more
        raise RuntimeError("late")

    worker.post(hang, 1)
    for number in range(3):
        worker.post(lambda number=number: done.append((number, threading.get_ident())), 2)
    while not worker.silent_s():
        time.sleep(0.01)
    old = worker._thread
    worker.abandon(lambda: done.append(("first", threading.get_ident())))
    assert worker.left == 1
    assert worker.stop()
    assert [what for what, _ in done] == ["first", 0, 1, 2]
    assert len({thread for _, thread in done}) == 1
    assert old.is_alive()
    go.set()
    old.join(10)
    assert not old.is_alive()
    assert failures == []  # of what was left behind nobody is told again
    assert worker.silent_s() == 0


def test_threads_that_hang_are_counted_until_they_come_back(worker):
    go = [threading.Event(), threading.Event()]
    for number, each in enumerate(go):
        worker.post(each.wait)
        while not worker.silent_s():
            time.sleep(0.01)
        old = worker._thread
        assert "wait" in worker.where()
        worker.abandon(lambda: None)
        assert worker.left == number + 1
    go[1].set()
    old.join(10)
    assert worker.left == 1
    go[0].set()


def test_a_job_that_ends_the_thread_does_not(worker, failures):
    def leave():
        raise SystemExit(3)

    done = []
    worker.post(leave, 5)
    worker.post(lambda: done.append(1))
    assert worker.stop()
    assert done == [1]
    assert [key for key, _, _ in failures] == [5]
