"""The table of engines in fresh processes: what it imports, and a new engine in one file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

NEW_ENGINE = '''
"""``chip``: a made-up chip that paints with the processor."""

from realtime_style.engines.devices import cpu
from realtime_style.engines.spec import EngineSpec


def _open(path, threads):
    engine = cpu.ENGINE.open(path, threads)
    engine.provider = "Chip"
    return engine


ENGINE = EngineSpec(
    name="chip",
    help="made-up chip",
    unavailable=lambda: None,
    remedy="buy one",
    opener=_open,
    auto_rank=0,
)
'''

ADD_FOLDER = """
import sys
from realtime_style.engines import devices
devices.__path__.append(sys.argv[1])
"""

USE_EVERYWHERE = """
import contextlib, io, json, pathlib
from realtime_style.cli import main
from realtime_style.diagnostics.bench import parse_entry
from realtime_style.diagnostics.doctor import examine
from realtime_style.engines.table import open_engine
from realtime_style.kiosk.config.loader import load_settings

help_text = io.StringIO()
with contextlib.redirect_stdout(help_text), contextlib.suppress(SystemExit):
    main(["image", "--help"])
found = {finding.device: finding.provider for finding in examine().devices}
print(json.dumps({
    "help": "chip: made-up chip" in " ".join(help_text.getvalue().split()),
    "doctor": found["chip"],
    "bench": parse_entry("starry-night@chip").device,
    "kiosk": load_settings(pathlib.Path(sys.argv[5])).painting.device,
    "auto": open_engine(pathlib.Path(sys.argv[2]))[0].provider,
    "image": main([
        "image", "--style", sys.argv[2], "--device", "chip", sys.argv[3], sys.argv[4]
    ]),
}))
"""


def test_one_new_file_is_an_engine_everywhere(tmp_path: Path, tiny_style: Path) -> None:
    import cv2
    import numpy as np

    folder, photo, kiosk = tmp_path / "more", tmp_path / "photo.png", tmp_path / "kiosk.toml"
    folder.mkdir()
    (folder / "chip.py").write_text(NEW_ENGINE, encoding="utf-8")
    cv2.imwrite(str(photo), np.full((16, 16, 3), 55, np.uint8))
    kiosk.write_text('painting = { device = "chip" }', encoding="utf-8")
    paths = folder, tiny_style, photo, tmp_path / "painted.png", kiosk
    arguments = [str(path) for path in paths]
    done = subprocess.run(
        [sys.executable, "-c", ADD_FOLDER + USE_EVERYWHERE, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "help": True,
        "doctor": "Chip",
        "bench": "chip",
        "kiosk": "chip",
        "auto": "Chip",
        "image": 0,
    }
    assert np.all(cv2.imread(str(tmp_path / "painted.png")) == 200)


def test_names_of_engines_import_nothing_heavy() -> None:
    code = (
        "import sys; from realtime_style.engines.table import DEVICES, device_help; device_help();"
        "print(*DEVICES); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    devices, modules = (line.split() for line in done.stdout.splitlines())
    assert "cuda" in devices
    loaded = {name.partition(".")[0] for name in modules}
    assert not loaded & {"numpy", "cv2", "onnxruntime", "openvino", "google", "torch"}
    assert "importlib.metadata" not in modules  # 30 ms


def test_opening_an_engine_imports_no_torch(tiny_style: Path) -> None:
    code = (
        "import sys, pathlib; from realtime_style.engines.table import open_engine;"
        "open_engine(pathlib.Path(sys.argv[1])); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tiny_style)], check=False)
    assert done.returncode == 0
