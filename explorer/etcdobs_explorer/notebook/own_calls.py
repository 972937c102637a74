"""Decides which data frame this process's calls become."""

from importlib.util import find_spec
from typing import Any

from .extension import loaded
from .frames import FrameError
from .limits import Limits
from .results.calls import Calls
from .telemetry import Telemetry


def frame(by: str) -> Any:
    """One row a method, or a member."""
    extension = loaded()
    telemetry = extension.magic.telemetry if extension else Telemetry()
    calls = Calls(telemetry.read(), Limits())
    if find_spec("pandas"):
        return calls.to_pandas(by=by)
    if find_spec("polars"):
        return calls.to_polars(by=by)
    raise FrameError("client_metrics_frame needs pandas or polars: pip install pandas")
