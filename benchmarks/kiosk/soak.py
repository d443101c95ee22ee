"""Endurance of the kiosk: memory, threads, handles and frame rate.

With visitors for hours, under a crowd of phones, and beside `webcam`.
"""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from pathlib import Path

from benchmarks.kiosk.kiosk_run import Finger, free_port, open_kiosk, open_screen
from realtime_style.errors import RealtimeStyleError
from realtime_style.kiosk.state.model import Scene, Touch

_TOKEN = "kVq2Zr8mT0aYxW4cN6bLpQ"
_WARM_UP_MIN = 2.0
_ANSWERS_S = 60.0  # for the first answer to each phone


class _Ports:
    """Ports of a kiosk's two pages, and its settings with them."""

    def __init__(self) -> None:
        self.host, self.phones = free_port(), free_port()
        self.settings = (
            '[screen]\ncountdown = 1\n[pictures]\nfolder = "kept"\n'
            f'[take_home]\naddress = "127.0.0.1"\nport = {self.phones}\n'
            f'[host]\nport = {self.host}\ntoken = "{_TOKEN}"\n'
        )


@dataclass(frozen=True)
class Reading:
    """Measurements at one moment."""

    minutes: float
    """Since the warm-up."""
    memory_mb: float
    """Resident, of the kiosk's process, MB of 1e6 bytes."""
    threads: int
    handles: int
    """Open files, sockets and pipes."""
    fps: float
    pictures: int
    """Taken home so far."""


def soak(clip: Path, minutes: float) -> Iterator[Reading]:
    """Visitor after visitor, a picture each; a reading every minute. Linux alone.

    `clip` is in the place of a camera. Two minutes of visitors come first: much is made once,
    for the first of them, and kept.
    """
    ports = _Ports()
    with open_screen() as environment, tempfile.TemporaryDirectory() as room:  # noqa: SIM117
        with open_kiosk(clip.resolve(), ports.settings, environment, Path(room)) as process:
            finger = Finger(environment)
            began = time.perf_counter()
            while time.perf_counter() - began < 60 * _WARM_UP_MIN:
                _visit(finger)
            began = time.perf_counter()
            due = 0.0
            while (spent := (time.perf_counter() - began) / 60) < minutes:
                _visit(finger)
                if spent >= due:
                    yield _reading(process.pid, ports.host, spent)
                    due += 1
            yield _reading(process.pid, ports.host, minutes)


def crowd(clip: Path, clients: int, seconds: float = 20.0) -> tuple[float, float, int]:
    """Frame rate without and with `clients` phones, and the number of answers they got.

    Each asks twice a second. They are threads of one process of lowest priority: real phones
    take no time from the kiosk's processor.
    """
    ports = _Ports()
    with open_screen() as environment, tempfile.TemporaryDirectory() as room:  # noqa: SIM117
        with open_kiosk(clip.resolve(), ports.settings, environment, Path(room)):
            alone = _mean_fps(ports.host, seconds)
            spawning = multiprocessing.get_context("spawn")
            answers, over = spawning.Value("i", 0), spawning.Event()
            phones = spawning.Process(
                target=_phones, args=(ports.phones, clients, answers, over), daemon=True
            )
            phones.start()
            try:
                _wait_for_answers(answers, clients)
                together = _mean_fps(ports.host, seconds)
            finally:
                over.set()
                phones.join()
    return alone, together, answers.value


def pace(clip: Path, rounds: int, seconds: float = 20.0) -> Iterator[tuple[float, float]]:
    """Frame rates of `webcam` and of the kiosk, both full screen, in turn; `rounds` times.

    With a clip of 60 frames a second, painting is the limit of both, not the camera.
    """
    ports = _Ports()
    with open_screen() as environment:
        for _ in range(rounds):
            command = [
                sys.executable,
                "-m",
                "realtime_style",
                "webcam",
                "--camera",
                str(clip),
                "--fullscreen",
                "--json",
            ]
            shown = subprocess.run(
                [*command, f"--seconds={seconds}"],
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
            )
            if shown.returncode:
                raise RealtimeStyleError(
                    f"webcam ended with code {shown.returncode}; try: {' '.join(command)}"
                )
            with (
                tempfile.TemporaryDirectory() as room,
                open_kiosk(clip.resolve(), ports.settings, environment, Path(room)),
            ):
                yield float(json.loads(shown.stdout)["fps"]), _mean_fps(ports.host, seconds)


def _wait_for_answers(answers: Synchronized[int], clients: int) -> None:
    """Wait until there are as many answers as phones."""
    end = time.perf_counter() + _ANSWERS_S
    while answers.value < clients:
        if time.perf_counter() > end:
            raise RealtimeStyleError(
                f"{clients} phones got {answers.value} answers in {_ANSWERS_S:.0f} s; "
                "try fewer --clients"
            )
        time.sleep(0.1)


def _visit(finger: Finger) -> None:
    finger.touch_middle()
    time.sleep(0.5)
    finger.touch(Touch.SHOOT, Scene.LIVE)
    time.sleep(2.5)
    finger.touch(Touch.KEEP, Scene.REVIEW)
    time.sleep(3)
    finger.touch(Touch.DONE, Scene.CARD)
    time.sleep(0.5)


def _phones(port: int, clients: int, answers: Synchronized[int], over: Event) -> None:
    os.nice(19)
    for number in range(clients):
        threading.Thread(target=_phone, args=(port, number, answers, over), daemon=True).start()
    over.wait()


def _phone(port: int, number: int, answers: Synchronized[int], over: Event) -> None:
    while not over.is_set():
        with suppress(OSError):
            address = f"127.0.{1 + number // 250}.{1 + number % 250}"  # as phones have
            connection = http.client.HTTPConnection(
                "127.0.0.1", port, timeout=5, source_address=(address, 0)
            )
            connection.request("GET", f"/{_TOKEN}.png" if number % 2 else f"/{_TOKEN}")
            connection.getresponse().read()
            connection.close()
            with answers.get_lock():
                answers.value += 1
        over.wait(0.5)


def _mean_fps(port: int, seconds: float) -> float:
    readings = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        time.sleep(1)
        readings.append(float(_state(port)["fps"]))  # type: ignore[arg-type]
    return sum(readings) / len(readings)


def _reading(pid: int, port: int, minutes: float) -> Reading:
    state = _state(port)
    status = Path(f"/proc/{pid}/status").read_text()
    values = dict(line.split(":", 1) for line in status.splitlines())
    return Reading(
        minutes,
        int(values["VmRSS"].split()[0]) * 1024 / 1e6,
        int(values["Threads"]),
        len(list(Path(f"/proc/{pid}/fd").iterdir())),
        float(state["fps"]),  # type: ignore[arg-type]
        int(state["pictures"]),  # type: ignore[call-overload]
    )


def _state(port: int) -> dict[str, object]:
    address = f"http://127.0.0.1:{port}/{_TOKEN}/state"
    with urllib.request.urlopen(address, timeout=10) as answer:
        state: dict[str, object] = json.load(answer)
        return state
