"""Paint photographs: one, several, or whole folders."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from realtime_style.errors import (
    DeviceUnavailable,
    ImageUnreadable,
    OutputUnwritable,
    RealtimeStyleError,
    StyleError,
)
from realtime_style.frames import Frame
from realtime_style.frames.ops import fit_within
from realtime_style.media.images import (
    IMAGE_SUFFIXES,
    Picture,
    images_in,
    read_image,
    require_image_name,
    write_image,
)
from realtime_style.system.atomic import make_folder

logger = logging.getLogger(__name__)

_NAMED_FAILURES = 5  # at most in the last message; each has its own line when it happens


@dataclass(frozen=True)
class ImageResult:
    """One painted image."""

    input: Path
    output: Path
    width: int
    """px"""
    height: int
    """px"""


@dataclass(frozen=True)
class ImageSummary:
    """Result of painting images."""

    results: list[ImageResult]
    provider: str
    seconds: float


def stylize_images(
    inputs: Sequence[Path],
    output: Path,
    paint: Callable[[Frame], Frame],
    *,
    provider: str,
    max_size: int | None = None,
    report: Callable[[int, int | None], None] = lambda done, total: None,
) -> ImageSummary:
    """Paint images; see :func:`plan_images` for what `inputs` and `output` may be.

    `paint` takes and returns (H, W, 3) uint8 BGR of one shape; `provider` is what it runs on, for
    the summary. `max_size` reduces larger images to that long side in px before they are painted.
    Transparency is kept. `report(done, total)` is called after each image.

    Each image is whole or not there. A damaged one, or one too large for the memory of this
    machine, is logged and skipped; when all others are done, ImageUnreadable says how many failed.
    Anything wrong with the output raises OutputUnwritable at once.
    """
    started = time.perf_counter()
    if max_size is not None and max_size < 1:
        raise ValueError(f"max_size is a number of pixels from 1 up, not {max_size}")
    jobs = plan_images(inputs, output)
    results: list[ImageResult] = []
    failures: list[ImageUnreadable] = []
    failed: list[Path] = []
    for number, (source, target) in enumerate(jobs, 1):
        try:
            painted = _read_and_paint(source, paint, max_size)
        except ImageUnreadable as error:
            if len(jobs) == 1:
                raise
            logger.warning("%s", error)
            failures.append(error)
            failed.append(source)
        else:
            make_folder(target.parent)
            write_image(target, painted)
            height, width = painted.bgr.shape[:2]
            results.append(ImageResult(source, target, width, height))
        report(number, len(jobs))
    if failures:
        raise _some_failed(failed, len(jobs), output) from failures[0]
    return ImageSummary(results, provider, time.perf_counter() - started)


def plan_images(inputs: Sequence[Path], output: Path) -> list[tuple[Path, Path]]:
    """Pairs of image to read and image to write; refuses before any work what cannot end well.

    A folder among `inputs` stands for the images in it, sorted, without its sub-folders. One file
    goes to `output`, or into it if that is a folder or has no suffix; everything else goes into the
    folder `output`, under its own name (as .png if its format can only be read). The folder is made
    if the one above it exists.

    Raises ImageUnreadable for a missing file or a folder without images; OutputUnwritable if two
    images would get the same name, one would replace an image to be read, or `output` is of the
    wrong kind.
    """
    sources = _find_images(inputs)
    one_file = len(inputs) == 1 and inputs[0].is_file()
    if one_file and output.suffix and not output.is_dir():
        jobs = [(sources[0], output)]
    else:
        if not output.is_dir() and output.suffix.lower() in IMAGE_SUFFIXES:
            raise OutputUnwritable(
                f"cannot write {len(sources)} images to {output}, the name of one image; "
                "give a folder"
            )
        jobs = [(source, output / _name_for(source)) for source in sources]
        if output.exists() and not output.is_dir():
            raise OutputUnwritable(f"{output} is a file, not a folder; give another name")
    parent = jobs[0][1].parent
    if not parent.is_dir() and not (parent == output and parent.parent.is_dir()):
        missing = parent if parent != output else parent.parent
        raise OutputUnwritable(
            f"cannot write {output}: there is no folder {missing}; make it first"
        )
    _refuse_clashes(jobs)
    return jobs


def _find_images(inputs: Sequence[Path]) -> list[Path]:
    """The files that are asked for, each once, in the order given."""
    found: dict[Path, Path] = {}
    for path in inputs:
        if path.is_dir():
            inside = images_in(path)
        elif path.exists():
            inside = [path]
        else:
            raise ImageUnreadable(f"image {path} does not exist; check the path")
        for entry in inside:
            found.setdefault(entry.resolve(), entry)
    if not found:
        raise ImageUnreadable("no images given; name files or folders")
    return list(found.values())


def _name_for(source: Path) -> str:
    return source.name if source.suffix.lower() in IMAGE_SUFFIXES else f"{source.stem}.png"


def _refuse_clashes(jobs: Sequence[tuple[Path, Path]]) -> None:
    inputs = {
        (status.st_dev, status.st_ino): source for source, _ in jobs for status in [source.stat()]
    }
    taken: dict[str, Path] = {}
    for source, target in jobs:
        require_image_name(target)
        same_name = str(target).casefold()  # a.JPG is a.jpg on many file systems
        if same_name in taken:
            raise OutputUnwritable(
                f"{taken[same_name]} and {source} would both become {target}; "
                "paint them one after the other"
            )
        taken[same_name] = source
        if target.exists():
            status = target.stat()
            replaced = inputs.get((status.st_dev, status.st_ino))
            if replaced is not None:
                raise OutputUnwritable(
                    f"{target} is the image {replaced} to be painted; "
                    "choose another place for the result"
                )


def _read_and_paint(source: Path, paint: Callable[[Frame], Frame], max_size: int | None) -> Picture:
    picture = read_image(source)
    try:
        return _paint_picture(picture, paint, max_size)
    except (StyleError, DeviceUnavailable):  # they concern all pictures alike
        raise
    except (RealtimeStyleError, MemoryError) as error:
        reason = str(error) or "out of memory; paint it smaller with --max-size"
        raise ImageUnreadable(f"image {source} cannot be painted: {reason}") from error


def _paint_picture(
    picture: Picture, paint: Callable[[Frame], Frame], max_size: int | None
) -> Picture:
    frame, alpha = picture.bgr, picture.alpha
    if alpha is not None:
        frame = _fill_hidden(frame, alpha)
    if max_size is not None:
        frame = fit_within(frame, max_size)
    if alpha is not None and alpha.shape != frame.shape[:2]:
        alpha = np.asarray(
            cv2.resize(alpha, frame.shape[1::-1], interpolation=cv2.INTER_AREA), dtype=np.uint8
        )
    return Picture(paint(frame), alpha)


def _fill_hidden(frame: Frame, alpha: Frame) -> Frame:
    """Fill what is transparent with the average visible colour.

    Programs leave any colour there, often black. The network would paint it like the rest: its
    statistics over the whole frame would shift the colours everywhere, and strokes would carry it
    across the edge. The average colour does neither.
    """
    visible = np.where(alpha > 0, np.uint8(255), np.uint8(0))
    average = cv2.mean(frame, mask=visible)[:3] if visible.any() else (128.0, 128.0, 128.0)
    filled = frame.copy()
    filled[alpha == 0] = np.rint(average).astype(np.uint8)
    return filled


def _some_failed(failed: Sequence[Path], total: int, output: Path) -> ImageUnreadable:
    names = ", ".join(str(path) for path in failed[:_NAMED_FAILURES])
    if len(failed) > _NAMED_FAILURES:
        names += f" and {len(failed) - _NAMED_FAILURES} more"
    rest = (
        f"the other {total - len(failed)} are painted in {output}"
        if len(failed) < total
        else "nothing was written"
    )
    return ImageUnreadable(
        f"{len(failed)} of {total} images could not be read or painted: {names}; {rest}"
    )
