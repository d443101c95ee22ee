"""Description of the machine, printed beside every measurement, and the cores it has."""

from __future__ import annotations

import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")
# Instruction sets that decide a network's speed, by their names in /proc/cpuinfo on x86 and ARM.
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
    """Model name of the processor."""
    cores: int
    """Logical cores that this process may use."""
    memory_gb: float
    """Physical memory in GB (2**30 bytes)."""
    system: str
    python: str
    gpu: str | None
    """Name of the NVIDIA GPU; None without one, or when its driver does not answer."""
    instructions: tuple[str, ...] | None
    """Those of avx2, avx512, vnni, bf16, amx, neon, dotprod and i8mm it has; None if unknown."""

    def one_line(self) -> str:
        """The machine on one line, for tables and logs."""
        parts = [self.cpu, f"{self.cores} core{'' if self.cores == 1 else 's'}"]
        parts.append(f"{self.memory_gb:.0f} GB")
        if self.instructions:
            parts.append(" ".join(self.instructions))
        parts.append(f"GPU {self.gpu}" if self.gpu else "no NVIDIA GPU")
        return ", ".join([*parts, self.system, f"Python {self.python}"])


def describe_machine() -> Machine:
    """Describe this machine. Runs nvidia-smi if installed, which takes a fraction of a second."""
    import psutil

    processors = _read_cpuinfo()
    first = processors[0] if processors else {}
    return Machine(
        cpu=first.get("model name") or _cpu_name(),
        cores=usable_cores(),
        memory_gb=round(psutil.virtual_memory().total / 2**30, 1),
        system=_system_name(),
        python=platform.python_version(),
        gpu=_first_output_line(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]),
        instructions=_instructions(first.get("flags") or first.get("Features")),
    )


def usable_cores() -> int:
    """Number of logical cores that this process may use."""
    return len(_affinity())


def usable_physical_cores() -> int:
    """Number of physical cores that this process may use.

    Two threads on one core share its arithmetic units and gain nothing.
    """
    import psutil

    allowed = _affinity()
    cores = {
        (processor.get("physical id"), processor["core id"])
        for processor in _read_cpuinfo()
        if "core id" in processor and int(processor.get("processor", -1)) in allowed
    }
    # Only Linux on x86 says which logical cores share a physical one.
    return len(cores) or min(psutil.cpu_count(logical=False) or len(allowed), len(allowed))


def _affinity() -> set[int]:
    """Numbers of the logical cores that this process may use; all of them on macOS."""
    import psutil

    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):
        return set(process.cpu_affinity())
    return set(range(psutil.cpu_count() or 1))


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


def _cpu_name() -> str:
    """Name of the processor where /proc/cpuinfo has none."""
    if sys.platform == "darwin":
        name = _first_output_line(["sysctl", "-n", "machdep.cpu.brand_string"])
        if name:
            return name
    return platform.processor() or platform.machine() or "unknown processor"


def _system_name() -> str:
    if sys.platform == "linux":
        try:
            return platform.freedesktop_os_release()["PRETTY_NAME"]
        except (OSError, KeyError):
            pass
    return f"{platform.system()} {platform.release()}"


def _first_output_line(command: list[str]) -> str | None:
    """First line that a program prints; None when it is missing, fails or takes more than 5 s."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return next((line.strip() for line in done.stdout.splitlines() if line.strip()), None)
