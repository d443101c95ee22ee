"""The verb train, end to end and with everything that can be wrong on its command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from realtime_style.cli import build_parser, main
from realtime_style.media.images import read_image
from realtime_style.styles.catalog import read_metadata
from realtime_style.training.command import config_from
from realtime_style.training.run import style_name
from tests.helpers.training import SMALL, random_weights, write_painting, write_photographs


@pytest.fixture
def workshop(tmp_path: Path) -> list[str]:
    """Arguments of a training run of six quick steps, but for the output."""
    torch.save(random_weights(), tmp_path / "vgg.pt")
    painting = write_painting(tmp_path / "My Waves (1).png")
    photographs = write_photographs(tmp_path / "photos")
    settings = [
        "--network",
        SMALL,
        "--batch",
        "2",
        "--crop",
        "88",
        "--style-size",
        "64",
        "--steps",
        "6",
    ]
    return [
        "train",
        str(painting),
        "--content",
        str(photographs),
        "--loss-network",
        str(tmp_path / "vgg.pt"),
        *settings,
    ]


def test_painting_becomes_a_style_that_plays_everywhere(
    workshop: list[str], clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "waves.onnx"
    assert (
        main(
            [*workshop, "-o", str(output), "--title", "Waves", "--artist", "A. Stylizer", "--json"]
        )
        == 0
    )
    said = json.loads(capsys.readouterr().out)
    assert said["output"] == str(output)
    info = read_metadata(output).styles[0]
    assert (info.name, info.title, info.artist) == ("my-waves-1", "Waves", "A. Stylizer")
    photo = tmp_path / "photos" / "photo_0.png"
    assert main(["image", str(photo), str(tmp_path / "painted.png"), "--style", str(output)]) == 0
    assert main(["video", str(clip), str(tmp_path / "painted.mp4"), "--style", str(output)]) == 0
    live = [
        "webcam",
        "--camera",
        str(clip),
        "--no-window",
        "--seconds",
        "0.5",
        "--style",
        str(output),
    ]
    assert main(live) == 0
    assert read_image(tmp_path / "painted.png").bgr.shape == read_image(photo).bgr.shape


def test_earlier_run_is_not_overwritten(
    workshop: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "waves.onnx"
    assert main([*workshop, "-o", str(output)]) == 0
    before = (tmp_path / "waves.run" / "checkpoint.pt").read_bytes()
    capsys.readouterr()
    assert main([*workshop, "-o", str(output)]) == 1
    assert "--resume" in capsys.readouterr().err
    assert (tmp_path / "waves.run" / "checkpoint.pt").read_bytes() == before


def test_run_of_another_version_is_not_a_dead_end(
    workshop: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "waves.run").mkdir()
    (tmp_path / "waves.run" / "checkpoint.pt").write_bytes(b"of another version")
    assert main([*workshop, "-o", str(tmp_path / "waves.onnx")]) == 1
    assert "remove the folder or choose another one with --run" in capsys.readouterr().err


def test_resumed_run_with_nothing_left_to_do_says_so(
    workshop: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*workshop, "-o", str(tmp_path / "waves.onnx")]) == 0
    (tmp_path / "waves.onnx").unlink()
    assert main(["train", "--resume", "-o", str(tmp_path / "waves.onnx"), "--steps", "4"]) == 0
    assert "nothing is left to train" in capsys.readouterr().err
    assert (tmp_path / "waves.onnx").exists()


def test_paintings_in_place_of_a_recipe_s_do_not_take_over_their_weights(
    workshop: list[str], tmp_path: Path
) -> None:
    recipe = tmp_path / "two.toml"
    tables = [
        f'[[styles]]\nname = "{name}"\npainting = "{name}.png"\nstyle_weight = 0.5' for name in "ab"
    ]
    recipe.write_text("\n".join(['content = "photos"', 'hard_blends = [["a", "b"]]', *tables]))
    args = build_parser().parse_args(
        [*workshop, "-o", "w.onnx", "--recipe", str(recipe), "--data", str(tmp_path)]
    )
    config = config_from(args, tmp_path / "w.run")
    assert config.paintings == (workshop[1],)
    assert (config.style_weights, config.hard_blends) == ((), ())


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (["-o", "{tmp}/missing/waves.onnx"], "no folder"),
        (["-o", "{tmp}/taken/waves.onnx"], "is a folder"),
        (["-o", "{tmp}/waves.pt"], "ends in .onnx"),
        (["-o", "{tmp}/waves.onnx", "--run", "{tmp}/vgg.pt"], "is a file; give --run a folder"),
        (["-o", "{tmp}/w.onnx", "--content", "{tmp}/nowhere"], "not a folder"),
        (
            ["-o", "{tmp}/w.onnx", "--loss-network", "{tmp}/none.pt"],
            "neither vgg16, vgg19 nor a file",
        ),
        (["-o", "{tmp}/w.onnx", "--name", "No Capitals"], "lower case"),
        (["-o", "{tmp}/w.onnx", "--network", "c3s1-8"], "does not end with a plain picture"),
        (["-o", "{tmp}/w.onnx", "--data", "{tmp}"], "give one, or leave --data out"),
        (
            ["-o", "{tmp}/w.onnx", "--resume", "--start-from", "{tmp}/other.pt"],
            "--start-from begins a new run",
        ),
        (
            ["-o", "{tmp}/w.onnx", "--resume", "--recipe", "{tmp}/other.toml"],
            "--recipe begins a new run",
        ),
        (["-o", "{tmp}/w.onnx", "--resume"], "there is no checkpoint"),
    ],
)
def test_what_cannot_work_is_refused_before_training(
    workshop: list[str],
    change: list[str],
    complaint: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "taken" / "waves.onnx").mkdir(parents=True)
    assert main([*workshop, *(part.format(tmp=tmp_path) for part in change)]) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert complaint in said[0]
    assert not list(tmp_path.glob("*.onnx"))
    assert not list(tmp_path.glob("*.run"))


@pytest.mark.parametrize("kind", ["missing", "no picture", "truncated"])
def test_painting_that_cannot_be_read_is_refused(
    kind: str, workshop: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    painting = Path(workshop[1])
    content = painting.read_bytes()
    painting.unlink()
    if kind != "missing":
        painting.write_bytes(
            b"no picture" if kind == "no picture" else content[: len(content) // 2]
        )
    assert main([*workshop, "-o", str(tmp_path / "waves.onnx")]) == 1
    assert painting.name in capsys.readouterr().err


def test_training_without_painting_or_photographs_says_what_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["train", "-o", "a.onnx"]) == 1
    assert "no painting" in capsys.readouterr().err
    assert main(["train", "a.jpg", "-o", "a.onnx"]) == 1
    assert "--content" in capsys.readouterr().err


def test_style_names_come_from_file_names() -> None:
    assert style_name(Path("a/My Painting (1).JPG")) == "my-painting-1"
    assert style_name(Path("§§§.jpg")) == "style"
