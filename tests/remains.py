"""Tells what an etcd that is over has left behind."""

import os
import socket
from pathlib import Path


def exists(pid: int) -> bool:
    """Whether the process runs; one that ended and that nobody has waited for yet does not."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # it ended this instant, or the system has no /proc
        return not Path("/proc").exists()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def left_behind(pid: int, port: int, directory: Path) -> list[str]:
    remains = {"process": exists(pid), "port": listens(port), "directory": directory.exists()}
    return [what for what, remains_so in remains.items() if remains_so]
