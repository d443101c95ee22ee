"""The report measures the file it is given, and shows only what may be shown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from export.__main__ import main as export_main
from export.curves import CURVES, ITERATIONS
from export.sheets import contact_sheet, time_slice
from realtime_style.frames import Frame
from realtime_style.frames.ops import cover_crop
from realtime_style.media.images import Picture, read_image, write_image
from realtime_style.styles.format import StyleInfo
from realtime_style.training.export.to_onnx import export_network
from realtime_style.training.networks.transform_net import TransformNet
from tests.helpers.training import (
    SMALL,
    random_weights,
    recipe_text,
    write_painting,
    write_photographs,
)

STYLE_WEIGHTS = {"waves": 6, "sea": 3}
"""Of the style term."""


@dataclass(frozen=True)
class Workshop:
    """A folder of data with a recipe for two styles, and an untrained style file of these."""

    data: Path
    recipe: Path
    file: Path
    slow: Path

    def report(self, output: Path, *options: object, file: Path | None = None) -> int:
        """Run ``python -m export report``."""
        words = ["report", file or self.file, "--recipe", self.recipe, "--data", self.data]
        words += ["-o", output, "--slow", self.slow, "--seconds", 0.1, *options]
        return export_main([str(word) for word in words])


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    data = tmp_path_factory.mktemp("data")
    write_photographs(data / "photos")
    (data / "photos" / "more").mkdir()
    (data / "photos" / "photo_3.png").rename(data / "photos" / "more" / "photo_3.png")
    for name in STYLE_WEIGHTS:
        write_painting(data / f"{name}.png")
    torch.save(random_weights(), data / "vgg.pt")
    recipe = data / "two.toml"
    settings = recipe_text(style_blur=0.0, style_weight=6.0, quarter_weight=0.2)
    recipe.write_text(
        f'{settings}held_out = ["photo_0.png", "photo_3.png"]\n'
        '[[styles]]\npainting = "waves.png"\nname = "waves"\n'
        '[[styles]]\npainting = "sea.png"\nname = "sea"\nstyle_weight = 0.5\n'
    )
    torch.manual_seed(0)
    net = TransformNet(SMALL, styles=2, photograph=True)
    export_network(net, [StyleInfo(name) for name in STYLE_WEIGHTS], data / "two.onnx")
    slow = data / "slow"
    slow.mkdir()
    names = [
        f"{photo} {style} vgg 64 0 {weight} 0.2 cut continued"
        for style, weight in STYLE_WEIGHTS.items()
        for photo in ("photo_0", "photo_3")
    ]
    falling = [1e12 / (1 + iteration) for iteration in range(ITERATIONS + 1)]
    (slow / CURVES).write_text(json.dumps(dict.fromkeys(names, falling)))
    for name in names:
        write_image(slow / f"{name}.jpg", Picture(np.full((320, 384, 3), 200, np.uint8)))
    return Workshop(data, recipe, data / "two.onnx", slow)


def test_report_has_figures_and_pictures_of_every_style(
    workshop: Workshop, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert workshop.report(tmp_path / "gallery", "--clip", clip) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "gallery" / "README.md")
    text = (tmp_path / "gallery" / "README.md").read_text()
    prose = " ".join(text.split())
    table = [line for line in text.splitlines() if line.startswith("| ")]
    rows = {line.split(" | ")[0].strip("| "): line for line in table}
    assert {"waves", "sea", "mean", "CPUExecutionProvider"} <= set(rows)
    assert "0 to 1, along the scene's own optical flow" in prose
    assert "of 1 pairs" in prose
    assert "content + 6 x style; 3 x for sea" in prose
    assert len(json.loads((workshop.slow / CURVES).read_text())) == 4  # no new curves
    assert str(tmp_path) not in text
    assert str(workshop.data) not in text
    for name in ("painters.jpg", "slow.jpg", "blends.jpg", "flicker.jpg"):
        assert f"]({name})" in text
        assert read_image(tmp_path / "gallery" / name).bgr.std() > 5
    assert not (tmp_path / "gallery" / "rivals.jpg").exists()


def test_photographs_and_rivals_are_shown_only_on_request(
    workshop: Workshop, tmp_path: Path
) -> None:
    photo = workshop.data / "photos" / "photo_1.png"
    rival = ["--rival", "sea", str(photo), str(photo), "--no-slow"]
    assert workshop.report(tmp_path / "open", *rival) == 0
    assert workshop.report(tmp_path / "own", *rival, "--show-originals") == 0
    assert not (tmp_path / "open" / "rivals.jpg").exists()
    assert (tmp_path / "own" / "rivals.jpg").exists()
    widths = [
        read_image(tmp_path / folder / "painters.jpg").bgr.shape[1] for folder in ("open", "own")
    ]
    assert widths[0] < widths[1]
    lines = (tmp_path / "open" / "README.md").read_text().splitlines()
    rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| photo_1 | sea")]
    assert [row[2] for row in rows] == ["ours", "published"]
    assert all(row[6] == "0" for row in rows)  # content term of the photograph itself
    assert "slow.jpg" not in (tmp_path / "open" / "README.md").read_text()


def test_report_refuses_the_file_of_another_recipe(
    workshop: Workshop, tiny_style: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert workshop.report(tmp_path / "gallery", "--no-slow", file=tiny_style) == 1
    assert "not the styles of the recipe" in capsys.readouterr().err


def test_report_checks_its_clip_first(
    workshop: Workshop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not opened yet")
    clip = tmp_path / "typo.mp4"
    assert workshop.report(tmp_path / "gallery", "--clip", clip, file=broken) == 1
    assert "typo.mp4" in capsys.readouterr().err
    assert not (tmp_path / "gallery").exists()


def test_contact_sheet_has_every_picture_in_its_place() -> None:
    pictures = [
        [np.full((20, 30, 3), 40 * row + 10 * column, np.uint8) for column in range(3)]
        for row in range(2)
    ]
    sheet = contact_sheet(pictures, ["a", "b", "c"], ["first", "second"])
    corners = []
    for row in pictures:
        for picture in row:
            difference, _, corner, _ = cv2.minMaxLoc(
                cv2.matchTemplate(sheet, picture, cv2.TM_SQDIFF)
            )
            assert difference < 1000  # the next grey would give 180,000
            corners.append(corner)
    lefts, tops = ([corner[axis] for corner in corners] for axis in (0, 1))
    assert lefts[:3] == lefts[3:] == sorted(set(lefts))
    assert tops == sorted([*set(tops)] * 3)


def test_pictures_on_sheets_keep_their_proportions() -> None:
    circle = np.zeros((300, 500, 3), np.uint8)
    cv2.circle(circle, (250, 150), 100, (255, 255, 255), -1)
    small = cover_crop(circle, (160, 120))
    assert small.shape == (120, 160, 3)
    white = small[..., 0] > 127
    assert abs(int(white.any(0).sum()) - int(white.any(1).sum())) <= 1


def test_time_slice_of_a_still_painting_is_vertical_lines() -> None:
    scene = np.random.default_rng(0).integers(20, 235, (48, 64, 3), np.uint8)

    def rounded(frame: Frame) -> Frame:
        return np.asarray(frame // 128 * 128, np.uint8)

    still = time_slice(lambda frame: scene, scene, frames=30)
    assert (still == still[0]).all()
    assert (time_slice(rounded, scene, frames=30) != still).any()
    assert not (time_slice(lambda frame: frame, scene, frames=30) == scene[24]).all()
