"""``python -m mma``: the command line where ``mma`` is not on the path."""

import sys

from .cli import main

sys.exit(main())
