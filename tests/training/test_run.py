"""From options to settings, and what is refused before training."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from realtime_style.cli import build_parser, main
from realtime_style.cli.parser import given, options_from
from realtime_style.errors import TrainingError
from realtime_style.training.config import TrainConfig, TrainSettings
from realtime_style.training.options import TrainOptions
from realtime_style.training.run import make_config, style_name
from realtime_style.training.train import CHECKPOINT
from tests.helpers.training import NARROW, TrainedRun, random_weights, write_painting


def config_of(*words: object) -> TrainConfig:
    """The settings that ``realtime-style train`` with these words has."""
    args = build_parser().parse_args(["train", *map(str, words), "-o", "out.onnx"])
    return make_config(options_from(TrainOptions, args), given(TrainSettings, args))


def test_options_become_settings() -> None:
    config = config_of(
        "a.jpg", "--content", "photos", "--minutes", "25", "--style-size", "300",
        "--style-weight", "3", "--style-blur", "0", "--structure-weight", "2e5",
        "--batch", "1", "--crop", "224", "--network", "fine", "--start-from", "old.pt",
    )  # fmt: skip
    assert (config.content, config.minutes, config.style_size) == ("photos", 25.0, 300)
    assert (config.style_weight, config.style_blur, config.structure_weight) == (3.0, 0.0, 2e5)
    assert (config.batch, config.crop, config.network) == (1, 224, "fine")
    assert config.start_from == "old.pt"


def test_painting_is_described_by_options_or_its_file_name() -> None:
    config = config_of("My Waves_(1).png", "--content", "p", "--artist", "A. Painter")
    (style,) = config.styles
    assert config.paintings == ("My Waves_(1).png",)
    assert (style.name, style.title, style.artist) == ("my-waves-1", "My Waves (1)", "A. Painter")


def test_several_paintings_become_several_styles() -> None:
    config = config_of("a.jpg", "b.jpg", "--content", "p")
    assert [style.name for style in config.styles] == ["a", "b"]


def test_style_names_come_from_file_names() -> None:
    assert style_name(Path("a/My Painting (1).JPG")) == "my-painting-1"
    assert style_name(Path("§§§.jpg")) == "style"


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe of two paintings, with weights and pairs of their own."""
    tables = [
        f'[[styles]]\nname = "{name}"\npainting = "{name}.png"\nstyle_weight = 0.5' for name in "ab"
    ]
    settings = ['content = "photos"', "minutes = 9", "crop = 320", 'boost_blends = [["a", "b"]]']
    (tmp_path / "two.toml").write_text("\n".join([*settings, *tables]))
    return tmp_path / "two.toml"


def test_options_override_a_recipe(recipe: Path) -> None:
    config = config_of("--recipe", recipe, "--data", "data", "--crop", "128", "--steps", "5")
    assert (config.crop, config.steps, config.minutes) == (128, 5, None)
    assert config.content == str(Path("data") / "photos")
    assert config_of("--recipe", recipe, "--content", "mine").content == "mine"


def test_other_paintings_drop_the_weights_of_a_recipe_s_own(recipe: Path) -> None:
    config = config_of("other.png", "--recipe", recipe)
    assert config.paintings == ("other.png",)
    assert (config.style_weights, config.boost_blends) == ((), ())


def test_resumed_run_keeps_its_settings(own_run: TrainedRun) -> None:
    config = config_of("--resume", "--run", own_run.folder, "--steps", "20")
    assert config == own_run.config.with_changes(steps=20)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "no painting given"),
        (["a.jpg"], "name a folder of them with --content DIR"),
        (["a.jpg", "--content", "p", "--data", "d"], "give one, or leave --data out"),
        (["--resume", "--start-from", "other.pt"], "--start-from begins a new run"),
        (["--resume", "--recipe", "other.toml"], "--recipe begins a new run"),
        (["--resume"], "there is no checkpoint"),
        (["--recipe", "one.toml", "--title", "A"], "describe a painting on the command line"),
        (["a.jpg", "b.jpg", "--content", "p", "--title", "A"], "for a single painting"),
        (["a.jpg", "--content", "p", "--name", "No Capitals"], "choose another --name"),
    ],
)
def test_options_that_contradict_each_other_are_refused(words: list[str], complaint: str) -> None:
    with pytest.raises(TrainingError, match=complaint):
        config_of(*words)


@pytest.mark.parametrize(
    "words",
    [
        ["--network", "c3s1-8,s3"],
        ["--crop", "0"],
        ["--steps", "5", "--minutes", "1"],
        ["--tv", "1"],
    ],
)
def test_impossible_options_are_wrong_usage(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        config_of("a.jpg", "--content", "p", *words)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (["-o", "{tmp}/missing/waves.onnx"], "no folder"),
        (["-o", "{tmp}/taken/waves.onnx"], "is a folder"),
        (["-o", "{tmp}/waves.pt"], "ends in .onnx"),
        (["-o", "{tmp}/w.onnx", "--run", "{tmp}/waves.png"], "is a file; give --run a folder"),
        (["-o", "{tmp}/w.onnx", "--content", "{tmp}/nowhere"], "not a folder"),
        (["-o", "{tmp}/w.onnx", "--content", "{tmp}/empty"], "holds no images"),
        (["-o", "{tmp}/w.onnx", "--start-from", "{tmp}/none.pt"], "there is no checkpoint"),
    ],
)
def test_what_cannot_work_is_refused_before_training(
    change: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken" / "waves.onnx").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    painting = write_painting(tmp_path / "waves.png")
    write_painting(tmp_path / "photos.png")
    words = ["train", str(painting), "--content", str(tmp_path)]
    assert main([*words, *(part.format(tmp=tmp_path) for part in change)]) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert complaint in lines[0]
    assert not list(tmp_path.glob("*.onnx"))
    assert not list(tmp_path.glob("*.run"))


@pytest.mark.parametrize("kind", ["missing", "no picture", "truncated"])
def test_unreadable_painting_is_refused(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_painting(tmp_path / "photograph.png")
    painting = write_painting(tmp_path / "waves.png")
    content = painting.read_bytes()
    painting.unlink()
    if kind != "missing":
        painting.write_bytes(
            b"no picture" if kind == "no picture" else content[: len(content) // 2]
        )
    words = ["--content", str(tmp_path), "-o", str(tmp_path / "waves.onnx")]
    assert main(["train", str(painting), *words]) == 1
    assert painting.name in capsys.readouterr().err


def test_another_run_is_not_overwritten(
    own_run: TrainedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (own_run.folder / CHECKPOINT).read_bytes()
    words = ["--content", "p", "--run", str(own_run.folder), "-o", str(tmp_path / "w.onnx")]
    assert main(["train", "a.png", *words]) == 1
    assert "holds a run at step 8; --resume continues it" in capsys.readouterr().err
    assert (own_run.folder / CHECKPOINT).read_bytes() == before


def test_run_of_another_version_gets_a_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "w.run").mkdir()
    torch.save({"format": 1}, tmp_path / "w.run" / CHECKPOINT)
    assert main(["train", "a.png", "--content", "p", "-o", str(tmp_path / "w.onnx")]) == 1
    assert "remove the folder or choose another one with --run" in capsys.readouterr().err


def test_narrow_weights_are_refused_as_a_loss_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(random_weights(channels=NARROW), tmp_path / "vgg.pt")
    write_painting(tmp_path / "waves.png")
    style = '[[styles]]\nname = "a"\npainting = "waves.png"\n'
    (tmp_path / "r.toml").write_text(f'content = "."\nloss_network = "vgg.pt"\n{style}')
    words = ["--recipe", str(tmp_path / "r.toml"), "--data", str(tmp_path)]
    assert main(["train", *words, "-o", str(tmp_path / "w.onnx")]) == 1
    assert "not vgg16 weights" in capsys.readouterr().err
