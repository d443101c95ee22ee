"""Training in a process of its own: killed, and out of disk."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from realtime_style.cli import main
from realtime_style.styles.catalog import read_metadata
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


def test_killed_run_is_resumed_without_repeating_the_settings(
    workshop: list[str], tmp_path: Path
) -> None:
    output = tmp_path / "waves.onnx"
    process = subprocess.Popen(
        [sys.executable, "-m", "realtime_style", *workshop[:-1], "100000", "-o", str(output)],
        stderr=subprocess.DEVNULL,
    )
    losses = tmp_path / "waves.run" / "losses.csv"
    try:
        for _ in range(300):
            if losses.is_file() and len(losses.read_text().splitlines()) > 4:
                break
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(timeout=0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    finally:
        process.kill()
    assert not output.exists()
    done = len(losses.read_text().splitlines()) - 1
    assert done >= 4
    assert main(["train", "--resume", "-o", str(output), "--steps", str(done + 2)]) == 0
    assert read_metadata(output).training["steps"] == done + 2
    assert read_metadata(output).styles[0].name == "my-waves-1"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_full_disk_is_one_line_and_leaves_no_broken_checkpoint(
    workshop: list[str], tmp_path: Path
) -> None:
    code = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from realtime_style.cli import main
sys.exit(main(sys.argv[1:]))
"""
    call = [sys.executable, "-c", code, *workshop, "-o", str(tmp_path / "waves.onnx")]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if "error:" in line]
    assert len(said) == 1
    assert "cannot write" in said[0]
    assert "Traceback" not in done.stderr
    assert [path.name for path in (tmp_path / "waves.run").iterdir() if path.suffix == ".pt"] == []
    assert not (tmp_path / "waves.onnx").exists()
