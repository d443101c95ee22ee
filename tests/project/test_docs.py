"""The documents are true: paths exist, indexes are complete, tables match the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import realtime_style
from realtime_style.webcam.controls import KEYS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "realtime_style"
DOCS = ROOT / "docs"
ARCHITECTURE = (DOCS / "architecture.md").read_text(encoding="utf-8")
RECORDS = sorted(path for path in (DOCS / "adr").glob("*.md") if path.name != "README.md")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"`([\w./-]+(?:/|\.py|\.toml|\.md))`")


def rows(text: str) -> list[list[str]]:
    """Cells of all table rows, without the line under the head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if set("".join(row)) - set("-: ")]


def test_every_path_in_the_architecture_exists():
    named = PATH.findall(FENCE.sub("", ARCHITECTURE))
    assert len(named) > 20
    missing = [
        path for path in named if not any((base / path).exists() for base in (PACKAGE, ROOT))
    ]
    assert not missing


def test_architecture_names_every_folder_of_the_package():
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders <= {path.removesuffix("/") for path in PATH.findall(ARCHITECTURE)}


def test_index_of_decisions_is_complete():
    entries = {row[0]: row[1] for row in rows((DOCS / "adr" / "README.md").read_text("utf-8"))[1:]}
    for record in RECORDS:
        number, title = record.read_text(encoding="utf-8").splitlines()[0][2:].split(": ", 1)
        assert record.name.startswith(f"{number}-")
        assert entries.pop(f"[{number}]({record.name})") == title
    assert not entries


def test_decisions_are_numbered_without_gaps():
    numbers = [int(record.name[:4]) for record in RECORDS]
    assert numbers == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_decision_has_all_its_parts_and_fits_a_page(record: Path):
    text = record.read_text(encoding="utf-8")
    prose = [line for line in text.splitlines() if not line.startswith("|")]
    assert len(prose) <= 40
    assert re.search(r"^- Status: \w", text, re.MULTILINE)
    assert re.search(r"^- Date: 20\d\d-\d\d-\d\d", text, re.MULTILINE)
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences"]


def test_decisions_that_supersede_others_exist():
    numbers = {record.name[:4] for record in RECORDS}
    for record in RECORDS:
        status = re.findall(r"^- Status: .*$", record.read_text("utf-8"), re.MULTILINE)[0]
        assert set(re.findall(r"\b\d{4}\b", status)) <= numbers, record.name


def test_every_public_name_is_on_the_api_page():
    words = set(re.findall(r"\w+", (DOCS / "api.md").read_text(encoding="utf-8")))
    assert set(realtime_style.__all__) <= words


def test_readme_shows_the_keys_of_the_live_window():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = text.partition("| key | |\n")[2].partition("\n\n")[0]
    assert rows(table) == [[key.shown, key.words] for key in KEYS]


def test_documents_that_code_and_settings_name_exist():
    files = [
        path
        for folder in ("realtime_style", "export", "benchmarks", "demos", "tests")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".toml")
    ]
    named = {
        (path.name, document)
        for path in files
        for document in re.findall(r"\bdocs/[\w/.-]+\.md\b", path.read_text(encoding="utf-8"))
    }
    assert named
    assert not [entry for entry in named if not (ROOT / entry[1]).is_file()]


@pytest.mark.parametrize(
    ("page", "most"),
    [("docs/architecture.md", 110), ("docs/research.md", 250), ("CONTRIBUTING.md", 60)],
)
def test_document_stays_short(page: str, most: int):
    assert len((ROOT / page).read_text(encoding="utf-8").splitlines()) <= most
