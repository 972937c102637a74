"""`python -m etcdobs_explorer.demo` is `make demo`; it ends with the explorer's exit code."""

import os
import sys
import traceback
from contextlib import suppress

# gRPC reads this when it is imported, and its log would write over the screen.
os.environ["GRPC_VERBOSITY"] = "NONE"

from .show import main


def _exit_code() -> int:
    try:
        return main()
    except Exception:  # noqa: BLE001 - told as Python would tell it
        with suppress(OSError):
            traceback.print_exc()
        return 1


code = _exit_code()
with suppress(OSError):
    sys.stdout.flush()
# All is cleaned up. An orderly end would wait for Textual's input thread, which outlives a terminal that was closed.
os._exit(code)
