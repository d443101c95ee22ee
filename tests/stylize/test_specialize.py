"""What stays as it is gets faster."""

from __future__ import annotations

import logging
import threading

import pytest

from realtime_style.stylize.specialize import SPECIALIZE_AFTER, Specializer


class Counting:
    """Something to be prepared, which counts how often it was."""

    def __init__(self) -> None:
        self.times = 0
        self.threads: set[str] = set()

    def __call__(self) -> None:
        self.times += 1
        self.threads.add(threading.current_thread().name)


def test_only_what_was_painted_for_some_frames_is_settled_on_and_once():
    settler, specialize = Specializer(behind=False), Counting()
    for _ in range(SPECIALIZE_AFTER - 1):
        settler.painted("starry-night", specialize)
    assert specialize.times == 0
    for _ in range(5):
        settler.painted("starry-night", specialize)
        assert specialize.times == 1
    assert specialize.threads == {threading.current_thread().name}


def test_what_changes_from_frame_to_frame_is_never_settled_on():
    settler, specialize = Specializer(behind=False), Counting()
    for share in range(10 * SPECIALIZE_AFTER):
        settler.painted(("a fade", share), specialize)
    assert specialize.times == 0


def test_what_comes_back_is_settled_on_again():
    settler, settles = Specializer(behind=False), {"a": Counting(), "b": Counting()}
    for how in "abba":
        for _ in range(SPECIALIZE_AFTER):
            settler.painted(how, settles[how])
    assert (settles["a"].times, settles["b"].times) == (2, 1)


def test_what_was_settled_on_before_the_first_frame_is_not_settled_on_again():
    settler, specialize = Specializer(), Counting()
    settler.specialize_now("a", specialize)
    for _ in range(2 * SPECIALIZE_AFTER):
        settler.painted("a", specialize)
    settler.close()
    assert specialize.times == 1
    assert specialize.threads == {threading.current_thread().name}


def test_behind_the_painting_nobody_waits_for_it_until_the_end():
    go_on, specialize = threading.Event(), Counting()

    def slow() -> None:
        assert go_on.wait(10)
        specialize()

    settler = Specializer()
    for _ in range(3 * SPECIALIZE_AFTER):
        settler.painted("a", slow)
    assert specialize.times == 0
    go_on.set()
    settler.close()
    assert specialize.times == 1
    assert specialize.threads == {"specialize style"}


def test_what_is_chosen_while_another_is_being_prepared_has_its_turn_after_that():
    go_on, second = threading.Event(), Counting()
    settler = Specializer()
    for _ in range(SPECIALIZE_AFTER):
        settler.painted("a", lambda: assert_true(go_on.wait(10)))
    for _ in range(SPECIALIZE_AFTER):
        settler.painted("b", second)
    first = next(thread for thread in threading.enumerate() if thread.name == "specialize style")
    go_on.set()
    first.join(10)
    settler.painted("b", second)
    settler.close()
    assert second.times == 1


def assert_true(value: bool) -> None:
    assert value


def test_a_failure_is_said_once_and_nothing_more_is_tried(caplog: pytest.LogCaptureFixture):
    def fail() -> None:
        raise RuntimeError("no memory")

    settler, specialize = Specializer(behind=False), Counting()
    with caplog.at_level(logging.WARNING):
        for _ in range(2 * SPECIALIZE_AFTER):
            settler.painted("a", fail)
        for _ in range(2 * SPECIALIZE_AFTER):
            settler.painted("b", specialize)
    assert [record.getMessage() for record in caplog.records] == [
        "painting does not get faster as it goes on: no memory"
    ]
    assert specialize.times == 0


def test_a_system_without_another_thread_goes_on_painting(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    settler, specialize = Specializer(), Counting()
    for _ in range(3 * SPECIALIZE_AFTER):
        settler.painted("a", specialize)
    settler.close()
    assert specialize.times == 0
    assert len(caplog.records) == 1
