"""The slow method and the file that keeps its figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from export.__main__ import main as export_main
from export.baseline import (
    CURVES,
    Task,
    complete_curves,
    equivalent_iterations,
    kept_picture,
    read_curves,
    slow_picture,
)
from realtime_style.errors import TrainingError
from realtime_style.media.images import Picture, read_image, write_image
from realtime_style.training.data.photographs import find_photographs, load_painting, to_image
from realtime_style.training.objective.gatys import optimise, painting_grams
from realtime_style.training.objective.losses import content_loss, relative_style_loss
from realtime_style.training.objective.vgg import CONTENT_LAYER, STYLE_LAYERS
from realtime_style.training.precision import bf16_where_native
from tests.helpers.training import (
    random_loss_network,
    random_weights,
    write_painting,
    write_photographs,
)


@pytest.fixture
def task(tmp_path: Path) -> Task:
    photograph = find_photographs(write_photographs(tmp_path / "photos", count=1))[0]
    return Task(
        photograph,
        write_painting(tmp_path / "waves.png"),
        "vgg16",
        64,
        soften=0.0,
        style_weight=6.0,
        evenness=0.2,
    )


def test_slow_method_lowers_the_objective_from_the_photographs_own(task: Task) -> None:
    picture, curve = slow_picture(random_loss_network(), task, iterations=30, long_side=96)
    assert picture.shape == read_image(task.photograph).bgr.shape
    assert len(curve) == 31
    assert curve[-1] < 0.3 * curve[0]


def test_slow_methods_picture_is_worth_what_its_curve_says(tmp_path: Path) -> None:
    """Of black and white squares, whose optimised pixels would leave 0..255."""
    photograph, painting = tmp_path / "squares.png", write_painting(tmp_path / "waves.png")
    squares = (
        np.kron(np.indices((8, 8)).sum(0) % 2, np.ones((8, 8)))[..., np.newaxis].repeat(3, 2) * 255
    )
    write_image(photograph, Picture(squares.astype(np.uint8)))
    vgg = random_loss_network()
    painted = to_image(read_image(photograph).bgr).unsqueeze(0)
    grams = painting_grams(vgg, load_painting(painting, 64))
    values: list[float] = []
    picture = optimise(
        vgg,
        painted,
        grams,
        20,
        style_weight=6.0,
        evenness=0.2,
        on_iteration=lambda done, value: values.append(value),
    )
    assert float(picture.min()) >= 0.0
    assert float(picture.max()) <= 1.0
    with torch.no_grad(), bf16_where_native(picture.device):
        features, content = vgg(picture, STYLE_LAYERS), vgg(painted, (CONTENT_LAYER,))
    worth = content_loss(features, content, CONTENT_LAYER) + 6.0 * relative_style_loss(
        features, grams, 0.2
    )
    assert float(worth) == pytest.approx(values[-1], rel=0.01)


def test_curves_are_kept_and_not_computed_again(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = read_image(task.photograph).bgr
    monkeypatch.setattr(
        "export.baseline.slow_picture", lambda vgg, task: (picture, [5.4, 3.2, 1.1])
    )
    first = complete_curves(random_loss_network(), [task], tmp_path)
    monkeypatch.setattr(
        "export.baseline.slow_picture", lambda vgg, task: pytest.fail("computed again")
    )
    assert complete_curves(random_loss_network(), [task], tmp_path) == first
    assert first == {"photo_0 waves vgg16 64 0 6 0.2 cut continued": [5, 3, 1]}
    assert kept_picture(random_loss_network(), task, tmp_path).shape == picture.shape
    assert str(tmp_path) not in (tmp_path / CURVES).read_text()


def test_picture_that_was_not_kept_is_painted_again(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / CURVES).write_text(
        '{"photo_0 waves vgg16 64 0 6 0.2 cut continued": [5, 3, 1], "another": [2, 1]}'
    )
    picture = read_image(task.photograph).bgr
    monkeypatch.setattr(
        "export.baseline.slow_picture", lambda vgg, task: (picture, [5.4, 3.2, 1.1])
    )
    assert kept_picture(random_loss_network(), task, tmp_path).shape == picture.shape
    assert read_curves(tmp_path) == {
        "photo_0 waves vgg16 64 0 6 0.2 cut continued": [5, 3, 1],
        "another": [2, 1],
    }


def test_curve_that_was_not_kept_is_computed_again(
    task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = read_image(task.photograph).bgr
    monkeypatch.setattr(
        "export.baseline.slow_picture", lambda vgg, task: (picture, [5.4, 3.2, 1.1])
    )
    kept_picture(random_loss_network(), task, tmp_path)
    (tmp_path / CURVES).unlink()
    assert complete_curves(random_loss_network(), [task], tmp_path) == {task.name: [5, 3, 1]}


def test_broken_file_of_curves_is_refused(tmp_path: Path) -> None:
    (tmp_path / CURVES).write_text("{")
    with pytest.raises(TrainingError, match="remove it"):
        read_curves(tmp_path)


def test_equivalent_iterations_is_the_first_that_is_as_good() -> None:
    curve = [100.0, 40.0, 60.0, 20.0, 10.0]
    assert equivalent_iterations(curve, 100) == 0
    assert equivalent_iterations(curve, 45) == 1
    assert equivalent_iterations(curve, 15) == 4
    assert equivalent_iterations(curve, 9) is None


def test_workshop_paints_by_the_slow_method(
    task: Task, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(random_weights(), tmp_path / "vgg.pt")
    output = tmp_path / "slow.png"
    words = [
        "optimise",
        str(task.photograph),
        str(task.painting),
        "-o",
        str(output),
        "--loss-network",
        str(tmp_path / "vgg.pt"),
    ]
    assert (
        export_main([*words, "--iterations", "3", "--long-side", "64", "--style-size", "64"]) == 0
    )
    assert read_image(output).bgr.shape[1] == 64
    assert "0: " in capsys.readouterr().out
    assert export_main([*words, "--iterations", "0"]) == 1
    assert "--iterations 1 or more" in capsys.readouterr().err
    assert export_main([*words, "--long-side", "0"]) == 1
    assert "--long-side" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "complaint"), [("slow.pn", "no image format"), ("nowhere/slow.png", "no folder")]
)
def test_slow_picture_that_could_not_be_kept_is_not_begun(
    output: str, complaint: str, task: Task, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["optimise", str(task.photograph), str(task.painting), "-o", str(tmp_path / output)]
    assert export_main([*words, "--loss-network", str(tmp_path / "none is looked for.pt")]) == 1
    assert complaint in capsys.readouterr().err
