"""What the README says is true: its commands parse, its targets and links exist, its Python runs."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from realtime_style.cli import build_parser

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(page for folder in ("demos", "docs", "export") for page in (ROOT / folder).rglob("*.md")),
    ]
)
FENCE = re.compile(r"^[ \t]*```([^\n`]*)\n(.*?)^[ \t]*```[ \t]*$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    page: Path
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    """The fenced code blocks of a page; `language` is all that follows the opening fence."""
    found = FENCE.findall(page.read_text(encoding="utf-8"))
    return [Block(page, language.strip(), text) for language, text in found]


def commands(page: Path, program: str) -> list[list[str]]:
    """Every call of `program` in the code blocks of a page, as a list of words without the program itself.

    Understands prompts, comments, continued lines, environment variables in front, pipes, redirections and several
    commands in a line. Lines of other languages (python, toml, json) are no commands.
    """
    found = []
    for block in blocks(page):
        if block.language.split(" ")[0] not in ("", "sh", "bash", "shell", "console", "text"):
            continue
        for line in block.text.replace("\\\n", " ").splitlines():
            if not re.search(rf"\b{re.escape(program)}\b", line):
                continue
            lexer = shlex.shlex(line.strip().removeprefix("$ "), posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            found += [call for call in _calls(list(lexer)) if call and call[0] == program]
    return [call[1:] for call in found]


def _calls(words: list[str]) -> list[list[str]]:
    """The commands of a shell line, cut at ; | & and redirections, without variables set in front."""
    calls: list[list[str]] = [[]]
    for word in words:
        if word and set(word) <= set(";|&()<>"):
            calls.append([])
        elif calls[-1] or not re.fullmatch(r"[A-Za-z_]\w*=.*", word):
            calls[-1].append(word)
    return [[Path(call[0]).name, *call[1:]] for call in calls if call]


def pages_with(program: str) -> list[tuple[Path, list[str]]]:
    return [(page, call) for page in PAGES for call in commands(page, program)]


def test_readme_shows_the_commands_that_a_newcomer_needs():
    shown = {call[0] for call in commands(README, "realtime-style") if call}
    assert {"webcam", "video", "train"} <= shown
    assert ["demo"] in commands(README, "make")


def test_every_command_line_parses_with_the_real_parser(capsys: pytest.CaptureFixture[str]):
    for page, call in pages_with("realtime-style"):
        code = exit_code(call)
        words = capsys.readouterr().err.strip().splitlines()
        assert code == 0, (
            f"{page.name}: realtime-style {shlex.join(call)}: {words[-1] if words else ''}"
        )


def exit_code(call: list[str]) -> int | str | None:
    """What the parser would end with: 0 for a good line, --help and --version."""
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
RUNNABLE = [
    pytest.param(block, id=f"{block.page.stem}-{n}")
    for n, block in enumerate(PYTHON)
    if "runnable" in block.language
]


def test_every_python_block_compiles_and_imports_only_what_exists():
    import realtime_style

    for block in PYTHON:
        compile(block.text, str(block.page), "exec")
        for names in re.findall(r"^from realtime_style import ([\w, ]+)", block.text, re.MULTILINE):
            assert {name.strip() for name in names.split(",")} <= set(realtime_style.__all__), (
                block.text
            )


def run_as_newcomer(arguments: list[str], folder: Path) -> None:
    """Run Python with `arguments` where there are a clip.mp4, a photo.jpg and a folder photos/; it has to end with 0."""
    import cv2
    import numpy as np

    (folder / "clip.mp4").write_bytes(
        (ROOT / "demos" / "media" / "big-buck-bunny.mp4").read_bytes()
    )
    (folder / "demos").mkdir()
    (folder / "demos" / "kiosk.toml").write_bytes((ROOT / "demos" / "kiosk.toml").read_bytes())
    (folder / "photos").mkdir()
    for path in (folder / "photo.jpg", folder / "photos" / "a.jpg"):
        cv2.imwrite(str(path), np.full((60, 80, 3), 90, np.uint8))
    if "--virtual-camera" in arguments:  # its driver is stood in for
        driver = "import pyvirtualcam\nfrom realtime_style.testing.virtual_camera import FakeVirtualCamera as fake\n"
        (folder / "sitecustomize.py").write_text(
            driver + 'pyvirtualcam.register_backend("fake", fake)\n'
        )
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(folder)]),
            "REALTIME_STYLE_HOME": str(folder / "own"),
            "SDL_VIDEODRIVER": "dummy",
        },
        input="4711\n",  # for what asks, which without a terminal of its own it does here
        start_new_session=True,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("block", RUNNABLE)
def test_python_block_marked_runnable_runs(block: Block, tmp_path: Path):
    """A block opened by ```python runnable runs in a folder that has the demo clip as clip.mp4 and a photo.jpg."""
    run_as_newcomer(["-c", block.text], tmp_path)


def readme_calls() -> list[list[str]]:
    """The README's calls, but for training and what needs a file that training or the workshop makes: tested with those."""
    made = ("mine.onnx", "johnson.onnx")
    return [
        call
        for call in commands(README, "realtime-style")
        if call[0] not in ("train", "doctor")
        and not any(file in word for word in call for file in made)
    ]


@pytest.mark.parametrize("call", readme_calls(), ids=shlex.join)
def test_readme_command_runs(call: list[str], tmp_path: Path):
    """Each in a folder with what a newcomer would have: a clip, a photograph, a folder of photographs.

    The camera is the clip and there is no window, as machines that test have neither; everything else is as written.
    """
    if call[0] == "webcam":
        call = [*call, "--camera", "clip.mp4", "--no-window", "--seconds", "0.5"]
    if call[0] == "kiosk" and "--secrets" not in call:
        call = [*call, "--camera", "clip.mp4", "--seconds", "2"]
    run_as_newcomer(["-m", "realtime_style", *call], tmp_path)


class TestTheReader:
    """The reader above finds what it is meant to find; without this a wrong pattern would pass everything."""

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
