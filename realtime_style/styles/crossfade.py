"""Cross-fades: from one mix of styles to another in small steps, never a cut."""

from __future__ import annotations

from realtime_style.styles.catalog import StyleRef
from realtime_style.styles.mix import Mix

FADE_S = 0.8
"""Seconds a change of style takes."""

MIN_STEPS = 8
"""Frames a change of style takes at least, so that it is no cut on a machine that paints two frames a second either."""


class Crossfade:
    """The mix to paint at each moment, on its way from one to another.

    Call `advance` once per frame and paint `mix`. A new target may be given at any time: the way to it starts from the
    blend that is on screen.
    """

    def __init__(self, mix: Mix) -> None:
        self.mix = mix
        """What to paint now."""
        self.target = mix
        """What will be painted when the fade is over."""
        self._start = mix
        self._progress = 1.0
        self._then = 0.0

    @property
    def fading(self) -> bool:
        """Whether the mix is still on its way."""
        return self._progress < 1

    def to(self, target: Mix, now: float) -> None:
        """Start towards `target` from what is painted now; `now` in seconds on any clock."""
        if target == self.target:
            return
        self._start, self.target = self.mix, target
        self._progress, self._then = 0.0, now

    def advance(self, now: float) -> Mix:
        """The mix to paint at `now`. One step never covers more than 1 / MIN_STEPS of the fade, however late it comes."""
        if self.fading:
            step = min((now - self._then) / FADE_S, 1 / MIN_STEPS)
            self._then = now
            self._progress = min(1.0, self._progress + max(0.0, step))
            if self._progress > 1 - 1e-9:
                self._progress = 1.0
            self.mix = blend(self._start, self.target, ease(self._progress))
        return self.mix


def ease(progress: float) -> float:
    """0..1 to 0..1 with a gentle start and end (smoothstep): a fade that starts at full speed looks like a jump."""
    return progress * progress * (3 - 2 * progress)


def blend(start: Mix, end: Mix, end_share: float) -> Mix:
    """The mix that is ``(1 - end_share) * start + end_share * end``; styles without a share are left out."""
    if end_share >= 1:
        return end
    shares: dict[StyleRef, float] = {}
    for mix, part in ((start, 1 - end_share), (end, end_share)):
        for style, share in mix:
            shares[style] = shares.get(style, 0.0) + part * share
    return tuple((style, share) for style, share in shares.items() if share > 0)
