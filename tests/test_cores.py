import threading

from assistant.cores import Cores


def test_the_mind_waits_while_the_mouth_goes_first():
    cores, order = Cores(), []
    inside, leave = threading.Event(), threading.Event()

    def mouth():
        with cores.first():
            inside.set()
            leave.wait(5)
            order.append("mouth")

    def mind():
        cores.give_way()
        order.append("mind")

    first = threading.Thread(target=mouth)
    first.start()
    assert inside.wait(5)
    second = threading.Thread(target=mind)
    second.start()
    leave.set()
    first.join(5)
    second.join(5)
    assert order == ["mouth", "mind"]


def test_nobody_waits_for_ever_for_a_mouth_that_hangs():
    cores = Cores()
    with cores.first():
        cores.give_way()


def test_a_mouth_that_fails_lets_the_mind_go_on():
    cores = Cores()
    try:
        with cores.first():
            raise OSError
    except OSError:
        pass
    assert cores._free.is_set()
