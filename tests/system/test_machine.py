"""Description of the machine, and its cores."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest

from realtime_style.system import machine
from realtime_style.system.machine import (
    Machine,
    describe_machine,
    usable_cores,
    usable_physical_cores,
)

HYPERTHREADED = "\n".join(
    f"processor\t: {n}\nmodel name\t: Some CPU @ 2 GHz\nphysical id: 0\ncore id: {n % 2}\n"
    "flags: avx2 avx512f amx_bf16\n"
    for n in range(4)
)
RASPBERRY = "\n".join(f"processor\t: {n}\nFeatures\t: fp asimd asimddp\n" for n in range(4))


@pytest.fixture
def cpuinfo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Replace /proc/cpuinfo."""

    def put(text: str) -> None:
        (tmp_path / "cpuinfo").write_text(text, encoding="utf-8")
        monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "cpuinfo")

    return put


@pytest.fixture
def affinity(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set which logical cores the process may use."""

    def put(*cores: int) -> None:
        monkeypatch.setattr(psutil.Process, "cpu_affinity", lambda self: list(cores), raising=False)

    return put


def test_machine_is_described_on_one_line_and_as_plain_values() -> None:
    here = describe_machine()
    assert here.cpu in here.one_line()
    assert platform.python_version() in here.one_line()
    assert "\n" not in here.one_line()
    assert json.loads(json.dumps(asdict(here)))["cores"] == here.cores


def test_line_leaves_out_what_is_unknown() -> None:
    bare = Machine("some processor", 1, 2.0, "Plan 9", "3.11.0", None, None)
    line = "some processor, 1 core, 2 GB, no NVIDIA GPU, Plan 9, Python 3.11.0"
    assert bare.one_line() == line


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="only Linux binds a process to cores this way"
)
def test_cores_follow_the_affinity_of_the_process() -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert usable_cores() == usable_physical_cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)
    assert usable_cores() == len(allowed)


def test_two_threads_on_a_core_count_once(
    cpuinfo: Callable[[str], None], affinity: Callable[..., None]
) -> None:
    cpuinfo(HYPERTHREADED)
    affinity(0, 1, 2, 3)
    assert (usable_cores(), usable_physical_cores()) == (4, 2)
    affinity(0, 2)
    assert usable_physical_cores() == 1


def test_physical_cores_are_known_without_cpuinfo(
    tmp_path: Path, affinity: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows and macOS."""
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "nothing")
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: 8 if logical else 4)
    affinity(*range(8))
    assert usable_physical_cores() == 4
    affinity(0, 1)
    assert usable_physical_cores() == 2


def test_cores_are_known_on_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(psutil.Process, "cpu_affinity", raising=False)
    assert usable_cores() == psutil.cpu_count()
    assert 1 <= usable_physical_cores() <= usable_cores()


def test_instruction_sets_have_their_common_names(cpuinfo: Callable[[str], None]) -> None:
    cpuinfo(HYPERTHREADED)
    assert describe_machine().cpu == "Some CPU @ 2 GHz"
    assert describe_machine().instructions == ("avx2", "avx512", "amx")


def test_arm_processor_is_described(
    cpuinfo: Callable[[str], None],
    affinity: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cpuinfo(RASPBERRY)
    affinity(0, 1)
    monkeypatch.setattr(psutil, "cpu_count", lambda logical=True: 4)
    assert usable_physical_cores() == 2
    assert describe_machine().instructions == ("neon", "dotprod")
    assert describe_machine().cpu


def test_instruction_sets_are_unknown_without_cpuinfo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "_CPUINFO", tmp_path / "nothing")
    here = describe_machine()
    assert here.instructions is None
    assert here.cpu


def test_hanging_nvidia_driver_means_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*args: object, **kwargs: object) -> None:
        assert kwargs["timeout"]
        raise subprocess.TimeoutExpired("nvidia-smi", 5)

    monkeypatch.setattr(subprocess, "run", hang)
    assert describe_machine().gpu is None
