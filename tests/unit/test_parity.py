"""What docs/parity.md says is so: its names are there in both clients, its tests exist, no error is left out."""

import ast
import asyncio
import importlib
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import etcdobs
from etcdobs import AsyncClient, Client
from tests import ran

ROOT = Path(__file__).resolve().parents[2]
PAGE = ran.PAGE.read_text()
NAMES, TESTS, DEFECTS, ERRORS = (section.split("\n## ")[0] for section in PAGE.split("\n## ")[1:5])
SPANS = re.compile(r"`([^`]+)`")


def rows(section: str) -> list[list[str]]:
    """The cells of each row of its tables, less the headings and the lines below them."""
    lines = [line.removeprefix("|").removesuffix("|") for line in section.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.split("|")] for line in lines]
    return [row for row in cells if not set("".join(row)) <= set("-| ") and row[-1] != "Proved by"]


OURS = sorted({name for row in rows(NAMES) if not row[1].startswith("none") for name in SPANS.findall(row[1])})


@pytest.fixture(scope="module")
def roots() -> Iterator[dict[str, Any]]:
    """What names begin with; the clients connect to nothing."""
    client, aio = Client("127.0.0.1:1"), AsyncClient("127.0.0.1:1")
    yield {"Client": client, "AsyncClient": aio}
    client.close()
    asyncio.run(aio.close())


def resolved(name: str, roots: dict[str, Any]) -> Any:
    """The object of a dotted name that starts with something at the top of the package, or with a module of it."""
    first, *rest = name.split(".")
    found = roots.get(first) or getattr(etcdobs, first, None) or importlib.import_module(f"etcdobs.{first}")
    for part in rest:
        found = getattr(found, part)
    return found


def twins(name: str) -> list[str]:
    """The name, and that of its twin in asyncio where there is one."""
    parts = name.split(".")
    place = next(index for index, part in enumerate(parts) if part[0].isupper() or index == len(parts) - 1)
    home = etcdobs if place == 0 else importlib.import_module(f"etcdobs.{parts[0]}")
    twin = f"Async{parts[place]}"
    return [name, ".".join([*parts[:place], twin, *parts[place + 1 :]])] if hasattr(home, twin) else [name]


@pytest.mark.parametrize("name", OURS)
def test_a_name_is_there_in_both_clients(name: str, roots: dict[str, Any]) -> None:
    path, _, parameter = name.partition("(")
    for twin in twins(path):
        found = resolved(twin, roots)
        if parameter:
            called = type(found) if found in roots.values() else found
            assert parameter.removesuffix("=)") in inspect.signature(called).parameters, twin


@pytest.mark.parametrize("test", ran.named(PAGE))
def test_a_test_that_is_named_exists(test: str) -> None:
    path, *names = test.split("::")
    body: list[ast.stmt] = ast.parse((ROOT / "tests" / path).read_text()).body
    for name in names:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        found = [each for each in body if isinstance(each, kinds) and each.name == name]
        assert found, f"{test} is not there any more: docs/parity.md is to name another"
        body = found[0].body


@pytest.mark.parametrize("section", [NAMES, TESTS, DEFECTS, ERRORS], ids=["names", "tests", "defects", "errors"])
def test_every_row_is_proved_or_says_why_not(section: str) -> None:
    for row in rows(section):
        assert ran.named(row[-1]) or any(cell.startswith("none: ") for cell in row), row


def test_every_test_of_etcd_to_follow_is_followed() -> None:
    followed = [row for row in rows(TESTS) if row[1] in ("★", "☆")]
    assert sum(len(SPANS.findall(row[0])) for row in followed) >= 150
    for row in followed:
        assert ran.named(row[-1]), row


def test_every_error_of_etcd_has_its_row() -> None:
    facts = json.loads((ROOT / "protos" / "etcd-wire.json").read_text())["rpc_errors"]
    told = {SPANS.findall(row[0])[0]: SPANS.findall(row[1])[0] for row in rows(ERRORS)}
    assert set(told) == {fact["grpc_name"] for fact in facts}
    for fact in facts:
        assert getattr(etcdobs, told[fact["grpc_name"]]).message == fact["message"]


# ---- whether they ran


def test_a_page_names_each_test_once() -> None:
    page = "`integration/test_kv.py::test_count` `unit/test_x.py::TestIt::test_y` `integration/test_kv.py::test_count`"
    assert ran.named(page) == ["integration/test_kv.py::test_count", "unit/test_x.py::TestIt::test_y"]


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        ({"a": {"sync", "aio"}, "b": {""}}, []),
        ({"a": {"sync", "aio", "True"}}, ["b"]),
        ({"a": {"aio"}, "b": {""}}, ["a on sync"]),
        ({}, ["a", "b"]),
    ],
)
def test_what_did_not_run_on_both_clients_is_told(passed: dict[str, set[str]], said: list[str]) -> None:
    assert ran.missing(["a", "b"], passed) == said
