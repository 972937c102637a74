"""Decides what one run of the interface is given: the contexts it can go to, how, and where it may write for itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .contexts import ENV, Config, Context
from .gateway import Gateway

Connect = Callable[[Context, str | None], Gateway]
"""Opens the gateway of a context with a password. OSError, TypeError or ValueError say why it cannot."""


Read = Callable[[], Config]
"""Reads the configuration as it is by now. ValueError says what is wrong with the variables beside it."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a run is given. `connect` is None where the run cannot go elsewhere, `read` where the configuration is
    not to be read again; `memory` is the directory of what is
    remembered, `log` the file where failures are written, None for nowhere; `metrics_url` is where this process serves
    its metrics, "" for nowhere."""

    config: Config = field(default_factory=lambda: Config({ENV: Context(ENV)}))
    connect: Connect | None = None
    memory: Path | None = None
    log: Path | None = None
    theme: str = ""
    metrics_url: str = ""
    read: Read | None = None
