"""Decides what the notebook's tests can ask for: one kernel a module, on the session's server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from etcdobs.testing import Etcd
from tests.notebook.kernel import Kernel, kernel


@pytest.fixture(scope="module")
def notebook(etcd_server: Etcd, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel with the extension loaded; its environment leads to the session's server."""
    with kernel(etcd_server.endpoint, IPYTHONDIR=str(home(tmp_path_factory))) as running:
        yield running


def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile of its own: what the user has configured is not tested."""
    return tmp_path_factory.mktemp("ipython")
