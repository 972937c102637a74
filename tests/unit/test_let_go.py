"""A client that is let go is freed at once, and its connections with it: it is in no cycle with itself."""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from etcdobs import TLS, AsyncClient, Client


@pytest.fixture(params=["plain", "tls", "files", "unverified"])
def tls(request: pytest.FixtureRequest, tmp_path: Path) -> TLS | None:
    if request.param == "files":
        ca = tmp_path / "ca.pem"
        ca.write_text("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n")
        return TLS(ca=ca)
    return {"plain": None, "tls": TLS(), "unverified": TLS(verify=False)}[request.param]


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_its_driver_goes_with_it(kind: type[Client | AsyncClient], tls: TLS | None) -> None:
    client = kind("localhost:1", tls=tls, metrics=None)
    driver = weakref.ref(client._driver)
    del client
    assert driver() is None
