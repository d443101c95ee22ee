"""The pages are true: commands parse, make targets and links exist, Python blocks compile."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from realtime_style.cli import build_parser
from tests.helpers.readme import FENCE, PAGES, README, ROOT, blocks, commands, pages_with


def test_readme_shows_the_main_commands():
    shown = {call[0] for call in commands(README, "realtime-style") if call}
    assert {"webcam", "video", "train"} <= shown
    assert ["demo"] in commands(README, "make")


def test_every_command_parses(capsys: pytest.CaptureFixture[str]):
    for page, call in pages_with("realtime-style"):
        code = exit_code(call)
        words = capsys.readouterr().err.strip().splitlines()
        assert code == 0, (
            f"{page.name}: realtime-style {shlex.join(call)}: {words[-1] if words else ''}"
        )


def exit_code(call: list[str]) -> int | str | None:
    """The exit code of the parser: 0 for a good line, --help and --version."""
    try:
        build_parser().parse_args(call)
    except SystemExit as end:
        return end.code
    return 0


def test_every_workshop_command_names_an_existing_module():
    for page, call in pages_with("python"):
        if call[:1] == ["-m"] and call[1] in ("export", "realtime_style"):
            assert (ROOT / call[1] / "__main__.py").is_file(), (
                f"{page.name}: python {shlex.join(call)}"
            )
        elif call and call[0].endswith(".py"):
            assert (ROOT / call[0]).is_file(), f"{page.name}: python {shlex.join(call)}"


def test_every_make_target_exists():
    targets = set(
        re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    for page, call in pages_with("make"):
        for word in call:
            assert word.startswith("-") or "=" in word or word in targets, (
                f"{page.name}: make {shlex.join(call)}"
            )


def test_every_extra_exists():
    known = re.findall(r"^([\w-]+) = ", _section("project.optional-dependencies"), re.MULTILINE)
    for page in PAGES:
        for extras in re.findall(
            r"(?:realtime-style|\.)\[([\w, -]+)\]", page.read_text(encoding="utf-8")
        ):
            for extra in extras.split(","):
                assert extra.strip() in known, f"{page.name}: no extra {extra.strip()!r}"


def _section(name: str) -> str:
    return (
        (ROOT / "pyproject.toml")
        .read_text(encoding="utf-8")
        .partition(f"[{name}]")[2]
        .partition("\n[")[0]
    )


def test_every_relative_link_and_picture_exists():
    for page in PAGES:
        text = FENCE.sub("", page.read_text(encoding="utf-8"))
        targets = re.findall(r"\]\(\s*<?([^)\s>]+)", text) + re.findall(
            r"""(?:src|href|srcset)\s*=\s*["']([^"'\s]+)""", text
        )
        for target in targets:
            if re.match(r"[a-z][a-z0-9+.-]*:", target):  # another site
                continue
            path, _, anchor = target.partition("#")
            aim = (page.parent / path).resolve() if path else page
            assert aim.exists(), f"{page.name} links to {target}, which is not there"
            assert aim.is_relative_to(ROOT), f"{page.name} links to {target}, outside the project"
            if anchor and aim.suffix == ".md":
                assert anchor in anchors(aim), (
                    f"{page.name} links to {target}, but there is no such heading"
                )


def anchors(page: Path) -> set[str]:
    """The names that the headings of a page have as link targets on a forge."""
    headings = re.findall(r"^#+\s+(.*?)\s*$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", heading).lower()).replace(" ", "-")
        for heading in headings
    }


PYTHON = [
    block for page in PAGES for block in blocks(page) if block.language.split(" ")[0] == "python"
]


def test_every_python_block_compiles_and_imports_only_what_exists():
    import realtime_style

    for block in PYTHON:
        compile(block.text, str(block.page), "exec")
        for names in re.findall(r"^from realtime_style import ([\w, ]+)", block.text, re.MULTILINE):
            assert {name.strip() for name in names.split(",")} <= set(realtime_style.__all__), (
                block.text
            )


class TestTheReader:
    """The reader of pages finds what it should: a wrong pattern would let every test pass."""

    PAGE = """# A heading, with `code`
```sh
$ realtime-style video in.mp4 out.mp4 --crf 20   # a comment
A=1 .venv/bin/realtime-style styles --json | head -3 > list.json
realtime-style image a.jpg \\
    b.jpg out/ && make demo ENGINE=cpu
pip install "realtime-style[cpu]"
```

```python runnable
x = "realtime-style nonsense"
```
"""

    @pytest.fixture
    def page(self, tmp_path: Path) -> Path:
        path = tmp_path / "page.md"
        path.write_text(self.PAGE, encoding="utf-8")
        return path

    def test_finds_commands_and_nothing_else(self, page: Path):
        assert commands(page, "realtime-style") == [
            ["video", "in.mp4", "out.mp4", "--crf", "20"],
            ["styles", "--json"],
            ["image", "a.jpg", "b.jpg", "out/"],
        ]
        assert commands(page, "make") == [["demo", "ENGINE=cpu"]]

    def test_finds_blocks_and_headings(self, page: Path):
        assert [block.language for block in blocks(page)] == ["sh", "python runnable"]
        assert "a-heading-with-code" in anchors(page)
