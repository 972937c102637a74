"""`python -m etcdobs_explorer.demo` is `make demo`; it ends with the explorer's exit code."""

import os
import sys

# gRPC reads this when it is imported, and its log would write over the screen.
os.environ["GRPC_VERBOSITY"] = "NONE"

from .show import main

sys.exit(main())
