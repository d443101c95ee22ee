"""How a kiosk holds out: memory, threads, handles and frames per second with visitors, under a crowd, and beside webcam."""

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

from benchmarks.kiosk.kiosk_run import SCREEN_WH, UNIT, Finger, open_kiosk, open_screen
from realtime_style.errors import RealtimeStyleError

_TOKEN = "kVq2Zr8mT0aYxW4cN6bLpQ"
_HOST, _PHONES = 8481, 8480
_SETTLING_MIN = 2.0
_ANSWERS_S = 60.0  # for the first answer to each phone
_SETTINGS = (
    f'[screen]\ncountdown = 1\n[take_home]\naddress = "127.0.0.1"\nport = {_PHONES}\n[pictures]\nfolder = "kept"\n'
    f'[host]\nport = {_HOST}\ntoken = "{_TOKEN}"\n'
)


@dataclass(frozen=True)
class Reading:
    """How it is at one moment."""

    minutes: float
    """Since the first visitors were gone."""
    memory_mb: float
    """Resident, of the kiosk's process, MB of 1e6 bytes."""
    threads: int
    handles: int
    """Open files, sockets and pipes."""
    fps: float
    pictures: int
    """Taken home so far."""


def soak(clip: Path, minutes: float) -> Iterator[Reading]:
    """Visitor after visitor, a picture each, with `clip` in the place of a camera; a reading every minute. Linux alone.

    Two minutes of visitors come first and are not counted: much is made once, for the first of them, and kept.
    """
    with open_screen() as environment, tempfile.TemporaryDirectory() as room:  # noqa: SIM117  (one after the other)
        with open_kiosk(clip.resolve(), _SETTINGS, environment, Path(room)) as process:
            touch = Finger(environment)
            began = time.perf_counter()
            while time.perf_counter() - began < 60 * _SETTLING_MIN:
                _visit(touch)
            began = time.perf_counter()
            due = 0.0
            while (spent := (time.perf_counter() - began) / 60) < minutes:
                _visit(touch)
                if spent >= due:
                    yield _reading(process.pid, spent)
                    due += 1
            yield _reading(process.pid, minutes)


def crowd(clip: Path, clients: int, seconds: float = 20.0) -> tuple[float, float, int]:
    """Frames per second without and with `clients` phones that ask twice a second, and how many answers they got.

    The phones are threads of one process of lowest priority: real ones take no time from the kiosk's processor.
    """
    with open_screen() as environment, tempfile.TemporaryDirectory() as room:  # noqa: SIM117
        with open_kiosk(clip.resolve(), _SETTINGS, environment, Path(room)):
            alone = _mean_fps(seconds)
            spawning = multiprocessing.get_context("spawn")
            answers, over = spawning.Value("i", 0), spawning.Event()
            phones = spawning.Process(target=_phones, args=(clients, answers, over), daemon=True)
            phones.start()
            try:
                _wait_for_answers(answers, clients)
                together = _mean_fps(seconds)
            finally:
                over.set()
                phones.join()
    return alone, together, answers.value


def pace(clip: Path, rounds: int, seconds: float = 20.0) -> Iterator[tuple[float, float]]:
    """Frames per second of `webcam` and of the kiosk, one after the other, both full screen; `rounds` times.

    With a clip of 60 frames a second the painting is what holds both up, and not the camera.
    """
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
                open_kiosk(clip.resolve(), _SETTINGS, environment, Path(room)),
            ):
                yield float(json.loads(shown.stdout)["fps"]), _mean_fps(seconds)


def _wait_for_answers(answers: Synchronized[int], clients: int) -> None:
    """Until there are as many answers as phones."""
    end = time.perf_counter() + _ANSWERS_S
    while answers.value < clients:
        if time.perf_counter() > end:
            raise RealtimeStyleError(
                f"{clients} phones got {answers.value} answers in {_ANSWERS_S:.0f} s; try fewer --clients"
            )
        time.sleep(0.1)


def _visit(touch: Finger) -> None:
    width, height = SCREEN_WH
    touch(width // 2, height // 2)
    time.sleep(0.5)
    touch(width - 9 * UNIT, height - 13 * UNIT)  # the shutter
    time.sleep(2.5)
    touch(width // 2 + 30 * UNIT, height - 11 * UNIT)  # keep
    time.sleep(3)
    touch(width // 2, height - 11 * UNIT)  # done
    time.sleep(0.5)


def _phones(clients: int, answers: Synchronized[int], over: Event) -> None:
    os.nice(19)
    for number in range(clients):
        threading.Thread(target=_phone, args=(number, answers, over), daemon=True).start()
    over.wait()


def _phone(number: int, answers: Synchronized[int], over: Event) -> None:
    while not over.is_set():
        with suppress(OSError):
            address = f"127.0.{1 + number // 250}.{1 + number % 250}"  # as phones have
            connection = http.client.HTTPConnection(
                "127.0.0.1", _PHONES, timeout=5, source_address=(address, 0)
            )
            connection.request("GET", f"/{_TOKEN}.png" if number % 2 else f"/{_TOKEN}")
            connection.getresponse().read()
            connection.close()
            with answers.get_lock():
                answers.value += 1
        over.wait(0.5)


def _mean_fps(seconds: float) -> float:
    readings = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        time.sleep(1)
        readings.append(float(_state()["fps"]))  # type: ignore[arg-type]
    return sum(readings) / len(readings)


def _reading(pid: int, minutes: float) -> Reading:
    state = _state()
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


def _state() -> dict[str, object]:
    with urllib.request.urlopen(f"http://127.0.0.1:{_HOST}/{_TOKEN}/state", timeout=10) as answer:
        state: dict[str, object] = json.load(answer)
        return state
