"""What machine this is: every figure the project prints names it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
# What decides how fast a network runs, by the names that /proc/cpuinfo uses on x86 and ARM.
_INSTRUCTIONS = {
    "avx2": "avx2",
    "avx512f": "avx512",
    "avx512_vnni": "vnni",
    "avx_vnni": "vnni",
    "avx512_bf16": "bf16",
    "amx_bf16": "amx",
    "asimd": "neon",
    "asimddp": "dotprod",
    "i8mm": "i8mm",
    "bf16": "bf16",
}


@dataclass(frozen=True)
class Machine:
    """A machine, in words and numbers."""

    cpu: str
    """Name of the processor's model."""
    cores: int
    """Logical cores that this process may use, which a container can make fewer than the machine has."""
    memory_gb: float | None
    """Physical memory in GB (2**30 bytes); None where the system does not say."""
    system: str
    python: str
    gpu: str | None
    """Name of the NVIDIA GPU; None when there is none or its driver does not answer."""
    instructions: tuple[str, ...] | None
    """Of avx2, avx512, vnni, bf16, amx, neon, dotprod and i8mm those that it has; None where the system does not say."""

    def one_line(self) -> str:
        """The machine on one line, for tables and logs."""
        parts = [self.cpu, f"{self.cores} core{'' if self.cores == 1 else 's'}"]
        if self.memory_gb is not None:
            parts.append(f"{self.memory_gb:.0f} GB")
        if self.instructions:
            parts.append(" ".join(self.instructions))
        parts += [
            f"GPU {self.gpu}" if self.gpu else "no NVIDIA GPU",
            self.system,
            f"Python {self.python}",
        ]
        return ", ".join(parts)


def describe_machine() -> Machine:
    """This machine. Asks nvidia-smi where it is installed, which takes a fraction of a second."""
    processors = _read_cpuinfo()
    first = processors[0] if processors else {}
    return Machine(
        cpu=first.get("model name") or _cpu_name_elsewhere(),
        cores=usable_cores(),
        memory_gb=_memory_gb(),
        system=_system_name(),
        python=platform.python_version(),
        gpu=_gpu_name(),
        instructions=_instructions(first.get("flags") or first.get("Features")),
    )


def usable_cores() -> int:
    """Logical cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def usable_physical_cores() -> int:
    """Physical cores that this process may use: two threads on one core share its arithmetic and gain nothing.

    Logical cores where Linux does not tell cores from threads; 0, which engines take for their own choice, elsewhere.
    """
    if not hasattr(os, "sched_getaffinity"):
        return 0
    allowed = os.sched_getaffinity(0)
    cores = {
        (processor.get("physical id"), processor["core id"])
        for processor in _read_cpuinfo()
        if "core id" in processor and int(processor.get("processor", -1)) in allowed
    }
    return len(cores) or usable_cores()


def _read_cpuinfo() -> list[dict[str, str]]:
    """One mapping for each logical core; empty where there is no /proc/cpuinfo."""
    try:
        text = _CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    processors = []
    for block in text.strip().split("\n\n"):
        pairs = (line.split(":", 1) for line in block.splitlines() if ":" in line)
        processors.append({name.strip(): value.strip() for name, value in pairs})
    return processors


def _instructions(flags: str | None) -> tuple[str, ...] | None:
    if flags is None:
        return None
    present = set(flags.split())
    return tuple(dict.fromkeys(short for flag, short in _INSTRUCTIONS.items() if flag in present))


def _cpu_name_elsewhere() -> str:
    if sys.platform == "darwin":
        name = _first_output_line(["sysctl", "-n", "machdep.cpu.brand_string"])
        if name:
            return name
    return platform.processor() or platform.machine() or "unknown processor"


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None


def _system_name() -> str:
    if sys.platform == "linux":
        try:
            return platform.freedesktop_os_release()["PRETTY_NAME"]
        except (OSError, KeyError):
            pass
    return f"{platform.system()} {platform.release()}"


def _gpu_name() -> str | None:
    return _first_output_line(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"])


def _first_output_line(command: list[str]) -> str | None:
    """What a program answers, its first line; None when it is not there, fails or does not answer."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return next((line.strip() for line in done.stdout.splitlines() if line.strip()), None)
