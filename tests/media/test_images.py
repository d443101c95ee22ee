"""Still pictures keep colours, orientation and transparency, whatever wrote them."""

from __future__ import annotations

import errno
import struct
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

from realtime_style.errors import ImageUnreadable, OutputUnwritable
from realtime_style.media.images import IMAGE_SUFFIXES, Picture, images_in, read_image, write_image

RED_BGR = (0, 0, 255)


def red_left(width: int = 40, height: int = 20) -> Image.Image:
    """White, its left half red."""
    image = Image.new("RGB", (width, height), "white")
    image.paste("red", (0, 0, width // 2, height))
    return image


def test_red_is_bgr_red(tmp_path: Path) -> None:
    red_left().save(tmp_path / "a.png")
    picture = read_image(tmp_path / "a.png")
    assert picture.bgr.shape == (20, 40, 3)
    assert picture.bgr.flags.c_contiguous
    assert tuple(picture.bgr[10, 5]) == RED_BGR
    assert picture.alpha is None


@pytest.mark.parametrize("suffix", sorted(IMAGE_SUFFIXES))
def test_every_format_comes_back_in_the_same_colours(tmp_path: Path, suffix: str) -> None:
    bgr = np.full((16, 16, 3), (200, 40, 90), np.uint8)
    write_image(tmp_path / f"a{suffix}", Picture(bgr))
    assert np.abs(read_image(tmp_path / f"a{suffix}").bgr.astype(int) - bgr).max() <= 4


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize(
    ("orientation", "red_corner"), [(1, (0, 0)), (3, (-1, -1)), (6, (0, -1)), (8, (-1, 0))]
)
def test_phone_photos_come_out_upright(
    tmp_path: Path, mode: str, orientation: int, red_corner: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.new(mode, (40, 20), "white")
    image.paste("red", (0, 0, 10, 10))
    image.save(tmp_path / "a.png", exif=exif)
    picture = read_image(tmp_path / "a.png")
    assert picture.bgr.shape == ((40, 20, 3) if orientation in (6, 8) else (20, 40, 3))
    assert tuple(picture.bgr[red_corner]) == RED_BGR
    assert tuple(picture.bgr[-1 - red_corner[0], -1 - red_corner[1]]) == (255, 255, 255)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif"])
def test_transparency_survives(tmp_path: Path, suffix: str) -> None:
    alpha = np.tile(np.arange(0, 256, 4, dtype=np.uint8), (16, 1))
    write_image(tmp_path / f"a{suffix}", Picture(np.full((16, 64, 3), 90, np.uint8), alpha))
    read = read_image(tmp_path / f"a{suffix}").alpha
    assert read is not None
    np.testing.assert_array_equal(read, alpha)


def test_format_without_transparency_gets_white(tmp_path: Path) -> None:
    write_image(
        tmp_path / "a.bmp", Picture(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8))
    )
    assert (read_image(tmp_path / "a.bmp").bgr == 255).all()


def test_palette_with_a_transparent_colour_has_alpha(tmp_path: Path) -> None:
    red_left().quantize(4).save(tmp_path / "a.png", transparency=0)
    alpha = read_image(tmp_path / "a.png").alpha
    assert alpha is not None
    assert set(np.unique(alpha)) == {0, 255}


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "YCbCr"])
def test_other_colour_modes_become_bgr(tmp_path: Path, mode: str) -> None:
    suffix = ".tif" if mode in ("CMYK", "YCbCr") else ".png"
    red_left().convert(mode).save(tmp_path / f"a{suffix}")
    picture = read_image(tmp_path / f"a{suffix}")
    assert picture.bgr.shape == (20, 40, 3)
    assert tuple(picture.bgr[10, 30]) == pytest.approx((255, 255, 255), abs=2)


def test_sixteen_bit_grey_is_scaled_by_its_type(tmp_path: Path) -> None:
    for white in (65535, 255):  # the second picture is nearly black and has to stay so
        values = np.linspace(0, white, 64).astype(np.uint16)[np.newaxis].repeat(8, axis=0)
        Image.fromarray(values).save(tmp_path / "a.png")
        read = read_image(tmp_path / "a.png").bgr[0, :, 0].astype(float)
        np.testing.assert_allclose(read, values[0] / 257, atol=0.51)


def test_float_pictures_are_scaled(tmp_path: Path) -> None:
    Image.fromarray(np.linspace(0, 1, 64, dtype=np.float32)[np.newaxis].repeat(8, axis=0)).save(
        tmp_path / "a.tif"
    )
    assert read_image(tmp_path / "a.tif").bgr.max() == 255


def test_colour_profile_is_applied(tmp_path: Path) -> None:
    """A made-up profile with red and blue exchanged shows whether it is used."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = srgb.replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")
    plain = Image.new("RGB", (8, 8), (120, 60, 200))
    for name, profile, bgr in (
        ("srgb", srgb, (200, 60, 120)),
        ("exchanged", exchanged, (120, 60, 200)),
        ("broken", b"no profile at all", (200, 60, 120)),
    ):
        plain.save(tmp_path / f"{name}.png", icc_profile=profile)
        assert tuple(read_image(tmp_path / f"{name}.png").bgr[0, 0]) == pytest.approx(bgr, abs=2), (
            name
        )


def bad_files() -> list[tuple[str, bytes, str]]:
    import io

    good = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).save(
        good, "JPEG"
    )
    return [
        ("empty.jpg", b"", "not an image"),
        ("text.png", b"hello", "not an image"),
        ("cut.jpg", good.getvalue()[:2000], "truncated"),
    ]


@pytest.mark.parametrize(("name", "content", "reason"), bad_files())
def test_bad_image_is_one_line_with_its_name(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ImageUnreadable, match=reason) as caught:
        read_image(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(ImageUnreadable, match=r"gone\.jpg does not exist"):
        read_image(tmp_path / "gone.jpg")
    with pytest.raises(ImageUnreadable, match="is a folder"):
        read_image(tmp_path)


def test_broken_tag_is_no_warning_and_no_error(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    red_left().save(tmp_path / "a.jpg", exif=exif)
    data = (tmp_path / "a.jpg").read_bytes()
    at = data.index(b"Exif\0\0") + 6 + 8
    (tmp_path / "a.jpg").write_bytes(
        data[:at] + b"\xff\x7f" + data[at + 2 :]  # 32767 tags, in a file that holds one
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_image(tmp_path / "a.jpg").bgr.size == 40 * 20 * 3


@pytest.mark.parametrize(
    ("tag", "kind", "value"),
    [
        (0x11A, 2, b"abc\0"),
        (0x132, 5, struct.pack("<II", 1, 0)),
        (0x128, 11, struct.pack("<f", 1.5)),
    ],
    ids=["resolution in letters", "date as a fraction", "unit as a float"],
)
def test_wrong_kinds_of_tags_do_not_stop_the_turn(
    tmp_path: Path, tag: int, kind: int, value: bytes
) -> None:
    count = 4 if kind == 2 else 1
    orientation = struct.pack("<HHII", 0x112, 3, 1, 6)
    odd = struct.pack("<HHI", tag, kind, count) + (
        value if len(value) == 4 else struct.pack("<I", 38)
    )
    both = b"".join(sorted([orientation, odd]))
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + both + bytes(4) + value
    red_left().save(tmp_path / "a.jpg", exif=exif)
    assert read_image(tmp_path / "a.jpg").bgr.shape == (40, 20, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_as_pillow_does(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)).save(
        tmp_path / "a.png", exif=exif
    )
    with Image.open(tmp_path / "a.png") as opened:
        expected = np.asarray(ImageOps.exif_transpose(opened))
    np.testing.assert_array_equal(read_image(tmp_path / "a.png").bgr[..., ::-1], expected)


@pytest.mark.parametrize("mode", ["RGB", "L", "I;16"])
@pytest.mark.parametrize("with_profile", [False, True])
def test_single_transparent_colour_has_alpha_in_every_mode(
    tmp_path: Path, mode: str, with_profile: bool
) -> None:
    values = np.full((8, 8), 300 if mode == "I;16" else 100, np.uint16)
    values[:, :4] = 200
    image = Image.fromarray(values if mode == "I;16" else values.astype(np.uint8))
    clear = (200, 200, 200) if mode == "RGB" else 200
    profile = (
        ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() if with_profile else None
    )
    image.convert(mode).save(tmp_path / "a.png", transparency=clear, icc_profile=profile)
    picture = read_image(tmp_path / "a.png")
    assert picture.alpha is not None
    assert (picture.alpha[:, :4] == 0).all()
    assert (picture.alpha[:, 4:] == 255).all()
    assert picture.bgr[0, 6] == pytest.approx([1 if mode == "I;16" else 100] * 3, abs=1)


@pytest.mark.parametrize(
    ("mode", "suffix"), [("RGB", "png"), ("RGBA", "png"), ("P", "png"), ("RGBA", "webp")]
)
def test_profile_is_applied_with_transparency_and_palettes(
    tmp_path: Path, mode: str, suffix: str
) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = srgb.replace(b"rXYZ", b"tXYZ").replace(b"bXYZ", b"rXYZ").replace(b"tXYZ", b"bXYZ")
    image = Image.new("RGBA", (8, 8), (120, 60, 200, 90)).convert("RGB" if mode == "P" else mode)
    image = image.quantize(4) if mode == "P" else image
    options: dict[str, Any] = {"lossless": True} if suffix == "webp" else {}
    image.save(tmp_path / f"a.{suffix}", icc_profile=exchanged, **options)
    picture = read_image(tmp_path / f"a.{suffix}")
    assert tuple(picture.bgr[0, 0]) == pytest.approx((120, 60, 200), abs=3)
    assert (picture.alpha is not None) == (mode == "RGBA")
    assert picture.alpha is None or (picture.alpha == 90).all()


def test_grey_profile_is_applied_to_a_grey_picture(tmp_path: Path) -> None:
    """With a linear profile, middle grey is much lighter than on a screen."""
    Image.new("L", (8, 8), 128).save(tmp_path / "a.png", icc_profile=grey_profile())
    assert read_image(tmp_path / "a.png").bgr[0, 0] == pytest.approx([188] * 3, abs=2)


def grey_profile() -> bytes:
    """The smallest profile (ICC.1:2010): white, and a tone curve without entries: a straight line."""
    white = b"XYZ " + bytes(4) + struct.pack(">iii", 63190, 65536, 54061)
    curve = b"curv" + bytes(4) + struct.pack(">I", 0)
    text = b"desc" + bytes(4) + struct.pack(">I", 5) + b"grey\0" + bytes(78)
    text += bytes(-len(text) % 4)
    parts = [(b"wtpt", white), (b"kTRC", curve), (b"desc", text)]
    at = 128 + 4 + 12 * len(parts)
    table, data = struct.pack(">I", len(parts)), b""
    for name, part in parts:
        table += name + struct.pack(">II", at + len(data), len(part))
        data += part
    head = (
        struct.pack(">I4sI4s4s4s", at + len(data), bytes(4), 0x02400000, b"mntr", b"GRAY", b"XYZ ")
        + bytes(12)
        + b"acsp"
    )
    head += bytes(28) + struct.pack(">iii", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + table + data


def test_first_picture_of_an_animation_is_read_with_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    for name in ("a.gif", "a.png", "a.webp", "a.tif"):
        lossless: dict[str, Any] = {"lossless": True} if name == "a.webp" else {}
        pictures[0].save(tmp_path / name, save_all=True, append_images=pictures[1:], **lossless)
        caplog.clear()
        assert tuple(read_image(tmp_path / name).bgr[0, 0]) == RED_BGR
        assert caplog.messages == [
            f"{tmp_path / name} holds 3 pictures, of which only the first is read"
        ]


def test_sample_of_a_photograph_is_upright_and_large_enough(tmp_path: Path) -> None:
    picture = np.zeros((400, 600, 3), np.uint8)
    picture[:, :300] = (0, 0, 250)
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    Image.fromarray(picture[..., ::-1]).save(tmp_path / "photo.jpg", exif=exif, quality=95)
    whole, half, least = (
        read_image(tmp_path / "photo.jpg", at_least=size).bgr for size in (None, 200, 1)
    )
    assert (whole.shape, half.shape, least.shape) == ((600, 400, 3), (300, 200, 3), (75, 50, 3))
    for sample in (half, least):
        smaller = cv2.resize(whole, sample.shape[1::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(sample.astype(int) - smaller).mean() < 3


def test_sample_of_an_animation_is_no_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    pictures[0].save(tmp_path / "two.gif", save_all=True, append_images=pictures[1:])
    assert read_image(tmp_path / "two.gif", at_least=10).bgr.shape == (30, 40, 3)
    assert caplog.records == []


def test_phone_photo_with_extra_data_is_one_picture(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    red_left().save(
        tmp_path / "a.jpg", "MPO", save_all=True, append_images=[Image.new("RGB", (8, 8))]
    )
    assert read_image(tmp_path / "a.jpg").bgr.shape == (20, 40, 3)
    assert not caplog.messages


def test_raw_formats_are_refused_instead_of_their_thumbnails(
    tmp_path: Path,
) -> None:
    red_left().save(tmp_path / "a.dng", "TIFF")
    (tmp_path / "a.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    for name, hint in (("a.dng", ""), ("a.heic", r" \(iPhones do so with .*\)")):
        with pytest.raises(
            ImageUnreadable, match=rf"{name} cannot be read: .* save it as JPEG first{hint}$"
        ):
            read_image(tmp_path / name)
    red_left().save(tmp_path / "b.heic", "JPEG")  # some programs copy without a change of name
    assert read_image(tmp_path / "b.heic").bgr.shape == (20, 40, 3)
    assert [path.name for path in images_in(tmp_path)] == ["a.dng", "a.heic", "b.heic"]


def test_threads_leave_pillow_with_a_limit(tmp_path: Path) -> None:
    red_left().save(tmp_path / "a.png")
    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(read_image, [tmp_path / "a.png"] * 200))
    assert Image.MAX_IMAGE_PIXELS == 2**30


def test_threads_decode_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both, load = threading.Barrier(2, timeout=20), PngImagePlugin.PngImageFile.load

    def load_together(image: PngImagePlugin.PngImageFile) -> Any:
        both.wait()  # breaks when the other thread is not let in
        return load(image)

    red_left().save(tmp_path / "a.png")
    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", load_together)
    with ThreadPoolExecutor(max_workers=2) as pool:
        assert len(list(pool.map(read_image, [tmp_path / "a.png"] * 2))) == 2


def test_bomb_that_pillow_refuses_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime_style.media.images._LARGEST_PX", 100)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    red_left().save(tmp_path / "a.png")
    with pytest.raises(ImageUnreadable, match=r"has over 200 pixels, .* reduce it first"):
        read_image(tmp_path / "a.png")


def test_more_pixels_than_any_camera_makes_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime_style.media.images._LARGEST_PX", 100)
    red_left().save(tmp_path / "a.png")
    with pytest.raises(ImageUnreadable, match="40x20 pixels"):
        read_image(tmp_path / "a.png")


def test_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputUnwritable, match=r"\.xyz is no image format"):
        write_image(tmp_path / "a.xyz", Picture(np.zeros((4, 4, 3), np.uint8)))
    assert not list(tmp_path.iterdir())


def test_full_disk_keeps_the_old_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.png"
    target.write_bytes(b"old")

    def full(self: Image.Image, path: Path, **options: Any) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(OutputUnwritable, match=r"a\.png: No space left on device"):
        write_image(target, Picture(np.zeros((4, 4, 3), np.uint8)))
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]
    assert target.read_bytes() == b"old"


def test_picture_too_large_for_its_format_is_refused(tmp_path: Path) -> None:
    for name, width in (("a.webp", 16_400), ("a.jpg", 65_600)):
        with pytest.raises(OutputUnwritable, match=f"{width}x2 pixels.*smaller picture"):
            write_image(tmp_path / name, Picture(np.zeros((2, width, 3), np.uint8)))
    assert not list(tmp_path.iterdir())


def test_large_detailed_jpeg_can_be_written(tmp_path: Path) -> None:
    """Pillow's optimising encoder gives up on it."""
    noise = np.random.default_rng(0).integers(0, 256, (1500, 2000, 3), np.uint8)
    write_image(tmp_path / "a.jpg", Picture(noise))
    assert read_image(tmp_path / "a.jpg").bgr.shape == noise.shape
