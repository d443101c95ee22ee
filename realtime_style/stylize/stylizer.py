"""Stylizer: any mix of styles, from one file or several, at any strength."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame, check_frame
from realtime_style.frames.ops import fit_within
from realtime_style.styles.mix import Mix
from realtime_style.stylize.color import mix_frames, transfer_luma
from realtime_style.stylize.specialize import SpecializeMode, Specializer
from realtime_style.stylize.style_model import StyleModel, share_of_painting
from realtime_style.stylize.temporal import TemporalSmoother

WeightsByFile = dict[Path, np.ndarray[tuple[int], np.dtype[np.float32]]]


class Stylizer:
    """Paints frames with a mix of styles.

    Styles of one file are blended inside the network, by their weights, in one pass. Styles of different files are
    painted one after the other and the pictures are mixed, which costs one pass per file. Assign `mix`, `strength`,
    `steadiness` and `keep_colours` at any time; a file is loaded when a mix first names it. A mix that stays for some frames
    is painted faster from then on (:mod:`realtime_style.stylize.specialize`).
    """

    def __init__(
        self,
        mix: Mix,
        *,
        device: str = "auto",
        strength: float = 1.0,
        steadiness: float = 0.0,
        keep_colours: bool = False,
        paint_size: int | None = None,
        specializing: SpecializeMode = "behind",
        threads: int | None = None,
    ) -> None:
        """`strength` 0..1, from the photograph to the whole style. `steadiness` 0..1: how much of each painting is kept for
        the next one, for the frames of one stream in their order; 0 for pictures of their own. `keep_colours`: only the
        light and shade of the painting, in the colours of the frame. `specializing`: whether a mix that stays is made
        faster ``behind`` the painting, in a thread of its own, or ``at once``, which holds up one frame and gives the same
        pictures each time to the last grey level, or ``never``, for pictures of their own.
        """
        if not mix:
            raise ValueError("a painter needs at least one style")
        self.mix = mix
        self.strength = strength
        self.keep_colours = keep_colours
        self.paint_size = paint_size
        self._steadier = TemporalSmoother(steadiness)
        self._device = device
        self._threads = threads
        self._specializer = (
            None if specializing == "never" else Specializer(behind=specializing == "behind")
        )
        self._stylizers: dict[Path, StyleModel] = {}
        self._ran_on: dict[
            Path, tuple[str, str | None]
        ] = {}  # provider and fallback, also when closed
        for file in self._weights_by_file():
            self._stylizer(file)

    @property
    def provider(self) -> str:
        """What it really runs on; where the style files loaded so far differ, all of it: ``A, B``."""
        return ", ".join(dict.fromkeys(provider for provider, _ in list(self._ran_on.values())))

    @property
    def fallback(self) -> str | None:
        """Why ``auto`` did not take a better device, for any of these files, one line; None when it always did."""
        reasons = dict.fromkeys(reason for _, reason in list(self._ran_on.values()) if reason)
        return "; ".join(reasons) or None

    @property
    def steadiness(self) -> float:
        """0..1, see :mod:`realtime_style.stylize.temporal`."""
        return self._steadier.amount

    @steadiness.setter
    def steadiness(self, amount: float) -> None:
        self._steadier.amount = amount

    def warm_up(self, width: int, height: int) -> float:
        """Load, compile and allocate for frames of this size with the current mix, and settle on it; returns seconds."""
        began = time.perf_counter()
        for file in self._weights_by_file():
            self._stylizer(file).warm_up(width, height)
        if self._specializer is not None:
            self._specializer.specialize_now(*self._to_settle(width, height))
        return time.perf_counter() - began

    def specialize(self, width: int, height: int) -> None:
        """Get ready to paint frames of this size with the mix and strength of now in less time; see StyleModel.settle."""
        self._specialize(width, height, self._weights_by_file(), self.strength)

    def _to_settle(self, width: int, height: int) -> tuple[object, Callable[[], None]]:
        """How frames of this size are painted now, and what settles on that, also when the mix is another one by then."""
        specialize = partial(
            self._specialize, width, height, self._weights_by_file(), self.strength
        )
        return (width, height, self.mix, self.strength), specialize

    def _specialize(
        self, width: int, height: int, weights_by_file: WeightsByFile, strength: float
    ) -> None:
        for file, stylizer in list(self._stylizers.items()):  # `preload` may just be adding one
            if file not in weights_by_file:
                stylizer.drop_specialized()
        for file, weights in weights_by_file.items():
            if weights.any():
                self._stylizer(file).specialize(width, height, weights, strength=strength)

    def preload(self, mix: Mix, width: int, height: int) -> None:
        """Load the files of `mix` and warm them up for frames of this size, so that painting it later does not stall.

        May be called from another thread while this one paints. Raises what loading a style file raises.
        """
        for file in dict.fromkeys(style.file for style, _ in mix):
            if file in self._stylizers:
                continue
            loaded = StyleModel(file, device=self._device, threads=self._threads)
            loaded.warm_up(width, height)
            if self._keep(file, loaded) is not loaded:  # the painting thread was faster
                loaded.close()

    def __call__(self, frame: Frame) -> Frame:
        """The painted frame, (H, W, 3) uint8 BGR like `frame`."""
        frame = check_frame(frame)
        painted, share = self.paint(
            fit_within(frame, self.paint_size) if self.paint_size else frame
        )
        if painted.shape != frame.shape:
            size = (frame.shape[1], frame.shape[0])
            painted = np.asarray(cv2.resize(painted, size, interpolation=cv2.INTER_CUBIC), np.uint8)
        return self.finish(frame, painted, share)

    def paint(self, frame: Frame) -> tuple[Frame, float]:
        """What the network makes of a frame at this strength, and its share, 0..1, in the picture; the rest is the frame.

        For those who paint a smaller picture than they show: enlarge it before you :meth:`finish` it.
        """
        if self.strength <= 0:
            self._steadier.forget()
            return frame, 0.0
        painted, share = self._paint(frame)
        if self._specializer is not None:
            height, width = frame.shape[:2]
            self._specializer.painted(*self._to_settle(width, height))
        return self._steadier(frame, painted), share

    def finish(self, frame: Frame, painted: Frame, share: float) -> Frame:
        """`painted` in the colours asked for, and what is left of `share` from the frame itself: a new array."""
        mixed = mix_frames(
            frame, transfer_luma(painted, frame) if self.keep_colours else painted, share
        )
        return mixed.copy() if mixed is frame else mixed  # the caller may draw on it

    def _paint(self, frame: Frame) -> tuple[Frame, float]:
        painted: Frame | None = None
        done = 0.0
        for file, weights in self._weights_by_file().items():
            if not weights.any():  # the end of a cross-fade
                continue
            stylizer = self._stylizer(file)
            share = float(weights.sum()) * share_of_painting(stylizer.metadata, self.strength)
            part = stylizer(frame, weights, strength=self.strength)
            done += share
            painted = part if painted is None else mix_frames(painted, part, share / done)
        if painted is None:
            raise RealtimeStyleError("the mix of styles is empty; choose a style")
        return painted, min(1.0, done)

    def _weights_by_file(self) -> WeightsByFile:
        """For each file of the mix, the shares of its styles, (N,) float32; they sum to the file's share of the mix."""
        weights: WeightsByFile = {}
        for style, share in self.mix:
            weights.setdefault(style.file, np.zeros(style.count, np.float32))[style.index] += share
        return weights

    def _stylizer(self, file: Path) -> StyleModel:
        if file not in self._stylizers:
            self._keep(file, StyleModel(file, device=self._device, threads=self._threads))
        return self._stylizers[file]

    def _keep(self, file: Path, loaded: StyleModel) -> StyleModel:
        kept = self._stylizers.setdefault(file, loaded)
        self._ran_on[file] = kept.provider, kept.fallback
        return kept

    def close(self) -> None:
        """Free all engines."""
        if self._specializer is not None:
            self._specializer.close()
        for stylizer in list(self._stylizers.values()):  # `preload` may just be adding one
            stylizer.close()
        self._stylizers.clear()

    def __enter__(self) -> Stylizer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
