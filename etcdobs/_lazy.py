"""Decides when a package's names are loaded: each with the module that it lives in, when it is first asked for.

What type checkers and editors know of the package, its ordinary imports tell them, under `TYPE_CHECKING`.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module

__all__ = ["homes", "lazily"]


def homes(names_by_module: Mapping[str, str]) -> dict[str, str]:
    """The module of each name, from the names of each module, which blanks separate."""
    return {name: module for module, names in names_by_module.items() for name in names.split()}


def lazily(
    package: str, home: Mapping[str, str], submodules: Iterable[str] = ()
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package: `home` says in which module each name lives.

    Its public submodules, these and the homes among them, are loaded when they are asked for too: `import etcdobs` is
    enough for `etcdobs.recipes.Lock`.
    """
    module = sys.modules[package]
    children = (path.removeprefix(f"{package}.") for path in home.values())
    loadable = {*submodules, *(child for child in children if child.isidentifier() and not child.startswith("_"))}

    def attribute(name: str) -> object:
        if name in loadable:
            return import_module(f"{package}.{name}")
        if name not in home:
            raise AttributeError(f"module {package!r} has no attribute {name!r}", name=name, obj=module)
        value = getattr(import_module(home[name]), name)
        setattr(module, name, value)  # so that it is looked up here once only
        return value

    def names() -> list[str]:
        return sorted({name for name in vars(module) if name.startswith("__")}.union(home, loadable))

    return attribute, names
