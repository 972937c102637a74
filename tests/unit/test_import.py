"""What `import etcdobs` loads, and what it offers."""

import inspect
import pkgutil
import subprocess
import sys

import pytest

import etcdobs
import etcdobs.observe
import etcdobs.recipes

ABSENT = ["textual", "rich", "IPython", "yaml", "opentelemetry.sdk", "etcdobs_explorer", "cryptography", "dns"]
TELEMETRY = {"prometheus_client", "opentelemetry", "opentelemetry.trace"}


def said(program: str) -> list[str]:
    """What the program prints, in words."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.split()


def loaded_after(statement: str) -> set[str]:
    return set(said(f"import sys\n{statement}\nprint(*sys.modules)"))


def of_the_library(loaded: set[str]) -> set[str]:
    return {name for name in loaded if name.partition(".")[0] == "etcdobs"}


@pytest.mark.parametrize("statement", ["import etcdobs", "import etcdobs; etcdobs.Client().close()"])
def test_loads_neither_the_explorer_nor_what_only_it_needs(statement: str) -> None:
    loaded = loaded_after(statement)
    assert [name for name in ABSENT if name in loaded] == []


def test_importing_the_library_loads_next_to_nothing() -> None:
    loaded = loaded_after("import etcdobs")
    assert not {"asyncio", "dataclasses", "google.protobuf", "grpc", *TELEMETRY} & loaded
    assert of_the_library(loaded) == {"etcdobs", "etcdobs._lazy"}


@pytest.mark.parametrize(
    "statement", ["from etcdobs import Client", "from etcdobs import AsyncClient", "import etcdobs.aio"]
)
def test_importing_a_client_loads_no_more_recipes_than_it_has_methods_for(statement: str) -> None:
    loaded = loaded_after(statement)
    assert not TELEMETRY & loaded
    recipes = {name.removeprefix("etcdobs.recipes.") for name in loaded if name.startswith("etcdobs.recipes.")}
    assert {name for name in recipes if not name.startswith("_")} == {
        "batched",
        "election",
        "errors",
        "lock",
        "session",
        "stm",
    }
    assert not {"etcdobs.observe.serve", "etcdobs.testing", "etcdobs.otlp"} & loaded
    assert len(of_the_library(loaded)) < 150


def test_an_error_is_told_without_loading_a_client() -> None:
    loaded = loaded_after("from etcdobs import KeyNotFoundError")
    assert not {"etcdobs.client", "etcdobs.aio", "etcdobs.ops", "etcdobs.types"} & loaded


def test_telemetry_is_loaded_with_the_first_client_only() -> None:
    assert not TELEMETRY & loaded_after("import etcdobs")
    assert {"prometheus_client", "opentelemetry.trace"} <= loaded_after("import etcdobs; etcdobs.Client().close()")


def test_nothing_is_left_to_be_loaded_by_a_call() -> None:
    program = """
import sys
from etcdobs import Client, UnavailableError
with Client("127.0.0.1:1", dial_timeout=0.05, retry=None) as client:
    before = set(sys.modules)
    try:
        client.get("key")
    except UnavailableError:
        print(*(name for name in set(sys.modules) - before if not name.startswith(("encodings", "grpc", "stringprep"))))
"""
    assert said(program) == []


PACKAGES = ["etcdobs", "etcdobs.observe", "etcdobs.recipes"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_is_found_in_a_process_that_has_loaded_nothing_yet(package: str) -> None:
    program = f"""
import {package} as package
promised = set(package.__all__)
unlisted = promised - set(dir(package))
early = {{name for name in promised & set(vars(package)) if name != "__version__"}}
from {package} import *
print(*unlisted, *early, *(name for name in promised if getattr(package, name) is not globals().get(name)))
"""
    assert said(program) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_all_names_every_public_name(package: str) -> None:
    module = sys.modules[package]
    assert len(set(module.__all__)) == len(module.__all__)
    submodules = {info.name for info in pkgutil.iter_modules(module.__path__)}
    public = {name for name in dir(module) if not name.startswith("_")} - submodules
    assert public == {name for name in module.__all__ if not name.startswith("_")}


def test_public_submodules_are_there_without_an_import_of_their_own() -> None:
    public = {info.name for info in pkgutil.iter_modules(etcdobs.__path__) if not info.name.startswith("_")}
    assert public <= set(dir(etcdobs))
    program = f"import etcdobs\nprint(*(getattr(etcdobs, name).__name__ for name in {sorted(public)}))"
    assert said(program) == [f"etcdobs.{name}" for name in sorted(public)]
    assert said("import etcdobs; print(etcdobs.recipes.lock.Lock is etcdobs.recipes.Lock)") == ["True"]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_name_that_it_has_not_is_refused_as_by_any_module(package: str) -> None:
    module = sys.modules[package]
    with pytest.raises(AttributeError, match=rf"^module '{package}' has no attribute 'Clinet'$") as refused:
        module.Clinet  # noqa: B018
    assert (refused.value.name, refused.value.obj) == ("Clinet", module)
    with pytest.raises(ImportError, match="cannot import name 'Clinet'"):
        exec(f"from {package} import Clinet")


def test_threads_that_ask_at_once_get_the_same() -> None:
    program = """
import etcdobs
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
names = [*etcdobs.__all__[:32]]
start = Barrier(len(names))
def ask(name):
    start.wait()
    return getattr(etcdobs, name)
with ThreadPoolExecutor(len(names)) as pool:
    found = list(pool.map(ask, names))
print(*(name for name, value in zip(names, found) if value is not getattr(etcdobs, name)))
"""
    assert said(program) == []


def test_what_is_loaded_late_can_be_pickled() -> None:
    program = """
import pickle, etcdobs
for value in (etcdobs.KeyNotFoundError, etcdobs.Client, etcdobs.Keys.prefix("/a"), etcdobs.recipes.Lock):
    assert pickle.loads(pickle.dumps(value)) == value
print("same")
"""
    assert said(program) == ["same"]


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
