import os

import pytest

from assistant import machine

GB = 1_000_000_000


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A machine made of files; this process may run on its processors 0-3."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    return Fake(tmp_path)


class Fake:
    def __init__(self, path):
        self.path = path

    def put(self, name, text):
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")

    def siblings(self, *lists):
        for cpu, threads in enumerate(lists):
            self.put(f"sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list", threads)

    def inside(self, group):
        self.put("proc/self/cgroup", f"0::{group}")

    def group(self, name, **files):
        for key, text in files.items():
            self.put(f"sys/fs/cgroup/{name}/{key.replace('_', '.')}", text)

    def free(self, kilobytes):
        self.put(
            "proc/meminfo",
            f"MemTotal:    9999999 kB\nMemFree: 1 kB\nMemAvailable:   {kilobytes} kB\nCached: 7 kB",
        )


# --- cores -------------------------------------------------------------------------------------


def test_without_any_files_every_processor_counts(root):
    assert machine.cores(root.path) == 4


@pytest.mark.parametrize(
    ("lists", "cores"),
    [
        (["0", "1", "2", "3"], 4),
        (["0,2", "1,3", "0,2", "1,3"], 2),
        (["0-1", "0-1", "2-3", "2-3"], 2),
        (["0-3", "0-3", "0-3", "0-3"], 1),
    ],
)
def test_threads_of_one_core_count_once(root, lists, cores):
    root.siblings(*lists)
    assert machine.cores(root.path) == cores


def test_a_thread_whose_sibling_is_forbidden_counts(root, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 2})
    root.siblings("0-1", "0-1", "2-3", "2-3")
    assert machine.cores(root.path) == 2


@pytest.mark.parametrize(
    ("quota", "cores"),
    [
        ("max 100000", 4),
        ("800000 100000", 4),
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("50000 100000", 1),
        ("", 4),
    ],
)
def test_a_control_groups_quota_counts(root, quota, cores):
    root.inside("/app.slice/assistant.service")
    root.group("app.slice/assistant.service", cpu_max=quota)
    assert machine.cores(root.path) == cores


def test_the_quota_of_an_outer_group_counts(root):
    root.inside("/app.slice/assistant.service")
    root.group("app.slice/assistant.service", cpu_max="300000 100000")
    root.group("app.slice", cpu_max="100000 100000")
    assert machine.cores(root.path) == 1


def test_the_quota_of_a_group_beside_does_not(root):
    root.inside("/app.slice/assistant.service")
    root.group("app.slice/other.service", cpu_max="100000 100000")
    assert machine.cores(root.path) == 4


def test_in_a_container_the_mounts_top_is_its_own_group(root):
    root.inside("/")
    root.group(".", cpu_max="200000 100000")
    assert machine.cores(root.path) == 2


def test_the_old_control_groups_are_passed_over(root):
    root.put("proc/self/cgroup", "12:cpu,cpuacct:/docker/1\n1:name=systemd:/docker/1")
    assert machine.cores(root.path) == 4


def test_where_affinity_is_unknown_processors_are_counted(root, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert machine.cores(root.path) == 8
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert machine.cores(root.path) == 1


@pytest.mark.parametrize(
    ("cores", "threads"),
    [(1, (1, 1)), (2, (2, 2)), (3, (2, 3)), (4, (2, 4)), (6, (3, 6)), (8, (4, 8)), (64, (4, 64))],
)
def test_threads_fit_the_cores(root, monkeypatch, cores, threads):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)))
    assert machine.threads(root.path) == threads


def test_this_machine_has_cores():
    assert 1 <= machine.cores() <= (os.cpu_count() or 1)


# --- memory ------------------------------------------------------------------------------------


def test_where_nothing_can_be_read_the_memory_is_unknown(root):
    assert machine.available_memory(root.path) is None


def test_the_systems_free_memory_is_taken(root):
    root.free(2_000_000)
    assert machine.available_memory(root.path) == 2_048_000_000


def test_what_a_control_group_leaves_is_taken_when_it_is_less(root):
    root.free(2_000_000)
    root.inside("/app.slice/assistant.service")
    root.group("app.slice/assistant.service", memory_max=GB, memory_current=GB // 4)
    assert machine.available_memory(root.path) == GB - GB // 4


def test_what_a_control_group_leaves_is_not_taken_when_it_is_more(root):
    root.free(500_000)
    root.inside("/assistant.service")
    root.group("assistant.service", memory_max=GB, memory_current=0)
    assert machine.available_memory(root.path) == 512_000_000


def test_the_limit_of_an_outer_group_counts_too(root):
    root.free(2_000_000)
    root.inside("/app.slice/assistant.service")
    root.group("app.slice/assistant.service", memory_max=GB, memory_current=0)
    root.group("app.slice", memory_max=GB // 2, memory_current=GB // 8)
    assert machine.available_memory(root.path) == GB // 2 - GB // 8


def test_a_groups_page_cache_can_be_given_back(root):
    root.inside("/assistant.service")
    root.group(
        "assistant.service",
        memory_max=GB,
        memory_current=900_000_000,
        memory_stat="anon 1\nactive_file 200000000\ninactive_file 100000000\nslab 5",
    )
    assert machine.available_memory(root.path) == 400_000_000


def test_a_group_without_a_limit_leaves_everything(root):
    root.free(2_000_000)
    root.inside("/assistant.service")
    root.group("assistant.service", memory_max="max", memory_current=GB)
    assert machine.available_memory(root.path) == 2_048_000_000


def test_a_group_above_its_limit_leaves_nothing(root):
    root.inside("/assistant.service")
    root.group("assistant.service", memory_max=GB // 2, memory_current=GB)
    assert machine.available_memory(root.path) == 0


def test_this_machine_has_memory():
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    available = machine.available_memory()
    assert available is not None
    assert 0 < available < total


# --- processor ---------------------------------------------------------------------------------

X86 = """processor\t: 0
vendor_id\t: GenuineIntel
model\t\t: 85
model name\t: A processor @ 2.00GHz
flags\t\t: fpu sse2 avx2
vmx flags\t: vnmi

processor\t: 1
model\t\t: 85
model name\t: A processor @ 2.00GHz
flags\t\t: fpu sse2 avx2"""
PI = """processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd crc32

Revision\t: c04170
Model\t\t: Raspberry Pi 5 Model B Rev 1.0"""


@pytest.mark.parametrize(
    ("told", "name", "instructions"),
    [
        (X86, "A processor @ 2.00GHz", "fpu sse2 avx2"),
        (PI, "Raspberry Pi 5 Model B Rev 1.0", "fp asimd crc32"),
    ],
)
def test_the_processor_is_named_with_what_it_can(root, told, name, instructions):
    root.put("proc/cpuinfo", told)
    assert machine.processor(root.path) == name
    assert machine.instructions(root.path) == instructions


def test_a_machine_that_tells_nothing_has_some_name(root):
    assert machine.processor(root.path)
    assert machine.instructions(root.path) == ""
