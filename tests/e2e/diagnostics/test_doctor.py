"""What `doctor` imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from realtime_style.diagnostics import doctor


def test_torch_is_not_loaded_to_learn_its_version(own_home: Path):
    code = "import sys; from realtime_style.diagnostics.doctor import examine; examine(); sys.exit('torch' in sys.modules)"
    root = Path(doctor.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
