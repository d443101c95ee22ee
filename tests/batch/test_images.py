"""Painting photographs: names, folders, transparency, refusals before any work."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from realtime_style.batch.images import ImageSummary, plan_images, stylize_images
from realtime_style.errors import BadStyleFile, ImageUnreadable, OutputUnwritable
from realtime_style.frames import Frame
from realtime_style.media.images import Picture, read_image, write_image
from realtime_style.stylize import memory_limit
from realtime_style.stylize.style_model import StyleModel


def invert(frame: Frame) -> Frame:
    return 255 - frame


def refuse_to_paint(frame: Frame) -> Frame:
    raise AssertionError("painted although it should have been refused first")


def save(path: Path, grey: int = 100, size: tuple[int, int] = (24, 16)) -> Path:
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", size, (grey, grey, grey)).save(path)
    return path


def run(inputs: list[Path], output: Path, **options: int) -> ImageSummary:
    return stylize_images(inputs, output, invert, provider="test", max_size=options.get("max_size"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_one_file_becomes_the_named_file(tmp_path: Path) -> None:
    summary = run([save(tmp_path / "a.png")], tmp_path / "out.png")
    assert (read_image(tmp_path / "out.png").bgr == 155).all()
    result = summary.results[0]
    assert (result.input.name, result.output.name, result.width, result.height) == (
        "a.png",
        "out.png",
        24,
        16,
    )
    assert (len(summary.results), summary.provider) == (1, "test")


@pytest.mark.parametrize("exists", [True, False])
def test_one_file_into_a_folder_keeps_its_name(tmp_path: Path, exists: bool) -> None:
    if exists:
        (tmp_path / "out").mkdir()
    run([save(tmp_path / "a.png")], tmp_path / "out")
    assert names(tmp_path / "out") == ["a.png"]


def test_folder_stands_for_its_visible_images_sorted(
    tmp_path: Path,
) -> None:
    photos = tmp_path / "photos"
    for name in ("b.png", "a.JPG", "._a.JPG", "c.tiff"):
        save(photos / name)
    (photos / "notes.txt").write_text("no image")
    save(photos / "deeper" / "d.png")
    seen: list[tuple[int, int | None]] = []
    summary = stylize_images(
        [photos],
        tmp_path / "out",
        invert,
        provider="test",
        report=lambda done, total: seen.append((done, total)),
    )
    assert [result.input.name for result in summary.results] == ["a.JPG", "b.png", "c.tiff"]
    assert names(tmp_path / "out") == ["a.JPG", "b.png", "c.tiff"]
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_same_stem_with_another_suffix_stays_apart(tmp_path: Path) -> None:
    run([save(tmp_path / "a.png"), save(tmp_path / "a.jpg")], tmp_path / "out")
    assert names(tmp_path / "out") == ["a.jpg", "a.png"]


def test_read_only_format_becomes_png(tmp_path: Path) -> None:
    run([save(tmp_path / "a.gif")], tmp_path / "out")
    assert names(tmp_path / "out") == ["a.png"]


def test_file_named_twice_is_painted_once(tmp_path: Path) -> None:
    photo = save(tmp_path / "photos" / "a.png")
    assert len(run([photo, photo.parent], tmp_path / "out").results) == 1


@pytest.mark.parametrize("other", ["a.png", "A.PNG"])
def test_two_images_of_one_name_are_refused(tmp_path: Path, other: str) -> None:
    inputs = [save(tmp_path / "one" / "a.png"), save(tmp_path / "two" / other)]
    with pytest.raises(OutputUnwritable, match="would both become"):
        stylize_images(inputs, tmp_path / "out", refuse_to_paint, provider="test")
    assert not (tmp_path / "out").exists()


def test_image_is_never_replaced_by_its_painting(tmp_path: Path) -> None:
    photo = save(tmp_path / "photos" / "a.png")
    before = photo.read_bytes()
    (tmp_path / "link").symlink_to(photo.parent)
    os.link(photo, tmp_path / "hard.png")
    relative = Path(os.path.relpath(photo))
    for inputs, output in (
        ([photo], photo),
        ([relative], photo),
        ([photo], tmp_path / "link" / "a.png"),
        ([photo], tmp_path / "hard.png"),
        ([photo.parent], photo.parent),
        ([photo], tmp_path / "link"),
    ):
        with pytest.raises(OutputUnwritable, match="to be painted"):
            stylize_images(inputs, output, refuse_to_paint, provider="test")
    assert photo.read_bytes() == before


def test_impossible_input_and_output_are_refused_first(tmp_path: Path) -> None:
    photo = save(tmp_path / "a.png")
    (tmp_path / "empty").mkdir()
    (tmp_path / "plain").write_text("a file")
    more = save(tmp_path / "b.png")
    cases: list[tuple[list[Path], Path, type[Exception], str]] = [
        ([tmp_path / "gone.png"], tmp_path / "o.png", ImageUnreadable, r"gone\.png does not exist"),
        (
            [photo, tmp_path / "gone.png"],
            tmp_path / "out",
            ImageUnreadable,
            r"gone\.png does not exist",
        ),
        ([tmp_path / "empty"], tmp_path / "out", ImageUnreadable, "empty has no images"),
        ([], tmp_path / "out", ImageUnreadable, "no images given"),
        ([photo], tmp_path / "o.xyz", OutputUnwritable, r"\.xyz is no image format"),
        ([photo], tmp_path / "no" / "o.png", OutputUnwritable, "there is no folder"),
        ([photo], tmp_path / "no" / "out", OutputUnwritable, "there is no folder"),
        ([photo, more], tmp_path / "o.jpg", OutputUnwritable, "give a folder"),
        ([photo], tmp_path / "plain", OutputUnwritable, "is a file, not a folder"),
    ]
    before = names(tmp_path)
    for inputs, output, error, words in cases:
        with pytest.raises(error, match=words) as caught:
            stylize_images(inputs, output, refuse_to_paint, provider="test")
        assert "\n" not in str(caught.value)
    assert names(tmp_path) == before


def test_damaged_image_is_skipped_and_named_at_the_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    photos = tmp_path / "photos"
    for name in ("a.png", "b.png", "c.png"):
        save(photos / name)
    (photos / "b.png").write_bytes((photos / "b.png").read_bytes()[:60])
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(ImageUnreadable, match=r"1 of 3 images could not be read or painted: .*b"),
    ):
        run([photos], tmp_path / "out")
    assert "b.png" in caplog.text
    assert names(tmp_path / "out") == ["a.png", "c.png"]


def test_single_damaged_image_is_its_own_error(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"nothing")
    with pytest.raises(ImageUnreadable, match=r"a\.jpg is not an image"):
        run([tmp_path / "a.jpg"], tmp_path / "o.jpg")
    assert names(tmp_path) == ["a.jpg"]


def test_image_too_large_for_memory_is_skipped_and_named(
    tmp_path: Path,
    tiny_style: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name, size in (("a.png", (20, 20)), ("b.png", (60, 50)), ("c.png", (20, 20))):
        save(tmp_path / "photos" / name, size=size)
    large = tmp_path / "photos" / "b.png"
    monkeypatch.setattr(memory_limit, "available_bytes", lambda: 1000 * 176)
    with StyleModel(tiny_style, device="cpu") as paint:
        with (
            caplog.at_level(logging.WARNING),
            pytest.raises(ImageUnreadable, match=rf"1 of 3 images .*: {large}; the other 2"),
        ):
            stylize_images([tmp_path / "photos"], tmp_path / "out", paint, provider="test")
        assert names(tmp_path / "out") == ["a.png", "c.png"]
        with pytest.raises(
            ImageUnreadable,
            match=r"b\.png cannot be painted: painting 60x50 pixels needs .* --max-size",
        ):
            stylize_images([large], tmp_path / "o.png", paint, provider="test")
        stylize_images([large], tmp_path / "o.png", paint, provider="test", max_size=30)
    assert f"image {large} cannot be painted: painting 60x50 pixels" in caplog.text


def test_failing_style_stops_at_the_first_image(tmp_path: Path) -> None:
    def broken(frame: Frame) -> Frame:
        raise BadStyleFile("the style file is broken")

    inputs = [save(tmp_path / "a.png"), save(tmp_path / "b.png")]
    with pytest.raises(BadStyleFile):
        stylize_images(inputs, tmp_path / "out", broken, provider="test")


def test_error_while_painting_keeps_the_old_file(tmp_path: Path) -> None:
    photo = save(tmp_path / "a.png")
    (tmp_path / "o.png").write_bytes(b"old")

    def interrupted(frame: Frame) -> Frame:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stylize_images([photo], tmp_path / "o.png", interrupted, provider="test")
    assert (tmp_path / "o.png").read_bytes() == b"old"
    assert names(tmp_path) == ["a.png", "o.png"]


@pytest.mark.skipif(
    os.name != "posix" or os.geteuid() == 0, reason="root may write to read-only folders"
)
def test_read_only_folder_is_one_line(tmp_path: Path) -> None:
    photo = save(tmp_path / "a.png")
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(OutputUnwritable, match="Permission denied"):
        run([photo], tmp_path / "locked" / "o.png")


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (641, 479)])
def test_any_size_comes_back_in_its_size(tmp_path: Path, size: tuple[int, int]) -> None:
    summary = run([save(tmp_path / "a.png", size=size)], tmp_path / "o.png")
    assert (summary.results[0].width, summary.results[0].height) == size


def test_photo_of_48_megapixels_works(tmp_path: Path) -> None:
    summary = run([save(tmp_path / "a.bmp", size=(8000, 6000))], tmp_path / "o.bmp")
    assert (summary.results[0].width, summary.results[0].height) == (8000, 6000)


def test_max_size_reduces_before_painting(tmp_path: Path) -> None:
    painted: list[tuple[int, ...]] = []

    def paint(frame: Frame) -> Frame:
        painted.append(frame.shape)
        return frame

    stylize_images(
        [save(tmp_path / "a.png", size=(800, 600))],
        tmp_path / "o.png",
        paint,
        provider="test",
        max_size=320,
    )
    assert painted == [(240, 320, 3)]
    assert read_image(tmp_path / "o.png").bgr.shape == (240, 320, 3)


def test_max_size_never_enlarges(tmp_path: Path) -> None:
    assert run([save(tmp_path / "a.png")], tmp_path / "o.png", max_size=500).results[0].width == 24


def test_transparency_stays_and_hidden_colours_are_unpainted(tmp_path: Path) -> None:
    bgr = np.full((32, 48, 3), 200, np.uint8)
    alpha = np.full((32, 48), 255, np.uint8)
    alpha[:, 16:32] = 0
    alpha[:, 32:] = 128
    bgr[:, 16:32] = (0, 255, 0)  # a glaring colour that nobody sees
    write_image(tmp_path / "a.png", Picture(bgr, alpha))
    seen: list[Frame] = []

    def paint(frame: Frame) -> Frame:
        seen.append(frame.copy())
        return 255 - frame

    stylize_images([tmp_path / "a.png"], tmp_path / "o.png", paint, provider="test")
    assert (seen[0] == 200).all()
    result = read_image(tmp_path / "o.png")
    assert result.alpha is not None
    np.testing.assert_array_equal(result.alpha, alpha)
    assert (result.bgr[alpha > 0] == 55).all()


def test_hidden_colours_do_not_bleed_when_reduced(tmp_path: Path) -> None:
    bgr = np.full((60, 60, 3), 200, np.uint8)
    alpha = np.full((60, 60), 255, np.uint8)
    bgr[:, 31:], alpha[:, 31:] = 0, 0
    write_image(tmp_path / "a.png", Picture(bgr, alpha))
    run([tmp_path / "a.png"], tmp_path / "o.png", max_size=20)
    result = read_image(tmp_path / "o.png")
    assert result.alpha is not None
    assert result.alpha.shape == (20, 20)
    assert (result.bgr == 55).all()


def test_wholly_transparent_image_works(tmp_path: Path) -> None:
    write_image(
        tmp_path / "a.png", Picture(np.zeros((8, 8, 3), np.uint8), np.zeros((8, 8), np.uint8))
    )
    run([tmp_path / "a.png"], tmp_path / "o.png")
    alpha = read_image(tmp_path / "o.png").alpha
    assert alpha is not None
    assert (alpha == 0).all()


def test_plans_touch_nothing(tmp_path: Path) -> None:
    photo = save(tmp_path / "a.png")
    assert plan_images([photo], tmp_path / "out") == [(photo, tmp_path / "out" / "a.png")]
    assert names(tmp_path) == ["a.png"]
