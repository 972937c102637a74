"""Decides the command lines of etcd and etcdctl."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from etcdobs.testing._binary import EtcdNotFoundError, etcd_version, find_etcd, find_etcdctl
from etcdobs.testing._tls import Certificates

TLSMode = Literal["server", "mutual"]

# etcd 3.6 took these out of experiment: until then their names began with --experimental-, and 3.7 knows that no more.
_SETTLED_IN_3_6 = {
    "--bootstrap-defrag-threshold-megabytes",
    "--compact-hash-check-time",
    "--compaction-batch-limit",
    "--compaction-sleep-interval",
    "--corrupt-check-time",
    "--distributed-tracing-address",
    "--distributed-tracing-instance-id",
    "--distributed-tracing-sampling-rate",
    "--distributed-tracing-service-name",
    "--downgrade-check-time",
    "--enable-distributed-tracing",
    "--memory-mlock",
    "--peer-skip-client-san-verification",
    "--warning-apply-duration",
    "--warning-unary-request-duration",
    "--watch-progress-notify-interval",
}


@dataclass(frozen=True)
class Options:
    """What all members of a cluster have in common."""

    tls: TLSMode | None = None
    certificates: Certificates | None = None
    root_password: str | None = None
    flags: Sequence[str] = ()
    unsafe_no_fsync: bool = True

    def etcd_flags(self, served: Certificates | None) -> list[str]:
        """For a server that serves with these certificates; the caller's flags last, because the last one wins."""
        flags = ["--logger=zap"]  # as 3.5 and later do unasked: one form of log for all
        if self.unsafe_no_fsync:
            flags.append("--unsafe-no-fsync")
        if served is not None:
            flags += [f"--cert-file={served.server_cert}", f"--key-file={served.server_key}"]
        if served is not None and self.tls == "mutual":
            flags += ["--client-cert-auth", f"--trusted-ca-file={served.ca}"]
        return [*flags, *map(_spelled, self.flags)]

    def etcdctl_flags(self, served: Certificates | None) -> list[str]:
        """For a client of such a server."""
        flags = [] if self.root_password is None else [f"--user=root:{self.root_password}"]
        if served is not None:
            flags += [f"--cacert={served.ca}", f"--cert={served.client_cert}", f"--key={served.client_key}"]
        return flags


def _spelled(flag: str) -> str:
    """The flag by the name that the etcd in use knows it by."""
    if flag.partition("=")[0] not in _SETTLED_IN_3_6 or etcd_version(find_etcd()) >= (3, 6):
        return flag
    return f"--experimental-{flag.removeprefix('--')}"


def run_etcdctl(args: Sequence[str], timeout: float) -> str:
    """What the etcdctl beside the etcd binary prints. Raises RuntimeError with what it wrote when it fails."""
    binary = find_etcdctl(find_etcd())
    if binary is None:
        raise EtcdNotFoundError(f"no etcdctl beside {find_etcd()}")
    # Its own variables would make it fail beside the flags of the same name.
    ours = {name: value for name, value in os.environ.items() if not name.startswith("ETCDCTL_")}
    ran = subprocess.run(
        [str(binary), *args],
        env={**ours, "ETCDCTL_API": "3"},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if ran.returncode != 0:
        raise RuntimeError(f"etcdctl: {ran.stderr.strip() or ran.stdout.strip()}")
    return ran.stdout
