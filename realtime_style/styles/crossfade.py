"""Cross-fades from one mix of styles to another."""

from __future__ import annotations

from realtime_style.styles.catalog import StyleRef
from realtime_style.styles.mix import Mix

FADE_S = 0.8
"""Duration of a cross-fade in seconds."""

MIN_STEPS = 8
"""Least number of frames in a cross-fade, so that it is not a cut at two frames per second."""


class Crossfade:
    """The mix to paint at each moment of a cross-fade.

    Call `advance` once per frame and paint `mix`. A new target may be set at any time; the fade
    towards it starts from the blend on screen.
    """

    def __init__(self, mix: Mix) -> None:
        self.mix = mix
        """The mix to paint now."""
        self.target = mix
        """The mix at the end of the fade."""
        self._start = mix
        self._progress = 1.0
        self._advanced_at = 0.0

    @property
    def fading(self) -> bool:
        """True until the target is reached."""
        return self._progress < 1

    def to(self, target: Mix, now: float) -> None:
        """Start a fade from the present mix to `target`; `now` in seconds on any clock."""
        if target == self.target:
            return
        self._start, self.target = self.mix, target
        self._progress, self._advanced_at = 0.0, now

    def advance(self, now: float) -> Mix:
        """The mix to paint at `now`. A step is at most 1 / MIN_STEPS of the fade, however late."""
        if self.fading:
            step = min((now - self._advanced_at) / FADE_S, 1 / MIN_STEPS)
            self._advanced_at = now
            self._progress = min(1.0, self._progress + max(0.0, step))
            if self._progress > 1 - 1e-9:
                self._progress = 1.0
            self.mix = blend(self._start, self.target, ease(self._progress))
        return self.mix


def ease(progress: float) -> float:
    """Smoothstep, 0..1 to 0..1: a fade that starts at full speed looks like a jump."""
    return progress * progress * (3 - 2 * progress)


def blend(start: Mix, end: Mix, end_share: float) -> Mix:
    """The mix ``(1 - end_share) * start + end_share * end``, without styles of share 0."""
    if end_share >= 1:
        return end
    shares: dict[StyleRef, float] = {}
    for mix, part in ((start, 1 - end_share), (end, end_share)):
        for style, share in mix:
            shares[style] = shares.get(style, 0.0) + part * share
    return tuple((style, share) for style, share in shares.items() if share > 0)
