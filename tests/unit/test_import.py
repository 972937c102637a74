"""What `import etcdobs` loads, and what it offers."""

import subprocess
import sys
from pathlib import Path

import pytest

import etcdobs

ABSENT = ["textual", "rich", "IPython", "yaml", "opentelemetry.sdk", "etcdobs_explorer", "cryptography", "dns"]


def loaded_after(statement: str) -> set[str]:
    script = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("statement", ["import etcdobs", "import etcdobs; etcdobs.Client().close()"])
def test_loads_neither_the_explorer_nor_what_only_it_needs(statement: str) -> None:
    loaded = loaded_after(statement)
    assert [name for name in ABSENT if name in loaded] == []


def test_telemetry_is_loaded_with_the_first_client_only() -> None:
    assert not {"prometheus_client", "opentelemetry.trace"} & loaded_after("import etcdobs")
    assert {"prometheus_client", "opentelemetry.trace"} <= loaded_after("import etcdobs; etcdobs.Client().close()")


def test_all_names_every_public_name() -> None:
    listed = list(etcdobs.__all__)
    assert len(set(listed)) == len(listed)
    assert all(hasattr(etcdobs, name) for name in listed)
    modules = {path.stem for path in Path(str(etcdobs.__file__)).parent.iterdir()}
    public = {name for name in vars(etcdobs) if not name.startswith("_")} - modules
    assert public == set(listed) - {"__version__"}


@pytest.mark.parametrize(
    "name",
    [
        "AsyncClient",
        "Client",
        "ClientMetrics",
        "Compare",
        "Delete",
        "EtcdError",
        "EventType",
        "Get",
        "Keys",
        "Put",
        "RetryPolicy",
        "TLS",
        "Txn",
        "serve_metrics",
    ],
)
def test_what_is_promised_is_at_the_top(name: str) -> None:
    assert name in etcdobs.__all__


def test_both_clients_have_the_same_methods_with_the_same_parameters() -> None:
    import inspect

    pairs = [
        (etcdobs.Client, etcdobs.AsyncClient),
        (etcdobs.LeaseClient, etcdobs.AsyncLeaseClient),
        (etcdobs.ClusterClient, etcdobs.AsyncClusterClient),
        (etcdobs.MaintenanceClient, etcdobs.AsyncMaintenanceClient),
        (etcdobs.TxnBuilder, etcdobs.AsyncTxnBuilder),
        (etcdobs.Lease, etcdobs.AsyncLease),
        (etcdobs.Watcher, etcdobs.AsyncWatcher),
        (etcdobs.Heartbeat, etcdobs.AsyncHeartbeat),
    ]
    for blocking, awaiting in pairs:
        public = {name for name in dir(blocking) if not name.startswith("_")}
        assert public == {name for name in dir(awaiting) if not name.startswith("_")}
        for name in public:
            one, other = getattr(blocking, name), getattr(awaiting, name)
            if callable(one):
                assert inspect.signature(one).parameters.keys() == inspect.signature(other).parameters.keys()
                assert inspect.getdoc(one), f"{blocking.__name__}.{name} has no docstring"
