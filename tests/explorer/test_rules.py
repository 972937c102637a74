"""The explorer's rules of architecture, held by its source: who may import what, and who may draw."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import etcdobs_explorer

ROOT = Path(etcdobs_explorer.__file__).parent
FILES = [path for path in sorted(ROOT.rglob("*.py")) if not path.relative_to(ROOT).parts[0].startswith("demo")]
TUI = [path for path in FILES if path.is_relative_to(ROOT / "tui")]
MODEL = [path for path in FILES if path.is_relative_to(ROOT / "model")]
# Textual's own ways to put text on the screen: each takes a str, and several parse it as markup.
DRAWING = {
    "Static", "Label", "Text", "Content", "Digits", "Markdown", "Tree", "DataTable", "OptionList", "ListView", "Log",
    "RichLog", "TextArea", "Button", "Checkbox", "Collapsible", "Placeholder", "Pretty",
}  # fmt: skip


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=name) | ast.Attribute(attr=name):
                    yield name, node


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_bytes_become_text_in_one_place_only() -> None:
    decoding = {place(path) for path in FILES for name, _ in calls(path) if name in ("decode", "str_from_bytes")}
    # value.decode() reads formats; its own bytes.decode() only asks whether a value is UTF-8. A data frame is data.
    assert decoding <= {"model/text.py", "model/value.py", "model/diff.py", "notebook/frames.py"}


@pytest.mark.parametrize("path", [path for path in FILES if path.name != "value.py"], ids=place)
def test_nothing_else_turns_bytes_into_text(path: Path) -> None:
    for name, call in calls(path):
        assert not (name == "str" and len(call.args) > 1), f"str(bytes, encoding) at line {call.lineno}"
        assert name not in ("fsdecode", "unhexlify", "b64decode"), f"{name} at line {call.lineno}"


@pytest.mark.parametrize("path", TUI, ids=place)
def test_no_widget_draws_text_by_itself(path: Path) -> None:
    made = {name for name, _ in calls(path)}
    # Content(text) draws a str as it is, and is what keeps the palette from parsing it; what it is given is inert.
    assert not made & (DRAWING - ({"Content"} if path.name == "offered.py" else set()))
    assert "Segment" not in made or path.name == "strips.py"


@pytest.mark.parametrize("path", TUI, ids=place)
def test_notifications_are_inert_and_no_markup(path: Path) -> None:
    for name, call in calls(path):
        if name == "notify":
            keywords = {keyword.arg: keyword.value for keyword in call.keywords}
            assert isinstance(keywords["markup"], ast.Constant)
            assert keywords["markup"].value is False
            assert "inert" in ast.unparse(call.args[0])


@pytest.mark.parametrize("path", TUI, ids=place)
def test_the_interface_never_meets_the_client(path: Path) -> None:
    found = [name for name in imports(path) if name.split(".")[0] in ("etcdobs", "grpc", "prometheus_client")]
    assert found == []
    assert "etcdobs_explorer.gateway" not in set(imports(path))


@pytest.mark.parametrize("path", MODEL, ids=place)
def test_the_model_knows_no_interface_and_no_client(path: Path) -> None:
    foreign = {"textual", "rich", "IPython", "etcdobs", "grpc"}
    assert not {name.split(".")[0] for name in imports(path)} & foreign


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("etcdobs_explorer.feeds", ("textual", "rich", "grpc", "etcdobs", "IPython")),
        ("etcdobs_explorer.report", ("textual", "rich", "grpc", "IPython")),
        ("etcdobs_explorer.cli", ("textual", "grpc", "etcdobs", "IPython")),
        ("etcdobs_explorer.tui.app", ("grpc", "etcdobs", "IPython")),
        ("etcdobs", ("textual", "IPython", "etcdobs_explorer")),
    ],
)
def test_what_an_import_brings(module: str, absent: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*[name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
