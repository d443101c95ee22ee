"""The report measures the file it is given and shows what may be shown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from export.__main__ import main as export_main
from export.baseline import CURVES, ITERATIONS
from export.sheets import contact_sheet, time_slice
from realtime_style.frames import Frame
from realtime_style.frames.ops import cover_crop
from realtime_style.media.images import Picture, read_image, write_image
from tests.helpers.training import SMALL, random_weights, write_painting, write_photographs

SLOW_STYLES = (("waves", 6), ("sea", 3))  # with the weights of their style terms


@dataclass(frozen=True)
class Workshop:
    """A folder of data with a recipe for two styles, and the style file made from it."""

    data: Path
    recipe: Path
    file: Path
    slow: Path

    def report(self, output: Path, *options: str) -> int:
        arguments = [
            "report",
            str(self.file),
            "--recipe",
            str(self.recipe),
            "--data",
            str(self.data),
            "-o",
            str(output),
        ]
        return export_main([*arguments, "--slow", str(self.slow), "--seconds", "0.1", *options])


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    data = tmp_path_factory.mktemp("data")
    write_photographs(data / "photos")
    (data / "photos" / "more").mkdir()
    (data / "photos" / "photo_3.png").rename(data / "photos" / "more" / "photo_3.png")
    for name in ("waves", "sea"):
        write_painting(data / f"{name}.png")
    torch.save(random_weights(), data / "vgg.pt")
    recipe = data / "two.toml"
    recipe.write_text(
        f'network = "{SMALL}"\nloss_network = "vgg.pt"\ncontent = "photos"\nsteps = 4\nbatch = 1\ncrop = 88\nstyle_size = 64\n'
        "soften = 0.0\nstyle_weight = 6.0\nevenness = 0.2\n"
        'held_out = ["photo_0.png", "photo_3.png"]\n'
        '[[styles]]\npainting = "waves.png"\nname = "waves"\n'
        '[[styles]]\npainting = "sea.png"\nname = "sea"\nstyle_weight = 0.5\n'
    )
    file = data / "two.onnx"
    assert export_main(["pack", str(recipe), "--data", str(data), "-o", str(file)]) == 0
    slow = data / "slow"
    slow.mkdir()
    settings = "0.2 cut continued"
    names = [
        f"{photo} {style} vgg 64 0 {weight} {settings}"
        for style, weight in SLOW_STYLES
        for photo in ("photo_0", "photo_3")
    ]
    falling = [1e12 / (1 + iteration) for iteration in range(ITERATIONS + 1)]
    (slow / CURVES).write_text(json.dumps(dict.fromkeys(names, falling)))
    for name in names:
        write_image(slow / f"{name}.jpg", Picture(np.full((320, 384, 3), 200, np.uint8)))
    return Workshop(data, recipe, file, slow)


def test_report_tells_every_style_and_shows_pictures(
    workshop: Workshop, clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert workshop.report(tmp_path / "gallery", "--clip", str(clip)) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "gallery" / "README.md")
    text = (tmp_path / "gallery" / "README.md").read_text()
    rows = {
        line.split(" | ")[0].strip("| "): line
        for line in text.splitlines()
        if line.startswith("| ")
    }
    assert {"waves", "sea", "mean", "CPUExecutionProvider"} <= set(rows)
    assert "0 to 1, along the scene's own optical flow" in text
    assert "of 1 pairs" in text
    assert "content + 6 x style; 3 x for sea" in text
    assert len(json.loads((workshop.slow / CURVES).read_text())) == 2 * len(
        SLOW_STYLES
    )  # none had to be computed
    assert str(tmp_path) not in text
    assert str(workshop.data) not in text
    for name in ("painters.jpg", "slow.jpg", "blends.jpg", "flicker.jpg"):
        assert f"]({name})" in text
        assert read_image(tmp_path / "gallery" / name).bgr.std() > 5
    assert not (tmp_path / "gallery" / "rivals.jpg").exists()


def test_report_shows_photographs_and_rivals_only_on_demand(
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
    assert all(row[6] == "0" for row in rows)  # the photograph itself has all of its own content
    assert "slow.jpg" not in (tmp_path / "open" / "README.md").read_text()


def test_report_refuses_the_file_of_another_recipe(
    workshop: Workshop, tiny_style: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [
        "--recipe",
        str(workshop.recipe),
        "--data",
        str(workshop.data),
        "-o",
        str(tmp_path / "gallery"),
        "--no-slow",
    ]
    assert export_main(["report", str(tiny_style), *arguments]) == 1
    assert "not the styles of the recipe" in capsys.readouterr().err


def test_report_looks_for_its_clip_first(
    workshop: Workshop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"not looked at yet")
    words = [
        "--recipe",
        str(workshop.recipe),
        "--data",
        str(workshop.data),
        "--clip",
        str(tmp_path / "typo.mp4"),
    ]
    assert (
        export_main(
            ["report", str(tmp_path / "broken.onnx"), *words, "-o", str(tmp_path / "gallery")]
        )
        == 1
    )
    assert "typo.mp4" in capsys.readouterr().err
    assert not (tmp_path / "gallery").exists()


def test_contact_sheet_holds_every_picture_in_its_place() -> None:
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


def test_pictures_are_fitted_without_distortion() -> None:
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
