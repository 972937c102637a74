"""Everything that is public says what it does, and says its types."""

import inspect
import types
from collections.abc import Iterator
from typing import Any

import pytest

import etcdobs
from etcdobs import interceptors, observe, recipes, testing

MODULES: tuple[types.ModuleType, ...] = (etcdobs, recipes, observe, interceptors, testing)


def public() -> Iterator[tuple[str, Any]]:
    """Every public class and function, and every public method and property of the classes, by full name."""
    for module in MODULES:
        for name in module.__all__:
            found = getattr(module, name)
            if inspect.isclass(found) or inspect.isroutine(found):
                yield f"{module.__name__}.{name}", found
            if inspect.isclass(found):
                yield from ((f"{module.__name__}.{name}.{own}", value) for own, value in own_members(found))


def own_members(kind: type) -> Iterator[tuple[str, Any]]:
    for name, held in vars(kind).items():
        value = held.__func__ if isinstance(held, (classmethod, staticmethod)) else held
        if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
            yield name, value


PUBLIC = dict(public())


def test_there_is_much_to_document() -> None:
    assert len(PUBLIC) > 300


@pytest.mark.parametrize("name", PUBLIC)
def test_it_says_what_it_does(name: str) -> None:
    found = PUBLIC[name]
    words = inspect.getdoc(found)
    if words is None and (owner := PUBLIC.get(name.rpartition(".")[0])) is not None:
        words = inspect.getdoc(getattr(owner, name.rpartition(".")[2]))
    assert words, f"{name} has no docstring"
    assert not words.startswith(f"{name.rpartition('.')[2]}("), f"{name} has the docstring that dataclass gave it"


FUNCTIONS = [name for name, found in PUBLIC.items() if inspect.isfunction(found)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_says_its_types(name: str) -> None:
    signature = inspect.signature(PUBLIC[name])
    assert signature.return_annotation is not signature.empty, name
    for parameter in signature.parameters.values():
        if parameter.name not in ("self", "cls"):
            assert parameter.annotation is not parameter.empty, f"{name}: {parameter.name}"
