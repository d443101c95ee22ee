"""doctor in a fresh process."""

from __future__ import annotations

import subprocess
import sys


def test_version_of_torch_is_read_without_importing_it() -> None:
    code = (
        "import sys; from realtime_style.diagnostics.doctor import examine; examine();"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
