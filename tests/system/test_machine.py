"""What the project says of the machine it runs on."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from dataclasses import asdict
from pathlib import Path

import pytest

from realtime_style.system import machine
from realtime_style.system.machine import (
    Machine,
    describe_machine,
    usable_cores,
    usable_physical_cores,
)

HYPERTHREADED = "\n".join(
    f"processor\t: {n}\nmodel name\t: Some CPU @ 2 GHz\nphysical id: 0\ncore id: {n % 2}\nflags: avx2 avx512f amx_bf16\n"
    for n in range(4)
)
RASPBERRY = (
    "processor\t: 0\nFeatures\t: fp asimd asimddp\n\nprocessor\t: 1\nFeatures\t: fp asimd asimddp\n"
)


@pytest.fixture
def cpuinfo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put another /proc/cpuinfo in place of ours."""

    def put(text: str) -> None:
        (tmp_path / "cpuinfo").write_text(text, encoding="utf-8")
        monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "cpuinfo")

    return put


def test_this_machine_is_described_in_one_line_and_as_plain_values():
    here = describe_machine()
    assert here.cpu in here.one_line()
    assert platform.python_version() in here.one_line()
    assert "\n" not in here.one_line()
    assert json.loads(json.dumps(asdict(here)))["cores"] == here.cores


def test_a_machine_that_says_little_of_itself_still_has_a_line():
    bare = Machine("some processor", 1, None, "Plan 9", "3.11.0", None, None)
    assert bare.one_line() == "some processor, 1 core, no NVIDIA GPU, Plan 9, Python 3.11.0"


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="only Linux lets a process be kept to some cores"
)
def test_cores_are_those_that_the_process_may_use():
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert usable_cores() == usable_physical_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert usable_cores() == len(allowed)


def test_two_threads_on_a_core_count_once(cpuinfo, monkeypatch: pytest.MonkeyPatch):
    cpuinfo(HYPERTHREADED)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    assert (usable_cores(), usable_physical_cores()) == (4, 2)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 2}, raising=False)
    assert usable_physical_cores() == 1


def test_where_the_system_says_nothing_of_cores_engines_choose_for_themselves(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert usable_cores() == os.cpu_count()
    assert usable_physical_cores() == 0


def test_instruction_sets_are_named_as_people_know_them(cpuinfo):
    cpuinfo(HYPERTHREADED)
    assert describe_machine().cpu == "Some CPU @ 2 GHz"
    assert describe_machine().instructions == ("avx2", "avx512", "amx")


def test_a_processor_without_names_of_cores_counts_its_processors(
    cpuinfo, monkeypatch: pytest.MonkeyPatch
):
    cpuinfo(RASPBERRY)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    assert usable_physical_cores() == 2
    assert describe_machine().instructions == ("neon", "dotprod")
    assert describe_machine().cpu


def test_without_cpuinfo_the_instruction_sets_are_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "nothing")
    here = describe_machine()
    assert here.instructions is None
    assert here.cpu


def test_a_driver_that_hangs_is_not_waited_for_and_means_no_gpu(monkeypatch: pytest.MonkeyPatch):
    def hang(*args: object, **kwargs: object) -> None:
        assert kwargs["timeout"]
        raise subprocess.TimeoutExpired("nvidia-smi", 5)

    monkeypatch.setattr(subprocess, "run", hang)
    assert describe_machine().gpu is None
