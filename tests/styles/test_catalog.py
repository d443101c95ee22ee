"""Finding styles by name, and mixes of them."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path

import pytest

from realtime_style.cli import main
from realtime_style.errors import BadStyleFile, StyleError, StyleNotFound
from realtime_style.styles import catalog as styles
from realtime_style.styles.catalog import (
    find_style,
    list_styles,
    open_style_file,
    scan_styles,
)
from realtime_style.styles.format import StyleMetadata
from realtime_style.styles.mix import Mix, mix_label, parse_mix
from realtime_style.styles.onnx_file import read_style_metadata
from realtime_style.system.folders import styles_folder
from realtime_style.testing.style_files import write_tiny_style


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pack with the styles `a` and `b` in one file instead of the shipped one."""
    folder = tmp_path / "pack"
    folder.mkdir()
    write_tiny_style(folder / "pack.onnx", names=["a", "b"])
    monkeypatch.setattr(styles, "PACK", folder)
    return folder


def shares(mix: Mix) -> dict[str, float]:
    return {style.info.name: share for style, share in mix}


def foreign_model(path: Path, *, metadata: str | None = None) -> Path:
    """A valid ONNX model that is no style file."""
    from onnx import TensorProto, helper, save

    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "foreign", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    if metadata is not None:
        helper.set_model_props(model, {"realtime_style": metadata})
    save(model, path)
    return path


def test_shipped_styles_come_before_the_users(pack: Path, own_home: Path):
    write_tiny_style(own_home / "mine.onnx", names=["mine"])
    assert [style.info.name for style in list_styles()] == ["a", "b", "mine"]
    assert [(style.file.name, style.index, style.count) for style in list_styles()] == [
        ("pack.onnx", 0, 2),
        ("pack.onnx", 1, 2),
        ("mine.onnx", 0, 1),
    ]


def test_users_own_style_wins_a_name(
    pack: Path, own_home: Path, capsys: pytest.CaptureFixture[str]
):
    own = write_tiny_style(own_home / "mine.onnx", names=["b", "c"])
    write_tiny_style(own_home / "other.onnx", names=["c"])
    assert (find_style("b").file, find_style("a").file) == (own, pack / "pack.onnx")
    assert [(style.info.name, style.file) for style in list_styles()] == [
        ("a", pack / "pack.onnx"),
        ("b", own),
        ("c", own),
    ]
    assert main(["styles"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[1:4] == ["   CC0", "b  B, nobody, 2026", f"   CC0; {own}"]
    own.write_bytes(b"not a model")
    assert find_style("b").file == pack / "pack.onnx"
    (own_home / "b.onnx").write_bytes(b"not a model either")
    # Not silently replaced by another one.
    with pytest.raises(BadStyleFile, match=r"b\.onnx is not a style file"):
        find_style("b")


def test_missing_styles_folder_counts_as_empty(
    pack: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("REALTIME_STYLE_HOME", str(tmp_path / "nowhere"))
    assert [style.info.name for style in list_styles()] == ["a", "b"]


def test_broken_file_is_named_and_hides_no_other(
    pack: Path, own_home: Path, caplog: pytest.LogCaptureFixture
):
    (own_home / "broken.onnx").write_bytes(b"not a model")
    with caplog.at_level(logging.WARNING):
        assert [style.info.name for style in list_styles()] == ["a", "b"]
    assert str(own_home / "broken.onnx") in caplog.text
    found, broken = scan_styles()
    assert (len(found), list(broken)) == (2, [own_home / "broken.onnx"])


def test_name_of_a_broken_file_gives_its_error(pack: Path, own_home: Path):
    (own_home / "broken.onnx").write_bytes(b"not a model")
    with pytest.raises(BadStyleFile, match="not a readable ONNX model"):
        find_style("broken")
    with pytest.raises(
        StyleNotFound,
        match=r"no style is called 'c'; styles here: a, b \(not readable: .*broken\.onnx\)",
    ):
        find_style("c")


def test_unknown_name_lists_the_known_ones(pack: Path):
    with pytest.raises(
        StyleNotFound,
        match="no style is called 'stary-night'; styles here: a, b; or give a style file",
    ):
        parse_mix("stary-night")


def test_file_stands_for_its_first_style_or_the_named_one(pack: Path):
    file = pack / "pack.onnx"
    assert find_style(str(file)).index == 0
    assert find_style(f"{file}#b").index == 1
    with pytest.raises(StyleNotFound, match="has no style 'c'; it has a, b"):
        find_style(f"{file}#c")


def test_folder_name_may_contain_a_hash(tmp_path: Path):
    (tmp_path / "take #2").mkdir()
    file = write_tiny_style(tmp_path / "take #2" / "two.onnx", names=["a", "b"])
    assert find_style(str(file)).index == 0
    assert find_style(f"{file}#b").index == 1


def test_missing_style_file_is_named():
    with pytest.raises(
        StyleNotFound, match=r"style file nowhere\.onnx does not exist; check the path"
    ):
        parse_mix("nowhere.onnx")


@pytest.mark.parametrize("content", [b"", b"garbage " * 100, None])
def test_garbage_and_torn_files_are_refused(
    tmp_path: Path, tiny_style: Path, content: bytes | None, capfd
):
    path = tmp_path / "bad.onnx"
    path.write_bytes(tiny_style.read_bytes()[:300] if content is None else content)
    with pytest.raises(
        BadStyleFile, match=r"bad\.onnx is not a style file: not a readable ONNX model"
    ):
        open_style_file(path)
    assert capfd.readouterr() == ("", "")  # one line of ours, no other output


def test_foreign_model_is_refused(tmp_path: Path):
    with pytest.raises(BadStyleFile, match="an ONNX model, but not a style file"):
        open_style_file(foreign_model(tmp_path / "foreign.onnx"))


def test_our_metadata_on_other_tensors_is_refused(tmp_path: Path):
    path = foreign_model(tmp_path / "odd.onnx", metadata='{"format": 1, "styles": [{"name": "x"}]}')
    with pytest.raises(
        BadStyleFile,
        match=r"odd\.onnx is not a usable style file: its inputs are x, not frame, style",
    ):
        open_style_file(path)


def test_folder_named_like_a_style_file_is_not_found(tmp_path: Path):
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(StyleNotFound):
        open_style_file(tmp_path / "folder.onnx")


def test_style_file_names_its_style(tiny_style: Path):
    (style,) = open_style_file(tiny_style)
    assert (style.info.name, style.info.title, style.info.licence) == ("tiny", "Tiny", "CC0")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("a", {"a": 1.0}),
        ("a,b", {"a": 0.5, "b": 0.5}),
        ("a:0.5,b:0.5", {"a": 0.5, "b": 0.5}),
        (" a:3 , b:1 ", {"a": 0.75, "b": 0.25}),
        ("a:1,b:1,a:2", {"a": 0.75, "b": 0.25}),
        ("a:0,b:2", {"b": 1.0}),
        ("a:1e3", {"a": 1.0}),
    ],
)
def test_weights_are_scaled_to_shares(pack: Path, spec: str, expected: dict[str, float]):
    assert shares(parse_mix(spec)) == expected


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("a:0", "sum to zero"),
        ("a:0,b:0", "sum to zero"),
        ("a:-1,b:2", "weight -1 .* must be a number from 0 up"),
        ("a:nan", "must be a number from 0 up"),
        ("a:inf", "must be a number from 0 up"),
        ("a:half", "'half' .* is no number"),
        ("a:", "is no number"),
        ("", "has an empty part"),
        ("a,,b", "has an empty part"),
    ],
)
def test_invalid_mix_is_refused_with_the_reason(pack: Path, spec: str, reason: str):
    with pytest.raises(StyleError, match=reason):
        parse_mix(spec)


def test_files_and_names_mix_and_take_weights(pack: Path, tmp_path: Path):
    file = write_tiny_style(tmp_path / "own.onnx", names=["x", "y"])
    assert shares(parse_mix(f"a:1,{file}#y:3")) == {"a": 0.25, "y": 0.75}
    assert shares(parse_mix(f"{file}:2,b:2")) == {"x": 0.5, "b": 0.5}


def test_colon_of_a_windows_path_is_no_weight():
    with pytest.raises(
        StyleNotFound, match=re.escape(r"style file C:\styles\a.onnx does not exist")
    ):
        parse_mix(r"C:\styles\a.onnx")


def test_label_of_a_mix_has_titles_and_shares(pack: Path):
    assert mix_label(parse_mix("a")) == "A"
    assert mix_label(parse_mix("a:3,b:1")) == "A 75 % + B 25 %"


def count_reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files whose metadata is read from now on."""
    read: list[Path] = []

    def counted(path: Path) -> StyleMetadata:
        read.append(path)
        return read_style_metadata(path)

    monkeypatch.setattr(styles, "read_style_metadata", counted)
    return read


def test_file_is_read_once_however_often_it_is_scanned(
    pack: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch
):
    own = write_tiny_style(own_home / "own.onnx", names=["c"])
    read = count_reads(monkeypatch)
    for name in ("a", "b", "c", "a"):
        find_style(name)
    list_styles()
    parse_mix("a,c")
    assert sorted(read) == sorted([pack / "pack.onnx", own])


def test_changed_file_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = write_tiny_style(tmp_path / "own.onnx", names=["first"])
    read = count_reads(monkeypatch)
    assert find_style(str(path)).info.name == "first"
    same_size = path.read_bytes().replace(b"first", b"other").replace(b"First", b"Other")
    path.write_bytes(same_size)
    changed_ns = path.stat().st_mtime_ns + 1  # however coarse the clock of the file system is
    os.utime(path, ns=(changed_ns, changed_ns))
    assert find_style(str(path)).info.name == "other"
    path.write_bytes(b"not a model")
    with pytest.raises(BadStyleFile):
        find_style(str(path))
    path.unlink()
    with pytest.raises(StyleNotFound):
        find_style(str(path))
    assert len(read) == 3


def test_path_with_commas_is_one_style(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "ours, not theirs, by a:b"
    folder.mkdir()
    file = write_tiny_style(folder / "x,y.onnx", names=["x", "y"])
    write_tiny_style(styles_folder() / "a.onnx", names=["a"])
    assert shares(parse_mix(str(file))) == {"x": 1.0}
    assert shares(parse_mix(f"a:1, {file}#y:3")) == {"a": 0.25, "y": 0.75}
    assert shares(parse_mix(f"{file}:2,{file}#y,a")) == {"x": 0.5, "y": 0.25, "a": 0.25}
    with pytest.raises(StyleNotFound, match="no style is called 'nowhere'"):
        parse_mix("nowhere,x.onnx")


def test_mix_longer_than_a_file_name_is_parsed(tmp_path: Path):
    names = [f"style-with-a-long-name-{number}" for number in range(12)]
    file = write_tiny_style(styles_folder() / "many.onnx", names=names)
    spec = ",".join([*(f"{name}:0.0833333333" for name in names), str(file)])
    assert len(parse_mix(spec)) == 12
