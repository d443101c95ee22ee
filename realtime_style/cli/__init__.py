"""The command line: parser, one small function for each verb, errors to exit codes.

Exit codes: 0 done, 1 expected failure (one line on stderr), 2 wrong usage, 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP,
75 a kiosk without a watchdog that asks to be started again. Results go
to stdout, words for people to stderr. Everything heavy is imported by the verb that needs it, so that ``--help`` answers at
once.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict
from getpass import getpass
from io import TextIOWrapper
from typing import Any

from realtime_style import __version__
from realtime_style.cli.options import build_parser
from realtime_style.errors import DisplayUnavailable, RealtimeStyleError, TrainingError
from realtime_style.stylize.specialize import SpecializeMode
from realtime_style.system.signals import sigterm_as_interrupt

__all__ = ["build_parser", "main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    args = build_parser(__version__).parse_args(argv)
    if isinstance(
        sys.stdout, TextIOWrapper
    ):  # a name that its encoding does not know shall not undo what was done
        sys.stdout.reconfigure(errors="backslashreplace")
    logging.basicConfig(
        level=logging.DEBUG if args.debug else logging.WARNING,
        format="realtime-style: %(message)s",
        force=True,
    )
    if args.verb == "kiosk":  # it ends in an orderly way of its own
        return _run(args)
    with sigterm_as_interrupt() as told:
        code = _run(args)
        return 128 + told[0] if told else code


def _run(args: argparse.Namespace) -> int:
    try:
        return VERBS[args.verb](args)
    except KeyboardInterrupt:
        from realtime_style.kiosk.supervision.heartbeat import is_watched

        if not is_watched():  # else the watchdog says it
            _say("interrupted")
        return 130
    except BrokenPipeError:  # the reader of our output has gone, e.g. `| head`
        sys.stderr.close()
        return 1
    except (RealtimeStyleError, OSError) as error:
        if args.debug:
            raise
        _say(f"error: {error}")
        return 1


def webcam(args: argparse.Namespace) -> int:
    """Camera in, painted picture on screen."""
    from realtime_style.styles.mix import parse_mix
    from realtime_style.webcam.app import WebcamOptions, run_webcam

    options = WebcamOptions(
        camera=args.camera,
        size=args.size,
        fps=args.fps,
        fourcc=args.fourcc,
        backend=args.backend,
        mix=parse_mix(args.style),
        device=args.device,
        strength=args.strength,
        mirror=args.mirror,
        split=args.split,
        steadiness=args.steadiness,
        keep_colours=args.keep_colours,
        fullscreen=args.fullscreen,
        overlay=args.overlay,
        window=args.window,
        seconds=args.seconds,
        record=args.record,
        mjpeg=args.mjpeg,
        virtual_camera=args.virtual_camera,
        snapshots=args.snapshots,
        paint_size=args.max_size,
    )
    summary = run_webcam(options)
    saved = "".join(f"saved {path}\n" for path in [*summary.snapshots, *summary.recordings])
    _print_result(
        args,
        asdict(summary),
        f"{saved}{summary.frames} frames in {summary.seconds:.1f} s: {summary.fps:.1f} fps, {summary.dropped} dropped, "
        f"{summary.provider}",
    )
    return 0


def video(args: argparse.Namespace) -> int:
    """A clip in, the same clip painted."""
    from realtime_style.batch.video import check_video_paths, stylize_video
    from realtime_style.frames.ops import fit_within
    from realtime_style.system.progress import make_progress

    check_video_paths(args.input, args.output)
    with (
        _painter(args, steadiness=args.steadiness, specializing="at once") as painter,
        make_progress(None, "frame", args.output.name) as progress,
    ):
        summary = stylize_video(
            args.input,
            args.output,
            lambda frame: painter(fit_within(frame, args.max_size) if args.max_size else frame),
            provider=painter.provider,
            crf=args.crf,
            preset=args.preset,
            report=progress.of,
        )
    _print_result(
        args,
        asdict(summary),
        f"{args.output}: {summary.frames} frames, {summary.width}x{summary.height}, painted at "
        f"{summary.frames / summary.seconds:.1f} fps with {summary.provider}",
    )
    return 0


def image(args: argparse.Namespace) -> int:
    """Photographs in, paintings out."""
    from realtime_style.batch.images import stylize_images
    from realtime_style.system.progress import make_progress

    with (
        _painter(args, specializing="never") as painter,
        make_progress(None, "picture", args.output.name) as progress,
    ):
        summary = stylize_images(
            args.inputs,
            args.output,
            painter,
            provider=painter.provider,
            max_size=args.max_size,
            report=progress.of,
        )
    lines = [f"{result.output}: {result.width}x{result.height}" for result in summary.results]
    _print_result(args, asdict(summary), "\n".join([*lines, f"painted with {summary.provider}"]))
    return 0


def styles(args: argparse.Namespace) -> int:
    """The styles known by name."""
    from realtime_style.styles.catalog import PACK, list_styles

    found = list_styles()
    if args.json:
        rows = [
            {
                "name": style.info.name,
                "title": style.info.title,
                "artist": style.info.artist,
                "year": style.info.year,
                "licence": style.info.licence,
                "file": str(style.file),
                "index": style.index,
            }
            for style in found
        ]
        print(json.dumps(rows, indent=2))
        return 0
    column = max((len(style.info.name) for style in found), default=0)
    for style in found:
        about = ", ".join(
            part for part in (style.info.title, style.info.artist, style.info.year) if part
        )
        print(f"{style.info.name:{column}}  {about}")
        own = "" if style.file.parent == PACK else f"; {style.file}"
        print(f"{'':{column}}  {style.info.licence or 'licence not stated'}{own}")
    return 0


def bench(args: argparse.Namespace) -> int:
    """How fast styles paint here."""
    from realtime_style.diagnostics.bench import format_table, parse_entry, run_bench

    entries = [parse_entry(spec, device) for spec in args.style for device in args.device]
    entries = list(
        dict.fromkeys(entries)
    )  # STYLE@DEVICE means one device, however many were asked for
    result = run_bench(
        entries, size_wh=args.size, seconds=args.seconds, stages=args.stages, report=_say
    )
    print(json.dumps(asdict(result), indent=2) if args.json else format_table(result))
    return 0


def doctor(args: argparse.Namespace) -> int:
    """What works on this machine, and why the rest does not."""
    from realtime_style.diagnostics.doctor import examine, format_report

    found = examine(require=args.require)
    print(json.dumps(asdict(found), indent=2) if args.json else format_report(found))
    return 0 if found.ok else 1


def kiosk(args: argparse.Namespace) -> int:
    """A screen that runs alone."""
    try:
        from realtime_style.kiosk.build import new_secrets, run_kiosk, sole_picture_store
        from realtime_style.kiosk.supervision.heartbeat import UNAVAILABLE, is_watched
        from realtime_style.kiosk.supervision.watchdog import guard
    except ImportError as error:
        raise RealtimeStyleError(
            f'the kiosk needs more packages ({error}); pip install "realtime-style[kiosk]"'
        ) from error
    if args.secrets:
        try:
            pin = getpass("New PIN, 4 to 12 digits: ")
        except EOFError as error:
            raise RealtimeStyleError(
                "no PIN was typed; run kiosk --secrets in a terminal and type 4 to 12 digits"
            ) from error
        print(new_secrets(pin))
        return 0
    if args.watchdog and not is_watched():
        with sole_picture_store(args.settings) as keepsakes:
            return guard(_as_given(args), keepsakes)
    try:
        with (
            nullcontext() if is_watched() else sole_picture_store(args.settings)
        ):  # the watchdog has it
            done = run_kiosk(args.settings, camera=args.camera, seconds=args.seconds)
    except DisplayUnavailable as error:
        if not is_watched():
            raise
        _say(f"error: {error}")
        return UNAVAILABLE
    counters = done.counters
    _print_result(
        args,
        asdict(counters),
        f"visitors: {counters.visitors}, pictures taken home: {counters.pictures}",
    )
    return done.ending or 0


def _as_given(args: argparse.Namespace) -> list[str]:
    """The words of `kiosk`, for the process that the watchdog starts."""
    words = ["kiosk"] + ([str(args.settings)] if args.settings is not None else [])
    for name in ("camera", "seconds"):
        value = getattr(args, name)
        words += [f"--{name}={value}"] if value is not None else []
    return words + [f"--{name}" for name in ("json", "debug") if getattr(args, name)]


def train(args: argparse.Namespace) -> int:
    """A painting in, a style file out."""
    try:
        import torch  # noqa: F401, TID251  (only to see whether the extra is there)

        from realtime_style.training.command import run_training
    except ImportError as error:
        raise TrainingError(
            f'training needs PyTorch ({error}); pip install "realtime-style[train]"'
        ) from error
    metadata, run = run_training(args)
    names = ", ".join(style.name for style in metadata.styles)
    values = {"output": str(args.output), "run": str(run), **asdict(metadata)}
    _print_result(
        args,
        values,
        f"{args.output}: {names}, {metadata.parity_grey_levels} grey levels from the trained network; "
        f"try: realtime-style webcam --style {args.output}",
    )
    return 0


VERBS = {
    "webcam": webcam,
    "video": video,
    "image": image,
    "kiosk": kiosk,
    "styles": styles,
    "bench": bench,
    "doctor": doctor,
    "train": train,
}


def _painter(
    args: argparse.Namespace, *, steadiness: float = 0.0, specializing: SpecializeMode
) -> Any:
    from realtime_style.styles.mix import parse_mix
    from realtime_style.stylize.stylizer import Stylizer

    painter = Stylizer(
        parse_mix(args.style),
        device=args.device,
        strength=args.strength,
        steadiness=steadiness,
        keep_colours=args.keep_colours,
        specializing=specializing,
    )
    _note_fallback(painter.fallback)
    return painter


def _note_fallback(fallback: str | None) -> None:
    if fallback:
        _say(f"note: --device auto could not take something faster: {fallback}")


def _print_result(args: argparse.Namespace, values: dict[str, Any], words: str) -> None:
    print(json.dumps(values, indent=2, default=str) if args.json else words)


def _say(words: str) -> None:
    with suppress(OSError):  # of a terminal that has been closed
        # In one line: names may have line breaks in them, and so may reasons that others give.
        print(f"realtime-style: {' '.join(words.splitlines())}", file=sys.stderr)
