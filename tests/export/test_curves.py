"""The slow baseline, and the file that keeps its curves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from export.__main__ import main as export_main
from export.curves import (
    CURVES,
    Task,
    complete_curves,
    equivalent_iterations,
    kept_picture,
    read_curves,
    slow_picture,
)
from export.gatys_baseline import optimise
from realtime_style.errors import TrainingError
from realtime_style.media.images import Picture, read_image, write_image
from realtime_style.training.data.photographs import find_photographs, load_painting, to_image
from realtime_style.training.device import bf16_where_native
from realtime_style.training.objective.perceptual import content_loss, relative_style_loss
from realtime_style.training.objective.vgg import CONTENT_LAYER, STYLE_LAYERS, painting_grams
from tests.helpers.training import (
    random_loss_network,
    random_weights,
    write_painting,
    write_photographs,
)

NAME = "photo_0 waves vgg16 64 0 6 0.2 cut continued"


@pytest.fixture
def task(tmp_path: Path) -> Task:
    photograph = find_photographs(write_photographs(tmp_path / "photos", count=1))[0]
    return Task(
        photograph,
        write_painting(tmp_path / "waves.png"),
        "vgg16",
        64,
        style_blur=0.0,
        style_weight=6.0,
        quarter_weight=0.2,
    )


@pytest.fixture
def computed(task: Task, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the tasks computed from here on, in place of which the photograph is returned."""
    names: list[str] = []
    picture = read_image(task.photograph).bgr

    def noted(vgg: object, task: Task) -> tuple[object, list[float]]:
        names.append(task.name)
        return picture, [5.4, 3.2, 1.1]

    monkeypatch.setattr("export.curves.slow_picture", noted)
    return names


def test_slow_baseline_lowers_the_objective(task: Task) -> None:
    picture, curve = slow_picture(random_loss_network(), task, iterations=30, long_side=96)
    assert picture.shape == read_image(task.photograph).bgr.shape
    assert len(curve) == 31
    assert curve[-1] < 0.3 * curve[0]


def test_last_value_of_a_curve_is_that_of_the_clipped_picture(tmp_path: Path) -> None:
    """For black and white squares, whose optimised pixels would leave 0..255."""
    photograph, painting = tmp_path / "squares.png", write_painting(tmp_path / "waves.png")
    squares = np.kron(np.indices((8, 8)).sum(0) % 2, np.ones((8, 8)))[..., np.newaxis] * 255
    write_image(photograph, Picture(squares.repeat(3, 2).astype(np.uint8)))
    vgg = random_loss_network()
    image = to_image(read_image(photograph).bgr).unsqueeze(0)
    grams = painting_grams(vgg, load_painting(painting, 64))
    values: list[float] = []
    picture = optimise(
        vgg,
        image,
        grams,
        20,
        style_weight=6.0,
        quarter_weight=0.2,
        on_iteration=lambda done, value: values.append(value),
    )
    assert float(picture.min()) >= 0.0
    assert float(picture.max()) <= 1.0
    with torch.no_grad(), bf16_where_native(picture.device):
        features, content = vgg(picture, STYLE_LAYERS), vgg(image, (CONTENT_LAYER,))
    style_term = relative_style_loss(features, grams, 0.2)
    objective = content_loss(features, content, CONTENT_LAYER) + 6.0 * style_term
    assert float(objective) == pytest.approx(values[-1], rel=0.01)


def test_curves_are_kept_and_not_computed_again(
    task: Task, tmp_path: Path, computed: list[str]
) -> None:
    for _ in range(2):
        assert complete_curves(random_loss_network(), [task], tmp_path) == {NAME: [5, 3, 1]}
    picture = read_image(task.photograph).bgr
    assert kept_picture(random_loss_network(), task, tmp_path).shape == picture.shape
    assert computed == [NAME]
    assert str(tmp_path) not in (tmp_path / CURVES).read_text()


def test_missing_picture_is_computed_again(task: Task, tmp_path: Path, computed: list[str]) -> None:
    (tmp_path / CURVES).write_text(f'{{"{NAME}": [5, 3, 1], "another": [2, 1]}}')
    kept_picture(random_loss_network(), task, tmp_path)
    assert computed == [NAME]
    assert read_curves(tmp_path) == {NAME: [5, 3, 1], "another": [2, 1]}


def test_missing_curve_is_computed_again(task: Task, tmp_path: Path, computed: list[str]) -> None:
    kept_picture(random_loss_network(), task, tmp_path)
    (tmp_path / CURVES).unlink()
    assert complete_curves(random_loss_network(), [task], tmp_path) == {NAME: [5, 3, 1]}
    assert computed == [NAME, NAME]


def test_damaged_file_of_curves_is_refused(tmp_path: Path) -> None:
    (tmp_path / CURVES).write_text("{")
    with pytest.raises(TrainingError, match="remove it"):
        read_curves(tmp_path)


@pytest.mark.parametrize(("objective", "iterations"), [(100, 0), (45, 1), (15, 4), (9, None)])
def test_equivalent_iterations_are_the_first_as_good(
    objective: float, iterations: int | None
) -> None:
    assert equivalent_iterations([100.0, 40.0, 60.0, 20.0, 10.0], objective) == iterations


def test_optimise_writes_a_picture_and_prints_its_objective(
    task: Task, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(random_weights(), tmp_path / "vgg.pt")
    output = tmp_path / "slow.png"
    words = ["optimise", str(task.photograph), str(task.painting), "-o", str(output)]
    words += ["--loss-network", str(tmp_path / "vgg.pt"), "--iterations", "3"]
    assert export_main([*words, "--long-side", "64", "--style-size", "64"]) == 0
    assert read_image(output).bgr.shape[1] == 64
    assert "0: " in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--iterations", "0"], ["--long-side", "31"]])
def test_optimise_refuses_impossible_numbers(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        export_main(["optimise", "photo.jpg", "painting.jpg", "-o", "slow.png", *words])
    assert f"{words[0]}: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "complaint"), [("slow.pn", "no image format"), ("nowhere/slow.png", "no folder")]
)
def test_optimise_checks_its_output_first(
    output: str, complaint: str, task: Task, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["optimise", str(task.photograph), str(task.painting), "-o", str(tmp_path / output)]
    assert export_main([*words, "--loss-network", str(tmp_path / "missing.pt")]) == 1
    assert complaint in capsys.readouterr().err
