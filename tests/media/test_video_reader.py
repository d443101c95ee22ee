"""Reading video files: opened once, and nothing lost on the way to the first frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2  # noqa: F401  (before av)
import av
import pytest

from realtime_style.media.video_reader import VideoReader
from tests.helpers.video import flat, make_clip, packets


def test_file_is_opened_and_decoded_once(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    real = av.open

    def count(name: str, **options: Any) -> Any:
        opened.append(name)
        return real(name, **options)

    monkeypatch.setattr(av, "open", count)
    with VideoReader(clip) as reader:
        frames = [item for item in reader.read() if isinstance(item, av.VideoFrame)]
    assert len(frames) == 20
    assert len(opened) == 1


def test_sound_before_the_first_whole_frame_is_kept(tmp_path: Path) -> None:
    whole = make_clip(tmp_path / "whole.ts", [flat(n % 24) for n in range(60)], audio="libmp3lame")
    data = whole.read_bytes()
    late = tmp_path / "late.ts"
    late.write_bytes(data[:564] + data[188 * 12 :])  # pictures up to a key frame cannot be decoded
    with VideoReader(late) as reader:
        items = list(reader.read())
    sound = [bytes(i) for i in items if isinstance(i, av.Packet) and i.dts is not None]
    assert sound == [piece for _, _, piece in packets(late)]
    assert not isinstance(items[0], av.VideoFrame)
