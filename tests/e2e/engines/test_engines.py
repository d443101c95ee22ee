"""What opening an engine imports."""

from __future__ import annotations

import sys
from pathlib import Path

from realtime_style.styles.catalog import PACK


def test_opening_an_engine_imports_no_torch(tiny_style: Path):
    import subprocess

    code = (
        "import sys, pathlib; from realtime_style.engines.table import open_engine; open_engine(pathlib.Path(sys.argv[1]));"
        "sys.exit('torch' in sys.modules)"
    )
    assert (
        subprocess.run(
            [sys.executable, "-c", code, str(tiny_style)], cwd=PACK.parents[1], check=False
        ).returncode
        == 0
    )
