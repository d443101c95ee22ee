"""The code blocks and commands of the project's pages."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

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
    """Calls of `program` in the code blocks of a page, as lists of words without the program.

    Understands prompts, comments, continued lines, environment variables in front, pipes,
    redirections and several commands in a line. Skips other languages (python, toml, json).
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
    """Commands of a shell line, cut at ; | & and redirections, without variables in front."""
    calls: list[list[str]] = [[]]
    for word in words:
        if word and set(word) <= set(";|&()<>"):
            calls.append([])
        elif calls[-1] or not re.fullmatch(r"[A-Za-z_]\w*=.*", word):
            calls[-1].append(word)
    return [[Path(call[0]).name, *call[1:]] for call in calls if call]


def pages_with(program: str) -> list[tuple[Path, list[str]]]:
    return [(page, call) for page in PAGES for call in commands(page, program)]
