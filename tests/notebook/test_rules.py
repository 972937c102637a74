"""The notebook's rules of architecture, held by its source: one place escapes, and the library's types hold no HTML."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import etcdobs
import etcdobs_explorer.notebook
from etcdobs_explorer.notebook.formatters import DRAWN

ROOT = Path(etcdobs_explorer.notebook.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield name


def imports(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.module or "", alias.name) for alias in node.names)


@pytest.mark.parametrize("path", [path for path in FILES if path.name != "html.py"], ids=place)
def test_markup_is_made_in_one_place(path: Path) -> None:
    assert not {"Html", "escape", "HTML", "Markdown"} & set(calls(path))
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and path.name not in ("widget.py", "help.py"):
            assert "</" not in node.value, f"markup at line {node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=place)
def test_only_public_names_of_the_library_are_used(path: Path) -> None:
    for module, name in imports(path):
        if module.split(".")[0] == "etcdobs":
            assert module == "etcdobs", f"{module}.{name}"
            assert name in etcdobs.__all__


@pytest.mark.parametrize("path", FILES, ids=place)
def test_nothing_prints_but_a_terminal(path: Path) -> None:
    assert "print" not in set(calls(path)) or place(path) == "following/screens.py"


def test_the_library_s_types_hold_no_html() -> None:
    for kind in DRAWN:
        assert kind.__module__.startswith("etcdobs.")
        assert not [name for name in dir(kind) if name.startswith("_repr_")]


def test_every_file_says_what_it_decides_or_waits_for() -> None:
    for path in FILES:
        said = ast.get_docstring(ast.parse(path.read_text())) or ""
        assert said.startswith(("Decides", "Waits", "The only place")) or path == ROOT / "__init__.py", place(path)
        assert len(path.read_text().split("\n")) < 300, place(path)
