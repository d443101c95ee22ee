"""The verb ``train``."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from realtime_style.cli.output import CommonOptions, print_result
from realtime_style.cli.parser import given, options_from
from realtime_style.errors import TrainingError
from realtime_style.training.config import TrainSettings
from realtime_style.training.options import TrainOptions

OPTIONS = (TrainOptions, TrainSettings)


def run(args: argparse.Namespace, common: CommonOptions) -> int:
    """Paintings in, a style file out."""
    try:
        import torch  # noqa: F401, TID251  (only to see whether the extra is there)

        from realtime_style.training.run import make_config, progress_bar, train_and_export
    except ImportError as error:
        raise TrainingError(
            f'training needs PyTorch ({error}); pip install "realtime-style[train]"'
        ) from error
    options = options_from(TrainOptions, args)
    changes = {
        name: value for name, value in given(TrainSettings, args).items() if name != "content"
    }
    config = make_config(options, changes)
    output, run_folder = options.output, options.run_folder
    with progress_bar(config, output.name) as report:
        metadata = train_and_export(
            config,
            output,
            run_folder,
            device=options.device,
            resume=options.resume,
            report=report,
        )
    names = ", ".join(style.name for style in metadata.styles)
    print_result(
        common,
        {"output": str(output), "run": str(run_folder), **asdict(metadata)},
        f"{output}: {names}, {metadata.parity_grey_levels} grey levels from the trained network; "
        f"try: realtime-style webcam --style {output}",
    )
    return 0
