"""StyleModel: one style file on one engine."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import numpy as np

from realtime_style.engines.base import Weights, reason_of
from realtime_style.engines.table import open_engine
from realtime_style.errors import RealtimeStyleError, StyleError
from realtime_style.frames import Frame, check_frame
from realtime_style.styles.catalog import read_metadata
from realtime_style.styles.format import StyleMetadata
from realtime_style.stylize.color import match_tone
from realtime_style.stylize.memory_limit import check_memory

log = logging.getLogger(__name__)

_REAL_BELOW = 0.25  # strength under which the photograph itself takes over


class StyleModel:
    """A style file, loaded: call it with a frame.

    ::

        with StyleModel(Path("starry-night.onnx")) as stylize:
            painted = stylize(frame)

    `provider` tells what it really runs on; `fallback` why ``auto`` could not take something better, or None. Several
    threads may call one StyleModel: they take turns.
    """

    def __init__(self, path: Path, *, device: str = "auto", threads: int | None = None) -> None:
        """Raises StyleNotFound, BadStyleFile or DeviceUnavailable."""
        self.metadata = read_metadata(path)
        self._engine, self.fallback = open_engine(path, device=device, threads=threads)
        self.provider = self._engine.provider
        self._first = np.eye(len(self.metadata.styles), dtype=np.float32)[0]
        self._lock = threading.Lock()  # engines keep their buffers from frame to frame
        self._largest = 0  # pixels of the largest frame painted
        self._specialized: tuple[tuple[int, ...], bytes, Callable[[Frame], Frame] | None] | None = (
            None  # shape, weights, painter
        )

    def warm_up(self, width: int, height: int) -> float:
        """Compile and allocate for frames of this size; returns the seconds it took."""
        began = time.perf_counter()
        self(np.zeros((height, width, 3), np.uint8))
        return time.perf_counter() - began

    def __call__(
        self, frame: Frame, weights: Weights | None = None, *, strength: float = 1.0
    ) -> Frame:
        """The stylized frame: (H, W, 3) uint8 BGR to a new array of the same shape.

        `weights` (N,) over the N styles of the file are scaled to sum to 1; None means the first style. `strength`, 0..1,
        weakens them inside the network, stroke by stroke, if the file can do that (``metadata.strength``), and brings
        light and colours back towards the frame's; other files paint as ever, and it is for :func:`share_of_painting` and
        the caller to mix their painting with the photograph. Raises
        StyleError for weights of the wrong number or sum, RealtimeStyleError when the frame does not fit into memory.
        """
        frame = check_frame(frame)
        stylized = self.run(frame, self._weakened(weights, strength))
        return (
            match_tone(stylized, frame, 1 - strength)
            if self.metadata.strength and strength < 1
            else stylized
        )

    def specialize(
        self, width: int, height: int, weights: Weights | None = None, *, strength: float = 1.0
    ) -> None:
        """Get ready to paint frames of this size with just these weights at just this strength in less time, if the engine can.

        The rest is painted as before, and what was settled on before. Takes a tenth of a second, or nothing if it is what
        was settled on last, and about as much memory as painting does; raises RealtimeStyleError where there is not enough.
        May be called while another thread paints.
        """
        values, shape = self._weakened(weights, strength), (height, width, 3)
        if self._specialized is not None and self._specialized[:2] == (shape, values.tobytes()):
            return
        self._specialized = None  # two would be held for a moment
        check_memory(width, height, network=self.metadata.network)
        try:
            paint = self._engine.specialized(shape, values)
        except Exception as error:  # engines raise types of their own
            raise RealtimeStyleError(
                f"could not prepare the style for {width}x{height}: {reason_of(error)}"
            ) from error
        self._specialized = shape, values.tobytes(), paint

    def drop_specialized(self) -> None:
        """Free what :meth:`settle` made, if anything; painting goes on as before it."""
        self._specialized = None

    def run(self, frame: Frame, weights: Weights) -> Frame:
        """What the file itself makes of a frame with exactly these weights, as its contract says."""
        with self._lock:
            height, width = frame.shape[:2]
            if (
                width * height > self._largest
            ):  # only then memory is needed that is not held already
                check_memory(
                    width, height, network=self.metadata.network, held_pixels=self._largest
                )
            stylized = self._run(frame, weights)
            self._largest = max(self._largest, width * height)
        return stylized

    def _run(self, frame: Frame, weights: Weights) -> Frame:
        shape, values, paint = self._specialized or ((), b"", None)
        if paint is not None and (shape, values) == (frame.shape, weights.tobytes()):
            try:
                return paint(frame)
            except (
                Exception
            ) as error:  # of any type: it is painted as before, which takes less memory
                log.warning(
                    "going on with the style as before it was prepared: %s", reason_of(error)
                )
                self.drop_specialized()
        try:
            return self._engine.run(frame, weights)
        except (MemoryError, RuntimeError) as error:
            raise _failed(frame, error) from error
        except (
            Exception
        ) as error:  # onnxruntime's exceptions have no common base class of their own
            if type(error).__module__.startswith("onnxruntime"):
                raise _failed(frame, error) from error
            raise

    def _weakened(self, weights: Weights | None, strength: float) -> Weights:
        """What the style input is given for weights and strength as in a call."""
        normalised = self._first if weights is None else self._normalised(weights)
        return (
            normalised * np.float32(strength)
            if self.metadata.strength and strength < 1
            else normalised
        )

    def _normalised(self, weights: Weights) -> Weights:
        values: Weights = np.asarray(weights, dtype=np.float32)
        if values.shape != self._first.shape:
            raise StyleError(f"{values.size} style weights for a file of {self._first.size} styles")
        if not np.isfinite(values).all() or (values < 0).any() or values.sum() <= 0:
            raise StyleError(
                f"style weights {values.tolist()} must be numbers from 0 up that do not sum to zero"
            )
        shares: Weights = values / values.sum()
        return shares

    def close(self) -> None:
        """Free the engine."""
        self.drop_specialized()
        self._engine.close()

    def __enter__(self) -> StyleModel:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def share_of_painting(metadata: StyleMetadata, strength: float) -> float:
    """Share of a file's painting in the result, the rest is the photograph, when it was asked for `strength`, 0..1.

    What a network makes of a photograph at no strength is never quite the photograph: below a quarter the real one shines
    through more and more, so that strength 0 is exactly it.
    """
    return min(1.0, strength / _REAL_BELOW) if metadata.strength else strength


def _failed(frame: Frame, error: Exception) -> RealtimeStyleError:
    height, width = frame.shape[:2]
    reason = "out of memory" if isinstance(error, MemoryError) else reason_of(error)
    return RealtimeStyleError(
        f"the engine could not paint a {width}x{height} frame ({reason}); try a smaller --max-size"
    )
