"""`python -m etcdobs_explorer` is `etcdobs-explorer`."""

import sys

from .cli import main

sys.exit(main())
