"""Specialising the network for frames that are painted alike."""

from __future__ import annotations

import logging
import threading

import pytest

from realtime_style.stylize.specialize import SPECIALIZE_AFTER, Specializer


class Counting:
    """A preparation that counts its calls and fails while `error` is set."""

    def __init__(self, error: str = "") -> None:
        self.times = 0
        self.error = error
        self.threads: set[str] = set()

    def __call__(self) -> None:
        self.times += 1
        self.threads.add(threading.current_thread().name)
        if self.error:
            raise RuntimeError(self.error)


def paint(specializer: Specializer, key: object, specialize: Counting, frames: int) -> None:
    for _ in range(frames):
        specializer.painted(key, specialize)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


def test_frames_painted_alike_are_prepared_for_once():
    specializer, specialize = Specializer("immediately"), Counting()
    paint(specializer, "starry-night", specialize, SPECIALIZE_AFTER - 1)
    assert specialize.times == 0
    for _ in range(5):
        specializer.painted("starry-night", specialize)
        assert specialize.times == 1
    assert specialize.threads == {threading.current_thread().name}


def test_frames_that_keep_changing_are_never_prepared_for():
    specializer, specialize = Specializer("immediately"), Counting()
    for share in range(10 * SPECIALIZE_AFTER):
        specializer.painted(("a fade", share), specialize)
    assert specialize.times == 0


def test_style_that_comes_back_is_prepared_again():
    specializer, preparations = Specializer("immediately"), {"a": Counting(), "b": Counting()}
    for key in "abba":
        paint(specializer, key, preparations[key], SPECIALIZE_AFTER)
    assert (preparations["a"].times, preparations["b"].times) == (2, 1)


def test_preparation_before_the_first_frame_is_not_repeated():
    specializer, specialize = Specializer(), Counting()
    specializer.specialize_now("a", specialize)
    paint(specializer, "a", specialize, 2 * SPECIALIZE_AFTER)
    specializer.close()
    assert specialize.times == 1
    assert specialize.threads == {threading.current_thread().name}


def test_background_preparation_holds_up_only_close():
    go_on, specialize = threading.Event(), Counting()

    def slow() -> None:
        assert go_on.wait(10)
        specialize()

    specializer = Specializer("background")
    for _ in range(3 * SPECIALIZE_AFTER):
        specializer.painted("a", slow)
    assert specialize.times == 0
    go_on.set()
    specializer.close()
    assert specialize.times == 1
    assert specialize.threads == {"specialize style"}


def test_next_style_waits_for_the_preparation_in_progress():
    go_on, second = threading.Event(), Counting()
    specializer = Specializer("background")
    for _ in range(SPECIALIZE_AFTER):
        specializer.painted("a", lambda: assert_true(go_on.wait(10)))
    paint(specializer, "b", second, SPECIALIZE_AFTER)
    first = next(thread for thread in threading.enumerate() if thread.name == "specialize style")
    go_on.set()
    first.join(10)
    specializer.painted("b", second)
    specializer.close()
    assert second.times == 1


def assert_true(value: bool) -> None:
    assert value


@pytest.mark.parametrize("mode", ["background", "immediately"])
def test_failure_costs_only_the_style_that_failed(mode):
    specializer, broken, whole = Specializer(mode), Counting("broken file"), Counting()
    paint(specializer, "broken", broken, SPECIALIZE_AFTER)
    for thread in threading.enumerate():
        if thread.name == "specialize style":
            thread.join(10)
    paint(specializer, "whole", whole, SPECIALIZE_AFTER)
    specializer.close()
    assert (broken.times, whole.times) == (1, 1)


def test_failed_preparation_is_tried_again_ever_more_rarely():
    specializer, specialize = Specializer("immediately"), Counting("no memory")
    tries: list[int] = []
    for frame in range(1, 1000):
        before = specialize.times
        specializer.painted("a", specialize)
        if specialize.times > before:
            tries.append(frame)
    assert tries == [8, 8 + 32, 8 + 32 + 128, 8 + 32 + 128 + 512]
    specialize.error = ""  # memory is free again
    paint(specializer, "a", specialize, 2048)
    assert specialize.times == 5
    paint(specializer, "a", specialize, 2048)
    assert specialize.times == 5


def test_persistent_failure_is_logged_once(caplog: pytest.LogCaptureFixture):
    specializer, broken, whole = Specializer("immediately"), Counting("broken file"), Counting()
    for _ in range(20):  # styles in turn, as on a kiosk that nobody touches
        paint(specializer, "broken", broken, 200)
        paint(specializer, "whole", whole, 200)
    assert broken.times > 2
    assert whole.times == 1  # nothing has replaced it since
    assert warnings(caplog) == ["painting goes on without the faster network: broken file"]


def test_failure_after_a_recovery_is_logged_again(caplog: pytest.LogCaptureFixture):
    specializer, specialize = Specializer("immediately"), Counting("no memory at nine")
    paint(specializer, "a", specialize, SPECIALIZE_AFTER)
    specialize.error = ""
    paint(specializer, "a", specialize, 4 * SPECIALIZE_AFTER)
    specialize.error = "no memory at noon"
    paint(specializer, "b", specialize, SPECIALIZE_AFTER)
    assert [text.rpartition(" ")[2] for text in warnings(caplog)] == ["nine", "noon"]


def test_system_without_another_thread_goes_on_painting(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    specializer, specialize = Specializer("background"), Counting()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        paint(specializer, "a", specialize, 3 * SPECIALIZE_AFTER)
    assert specialize.times == 0
    assert len(warnings(caplog)) == 1
    paint(specializer, "a", specialize, 4 * SPECIALIZE_AFTER)
    specializer.close()
    assert specialize.times == 1
