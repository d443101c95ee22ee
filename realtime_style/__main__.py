"""``python -m realtime_style``."""

import sys

from realtime_style.cli import main

sys.exit(main())
