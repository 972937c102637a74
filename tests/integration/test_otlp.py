"""Spans of a program that calls `setup_otlp`: they arrive, those of earlier clients too; and what it refuses."""

import subprocess
import sys

import pytest

from etcdobs.testing import Etcd
from tests.otlp_receiver import receiver

PROGRAM = """
import logging, sys
import etcdobs
from etcdobs.otlp import setup_otlp

endpoint, collector = sys.argv[1:]
with etcdobs.Client(endpoint) as client:
    client.get("before")
    provider = setup_otlp("a-service", endpoint=f"http://{collector}", insecure=True)
    client.get("after")
    try:
        setup_otlp()
    except RuntimeError as error:
        print(error)
provider.shutdown()
"""


def ran(program: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_spans_arrive_of_a_client_made_before_the_sdk_was_set_up(etcd_server: Etcd) -> None:
    with receiver() as listening:
        said = ran(PROGRAM, etcd_server.endpoint, listening.address)
        (span,) = listening.spans
    assert (span.service, span.name) == ("a-service", "etcdserverpb.KV/Range")
    assert "already (TracerProvider)" in said


def test_without_the_extra_it_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    from etcdobs.otlp import setup_otlp

    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.grpc.trace_exporter", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'etcdobs\[otlp\]'"):
        setup_otlp()
