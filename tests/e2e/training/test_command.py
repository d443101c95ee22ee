"""The verb train end to end, and in processes of its own: stopped, and out of disk."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from realtime_style.cli import main
from realtime_style.media.images import read_image
from realtime_style.styles.catalog import read_metadata
from tests.helpers.training import (
    random_weights,
    recipe_text,
    write_painting,
    write_photographs,
)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """A recipe of four quick steps, with its painting and photographs."""
    torch.save(random_weights(), tmp_path / "vgg.pt")
    write_painting(tmp_path / "waves.png")
    write_photographs(tmp_path / "photos")
    style = '[[styles]]\nname = "waves"\npainting = "waves.png"\n'
    (tmp_path / "waves.toml").write_text(recipe_text() + style)
    return tmp_path / "waves.toml"


def train_words(recipe: Path, *more: object) -> list[str]:
    """Words of ``realtime-style train`` for a recipe with its data beside it."""
    output = recipe.with_suffix(".onnx")
    words = ["train", "--recipe", recipe, "--data", recipe.parent, "-o", output, *more]
    return [str(word) for word in words]


def test_painting_becomes_a_style_that_plays_everywhere(
    recipe: Path, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    painting = write_painting(tmp_path / "My Waves (1).png")
    output = recipe.with_suffix(".onnx")
    words = train_words(recipe, painting, "--title", "Waves", "--artist", "A. Painter", "--json")
    assert main(words) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["output"] == str(output)
    info = read_metadata(output).styles[0]
    assert (info.name, info.title, info.artist) == ("my-waves-1", "Waves", "A. Painter")

    photo = tmp_path / "photos" / "photo_0.png"
    style = ["--style", str(output)]
    assert main(["image", str(photo), str(tmp_path / "painted.png"), *style]) == 0
    assert read_image(tmp_path / "painted.png").bgr.shape == read_image(photo).bgr.shape
    assert main(["video", str(clip), str(tmp_path / "painted.mp4"), *style]) == 0
    live = ["webcam", "--camera", str(clip), "--no-window", "--seconds", "0.5"]
    assert main([*live, *style]) == 0

    # Nothing is left to do: a run that is resumed only writes its style file anew.
    output.unlink()
    assert main(["train", "--resume", "-o", str(output), "--steps", "2"]) == 0
    assert "nothing is left to train" in capsys.readouterr().err
    assert output.exists()


def test_interrupted_run_is_resumed_without_its_settings(recipe: Path) -> None:
    output, run = recipe.with_suffix(".onnx"), recipe.with_suffix(".run")
    words = train_words(recipe, "--steps", "100000")
    process = subprocess.Popen(
        [sys.executable, "-m", "realtime_style", *words], stderr=subprocess.DEVNULL
    )
    losses = run / "losses.csv"
    try:
        while not (losses.is_file() and len(losses.read_text().splitlines()) > 2):
            assert process.poll() is None
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
    finally:
        process.kill()
    assert not output.exists()
    done = len(losses.read_text().splitlines()) - 1
    assert done >= 2
    assert main(["train", "--resume", "-o", str(output), "--steps", str(done + 1)]) == 0
    assert read_metadata(output).training["steps"] == done + 1
    assert read_metadata(output).styles[0].name == "waves"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_full_disk_is_one_line_and_leaves_no_broken_checkpoint(recipe: Path) -> None:
    code = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from realtime_style.cli import main
sys.exit(main(sys.argv[1:]))
"""
    call = [sys.executable, "-c", code, *train_words(recipe)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    lines = [line for line in done.stderr.splitlines() if "error:" in line]
    assert len(lines) == 1
    assert "cannot write" in lines[0]
    assert "Traceback" not in done.stderr
    assert not list(recipe.with_suffix(".run").glob("*.pt"))
    assert not recipe.with_suffix(".onnx").exists()
