"""Settings of a training run: ranges, contradictions, checkpoints, documentation."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from realtime_style.errors import TrainingError
from realtime_style.system.declare import MISSING, declarations
from realtime_style.training.config import TrainConfig, TrainSettings
from realtime_style.training.objective.losses import TERMS
from realtime_style.training.options import TrainOptions
from tests.helpers.training import small_config

DOCS = Path(__file__).parents[2] / "docs" / "training.md"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"steps": 0}, "steps must be a whole number from 1 up"),
        ({"crop": 8}, "crop times loss_crop must be at least 64 px"),
        ({"style_weight": -1.0}, "style_weight must be a number from 0 up"),
        ({"minutes": 0.0}, "minutes must be a number above 0"),
        ({"strength_every": 1}, r"strength_every must be a whole number 0 \(never\) or from 2 up"),
        ({"seed": -1}, "seed must be"),
        ({"seed": 2**32}, "seed must be"),
        ({"clip_norm": 0.0}, "clip_norm must be"),
        ({"loss_crop": 1.5}, "loss_crop must be a number from 0.5 to 1"),
        ({"smallest_crop": 1.5}, "smallest_crop must be a number above 0 and at most 1"),
        ({"smallest_crop": 0.0}, "smallest_crop must be"),
        ({"webcam_share": 1.5}, "webcam_share must be"),
        ({"plain_share": 1.5}, "plain_share must be"),
        ({"quarter_weight": 1.5}, "quarter_weight must be"),
        ({"artifact_step_share": 1.5}, "artifact_step_share must be"),
        ({"network": "fsat"}, "network must be fast, fine, johnson or an architecture string"),
        ({"style_weights": (1.0, 2.0)}, "one factor for each painting"),
        ({"style_weights": (0.0,)}, "style_weights must be a list of a number above 0"),
        ({"styles": ()}, "each painting needs a style name"),
        ({"paintings": (), "styles": ()}, "at least one painting"),
        ({"boost_blends": (("waves", "green"),)}, "boost_blends must be pairs"),
        ({"boost_blends": (("waves", "waves"),)}, "boost_blends must be pairs"),
    ],
)
def test_setting_out_of_range_is_refused(
    tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(TrainingError, match=complaint):
        small_config(tmp_path, **change)


def test_two_styles_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="two styles have the same name"):
        small_config(tmp_path, names="aa")


def test_config_survives_its_dictionary(tmp_path: Path) -> None:
    config = small_config(
        tmp_path, names="ab", boost_blends=(("a", "b"),), style_weights=(1.0, 2.0), minutes=3.0
    )
    assert TrainConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize("change", [{"judged": 0.8}, {"steps": "many"}, {"styles": [{"n": 1}]}])
def test_dictionary_of_other_settings_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(TrainingError, match="incomplete or wrong"):
        TrainConfig.from_dict({**small_config(tmp_path).to_dict(), **change})


def test_new_steps_replace_minutes(tmp_path: Path) -> None:
    config = small_config(tmp_path, minutes=3.0)
    assert config.with_changes(batch=1).minutes == 3.0
    assert config.with_changes(steps=7).minutes is None
    assert config.with_changes(minutes=5.0).minutes == 5.0


def test_documentation_lists_every_setting_with_default_and_option() -> None:
    text = DOCS.read_text("utf-8").partition("## Settings")[2]
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+?) \| ([^|]*?)\|", text, re.MULTILINE)
    options = {**declarations(TrainSettings), "content": declarations(TrainOptions)["content"]}
    for name, declared in declarations(TrainSettings).items():
        default = "required" if declared.default is MISSING else _text(declared.default)
        flag = f"`--{name.replace('_', '-')}` " if options[name].about else ""
        assert (name, default, flag) in rows
    assert len(rows) == len(declarations(TrainSettings))


def test_documentation_lists_every_term_of_the_objective() -> None:
    text = DOCS.read_text("utf-8").partition("## Objective")[2].partition("## Steps")[0]
    names = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert sorted(names) == sorted(term.name for term in TERMS)


def _text(default: object) -> str:
    if default is None or default == ():
        return "none"
    if isinstance(default, float):
        return f"{default:,.10g}"
    return f"{default:,}" if isinstance(default, int) else str(default)
