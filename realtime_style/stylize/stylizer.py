"""Stylizer: any mix of styles, from one file or several, at any strength."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType

import cv2
import numpy as np

from realtime_style.engines.base import Weights
from realtime_style.errors import RealtimeStyleError
from realtime_style.frames import Frame, check_frame
from realtime_style.frames.ops import fit_within, size_within
from realtime_style.styles.mix import Mix, parse_mix
from realtime_style.stylize.color import mix_frames, transfer_luma
from realtime_style.stylize.specialize import SpecializeMode, Specializer
from realtime_style.stylize.style_model import StyleModel, painting_share
from realtime_style.stylize.temporal import TemporalSmoother

WeightsByFile = dict[Path, Weights]


class Stylizer:
    """Paints frames with a mix of styles.

    ::

        with Stylizer("starry-night") as stylize:
            painted = stylize(frame)

    Styles of one file are blended inside the network by their weights, in one pass. Styles of
    different files are painted one after the other and the pictures are mixed, which costs one
    pass per file. Assign `mix`, `strength`, `steadiness`, `keep_colours` and `paint_size` at any
    time; a file is loaded when a mix first names it. Frames of a mix that does not change are
    painted faster after a while (:mod:`realtime_style.stylize.specialize`).
    """

    def __init__(
        self,
        mix: str | Mix,
        *,
        device: str = "auto",
        strength: float = 1.0,
        steadiness: float = 0.0,
        keep_colours: bool = False,
        paint_size: int | None = None,
        specialize: SpecializeMode = "background",
        threads: int | None = None,
    ) -> None:
        """Load the files of the mix. Raises what parsing a mix and loading a style file raise.

        `mix`: parsed, or text as ``--style`` takes it, e.g. ``"starry-night:1,the-scream:3"``.
        `device`: one of ``engines.table.DEVICES``.
        `strength`: 0..1, from the photograph to the whole style.
        `steadiness`: 0..1, share of the previous painting kept, for frames of one stream in their
        order; 0 for unrelated pictures.
        `keep_colours`: only the light and shade of the painting, in the colours of the frame.
        `paint_size`: long side in px at which larger frames are painted. The painting is enlarged
        to the frame's size; the photograph's share and colours keep the frame's own sharpness.
        `specialize`: "background" prepares the faster network in a thread; "immediately" holds up
        one frame instead, so that the same frames give the same pictures each time; "never" suits
        unrelated pictures.
        `threads`: processor threads of the engine; None: its own choice.
        """
        self.mix = mix
        if not self._mix:
            raise ValueError("a stylizer needs at least one style")
        self.strength = strength
        self.keep_colours = keep_colours
        self.paint_size = paint_size
        self._smoother = TemporalSmoother(steadiness)
        self._device = device
        self._threads = threads
        self._specializer = None if specialize == "never" else Specializer(specialize)
        self._models: dict[Path, StyleModel] = {}
        # Provider and fallback by file; they stay when the models are closed.
        self._ran_on: dict[Path, tuple[str, str | None]] = {}
        for file in self._weights_by_file():
            self._model(file)

    @property
    def mix(self) -> Mix:
        """Styles and their shares. May be assigned as text, as ``--style`` takes it."""
        return self._mix

    @mix.setter
    def mix(self, mix: str | Mix) -> None:
        self._mix = _parsed(mix)

    @property
    def provider(self) -> str:
        """Devices the style files really run on; all of them, ``A, B``, where they differ."""
        return ", ".join(dict.fromkeys(provider for provider, _ in list(self._ran_on.values())))

    @property
    def fallback(self) -> str | None:
        """The reasons ``auto`` did not take a better device, on one line, or None."""
        reasons = dict.fromkeys(reason for _, reason in list(self._ran_on.values()) if reason)
        return "; ".join(reasons) or None

    @property
    def loaded(self) -> tuple[Path, ...]:
        """The style files that are loaded, in the order of their first use."""
        return tuple(self._models)

    @property
    def steadiness(self) -> float:
        """Amount of temporal smoothing, 0..1, see :mod:`realtime_style.stylize.temporal`."""
        return self._smoother.amount

    @steadiness.setter
    def steadiness(self, amount: float) -> None:
        self._smoother.amount = amount

    def warm_up(self, width: int, height: int) -> float:
        """Load, compile, allocate and specialise for frames of this size with the present mix.

        Returns the seconds it took.
        """
        began = time.perf_counter()
        painted_wh = self.painted_wh(width, height)
        for file in self._weights_by_file():
            self._model(file).warm_up(*painted_wh)
        if self._specializer is not None:
            self._specializer.specialize_now(*self._preparation(*painted_wh))
        return time.perf_counter() - began

    def specialize(self, width: int, height: int) -> None:
        """Prepare to paint frames of this size faster with the present mix and strength.

        Raises RealtimeStyleError where memory does not suffice.
        """
        self._specialize(*self.painted_wh(width, height), self._weights_by_file(), self.strength)

    def preload(self, mix: str | Mix, width: int, height: int) -> None:
        """Load the files of `mix` and warm them up for frames of this size.

        Painting that mix later does not stall then. May be called from another thread while this
        one paints. Raises what parsing a mix and loading a style file raise.
        """
        for file in dict.fromkeys(style.file for style, _ in _parsed(mix)):
            if file in self._models:
                continue
            loaded = StyleModel(file, device=self._device, threads=self._threads)
            loaded.warm_up(*self.painted_wh(width, height))
            if self._keep(file, loaded) is not loaded:  # the painting thread was faster
                loaded.close()

    def painted_wh(self, width: int, height: int) -> tuple[int, int]:
        """Width and height in px at which frames of this size are painted."""
        return size_within(width, height, self.paint_size) if self.paint_size else (width, height)

    def __call__(self, frame: Frame) -> Frame:
        """The painted frame, a new (H, W, 3) uint8 BGR array of the shape of `frame`."""
        frame = check_frame(frame)
        small = fit_within(frame, self.paint_size) if self.paint_size else frame
        painted, share = self._paint(small)
        if share > 0 and painted.shape != frame.shape:
            size_wh = frame.shape[1], frame.shape[0]
            enlarged = cv2.resize(painted, size_wh, interpolation=cv2.INTER_CUBIC)
            painted = np.asarray(enlarged, np.uint8)
        return self._finish(frame, painted, share)

    def _paint(self, frame: Frame) -> tuple[Frame, float]:
        """The painting of a frame at its own size, and its share, 0..1, in the result."""
        if self.strength <= 0:
            self._smoother.forget()
            return frame, 0.0
        painted, share = self._paint_mix(frame)
        if self._specializer is not None:
            height, width = frame.shape[:2]
            self._specializer.painted(*self._preparation(width, height))
        return self._smoother(frame, painted), share

    def _finish(self, frame: Frame, painted: Frame, share: float) -> Frame:
        """`painted` in the colours asked for, mixed with the frame by `share`: a new array."""
        if share <= 0:
            return frame.copy()  # the caller may draw on it
        if self.keep_colours:
            painted = transfer_luma(painted, frame)
        return mix_frames(frame, painted, share)

    def _paint_mix(self, frame: Frame) -> tuple[Frame, float]:
        painted: Frame | None = None
        done = 0.0
        for file, weights in self._weights_by_file().items():
            if not weights.any():  # the end of a cross-fade
                continue
            model = self._model(file)
            share = float(weights.sum()) * painting_share(model.metadata, self.strength)
            part = model(frame, weights, strength=self.strength)
            done += share
            painted = part if painted is None else mix_frames(painted, part, share / done)
        if painted is None:
            raise RealtimeStyleError("the mix of styles is empty; choose a style")
        return painted, min(1.0, done)

    def _preparation(self, width: int, height: int) -> tuple[object, Callable[[], None]]:
        """A key for the way in which frames of this size are painted now, and its specialisation.

        The mix may be another one by the time that is called.
        """
        specialize = partial(
            self._specialize, width, height, self._weights_by_file(), self.strength
        )
        return (width, height, self._mix, self.strength), specialize

    def _specialize(
        self, width: int, height: int, weights_by_file: WeightsByFile, strength: float
    ) -> None:
        for file, model in list(self._models.items()):  # `preload` may just be adding one
            if file not in weights_by_file:
                model.drop_specialized()
        for file, weights in weights_by_file.items():
            if weights.any():
                self._model(file).specialize(width, height, weights, strength=strength)

    def _weights_by_file(self) -> WeightsByFile:
        """Shares of each file's styles, (N,) float32, which sum to the file's share of the mix."""
        weights: WeightsByFile = {}
        for style, share in self._mix:
            weights.setdefault(style.file, np.zeros(style.count, np.float32))[style.index] += share
        return weights

    def _model(self, file: Path) -> StyleModel:
        if file not in self._models:
            self._keep(file, StyleModel(file, device=self._device, threads=self._threads))
        return self._models[file]

    def _keep(self, file: Path, loaded: StyleModel) -> StyleModel:
        kept = self._models.setdefault(file, loaded)
        self._ran_on[file] = kept.provider, kept.fallback
        return kept

    def close(self) -> None:
        """Free all engines."""
        if self._specializer is not None:
            self._specializer.close()
        for model in list(self._models.values()):  # `preload` may just be adding one
            model.close()
        self._models.clear()

    def __enter__(self) -> Stylizer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _parsed(mix: str | Mix) -> Mix:
    return parse_mix(mix) if isinstance(mix, str) else mix
