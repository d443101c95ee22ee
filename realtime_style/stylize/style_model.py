"""StyleModel: one style file on one engine."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np

from realtime_style.engines.base import Shape, Weights
from realtime_style.engines.spec import reason_of
from realtime_style.engines.table import open_engine
from realtime_style.errors import RealtimeStyleError, StyleError
from realtime_style.frames import Frame, check_frame
from realtime_style.styles.catalog import read_metadata
from realtime_style.styles.format import StyleMetadata
from realtime_style.stylize.color import match_tone
from realtime_style.stylize.memory_limit import check_memory

log = logging.getLogger(__name__)

_PHOTO_BELOW = 0.25  # strength below which the photograph itself is mixed in


class StyleModel:
    """A style file, loaded: call it with a frame.

    ::

        with StyleModel(Path("starry-night.onnx")) as stylize:
            painted = stylize(frame)

    `provider` is what it really runs on; `fallback` the reason ``auto`` could not take something
    better, or None. Several threads may call one StyleModel: they take turns.
    """

    def __init__(self, path: Path, *, device: str = "auto", threads: int | None = None) -> None:
        """Raises StyleNotFound, BadStyleFile or DeviceUnavailable."""
        self.metadata = read_metadata(path)
        self._engine, self.fallback = open_engine(path, device=device, threads=threads)
        self.provider = self._engine.provider
        self._first = np.eye(len(self.metadata.styles), dtype=np.float32)[0]
        self._lock = threading.Lock()  # engines keep their buffers from frame to frame
        self._largest = 0  # pixels of the largest frame painted
        self._specialized: _Specialized | None = None

    def warm_up(self, width: int, height: int) -> float:
        """Compile and allocate for frames of this size; returns the seconds it took."""
        began = time.perf_counter()
        self(np.zeros((height, width, 3), np.uint8))
        return time.perf_counter() - began

    def __call__(
        self, frame: Frame, weights: Weights | None = None, *, strength: float = 1.0
    ) -> Frame:
        """The stylized frame: (H, W, 3) uint8 BGR to a new array of the same shape.

        `weights` (N,) over the N styles of the file are scaled to sum to 1; None means the first
        style. `strength`, 0..1, weakens the style inside the network, stroke by stroke, if the file
        can do that (``metadata.strength``), and moves tone back towards the frame's; other files
        paint at full strength, and the caller mixes their painting with the photograph by
        :func:`painting_share`. Raises StyleError for weights of the wrong number or sum,
        RealtimeStyleError if the frame does not fit into memory.
        """
        frame = check_frame(frame)
        stylized = self.run(frame, self._weakened(weights, strength))
        if self.metadata.strength and strength < 1:
            return match_tone(stylized, frame, 1 - strength)
        return stylized

    def specialize(
        self, width: int, height: int, weights: Weights | None = None, *, strength: float = 1.0
    ) -> None:
        """Prepare to paint frames of this size, weights and strength faster, if the engine can.

        All other frames are painted as before, those of an earlier call included. Takes a tenth of
        a second, nothing for a repeated call, and about as much memory as painting; raises
        RealtimeStyleError where there is not enough. May be called while another thread paints.
        """
        values, shape = self._weakened(weights, strength), (height, width, 3)
        if self._specialized is not None and self._specialized.fits(shape, values):
            return
        self._specialized = None  # else two would be held for a moment
        check_memory(width, height, network=self.metadata.network)
        try:
            paint = self._engine.specialized(shape, values)
        except Exception as error:  # engines raise types of their own
            raise RealtimeStyleError(
                f"could not prepare the style for {width}x{height}: {reason_of(error)}"
            ) from error
        self._specialized = _Specialized(shape, values.tobytes(), paint)

    def drop_specialized(self) -> None:
        """Free what :meth:`specialize` made, if anything; painting goes on as before it."""
        self._specialized = None

    def run(self, frame: Frame, weights: Weights) -> Frame:
        """The output of the file for a frame with exactly these weights, as the format says."""
        with self._lock:
            height, width = frame.shape[:2]
            if width * height > self._largest:  # a smaller frame fits into memory already held
                check_memory(
                    width, height, network=self.metadata.network, held_pixels=self._largest
                )
            stylized = self._run(frame, weights)
            self._largest = max(self._largest, width * height)
        return stylized

    def _run(self, frame: Frame, weights: Weights) -> Frame:
        special = self._specialized
        if special is not None and special.paint and special.fits(frame.shape, weights):
            try:
                return special.paint(frame)
            except Exception as error:  # of any type: the general network needs less memory
                log.warning("painting goes on without the faster network: %s", reason_of(error))
                self.drop_specialized()
        try:
            return self._engine.run(frame, weights)
        except (MemoryError, RuntimeError) as error:
            raise _failed(frame, error) from error
        except Exception as error:  # onnxruntime's exceptions have no common base class
            if type(error).__module__.startswith("onnxruntime"):
                raise _failed(frame, error) from error
            raise

    def _weakened(self, weights: Weights | None, strength: float) -> Weights:
        """Values of the style input for weights and strength as in a call."""
        shares = self._first if weights is None else self._normalised(weights)
        if self.metadata.strength and strength < 1:
            return shares * np.float32(strength)
        return shares

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


@dataclass(frozen=True)
class _Specialized:
    """A network for frames of one shape and one value of the style input."""

    shape: Shape
    weights: bytes
    paint: Callable[[Frame], Frame] | None
    """None where the engine has nothing faster."""

    def fits(self, shape: Shape, weights: Weights) -> bool:
        return (self.shape, self.weights) == (shape, weights.tobytes())


def painting_share(metadata: StyleMetadata, strength: float) -> float:
    """Share of a file's painting in the result at `strength`, 0..1; the rest is the photograph.

    The network's picture at strength 0 is never quite the photograph, so below a quarter the real
    one is mixed in more and more, and strength 0 is exactly the photograph.
    """
    return min(1.0, strength / _PHOTO_BELOW) if metadata.strength else strength


def _failed(frame: Frame, error: Exception) -> RealtimeStyleError:
    height, width = frame.shape[:2]
    reason = "out of memory" if isinstance(error, MemoryError) else reason_of(error)
    return RealtimeStyleError(
        f"the engine could not paint a {width}x{height} frame ({reason}); try a smaller --max-size"
    )
