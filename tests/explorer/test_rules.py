"""The explorer's rules of architecture, held by its source: who may import what, and who may draw."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import etcdobs_explorer
from tests.explorer import rules

ROOT = Path(etcdobs_explorer.__file__).parent
FILES = [path for path in sorted(ROOT.rglob("*.py")) if not path.relative_to(ROOT).parts[0].startswith("demo")]
TUI = [path for path in FILES if path.is_relative_to(ROOT / "tui")]
MODEL = [path for path in FILES if path.is_relative_to(ROOT / "model")]


def source(path: Path) -> rules.Source:
    return rules.Source(place(path), ast.parse(path.read_text()))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", FILES, ids=place)
def test_nothing_gets_round_the_choke_point(path: Path) -> None:
    found = source(path)
    assert [offence for rule in rules.RULES for offence in rule(found)] == []


CARELESS: dict[str, tuple[rules.Rule, str]] = {
    "decoded": (rules.decoding, "text = entry.value.decode()"),
    "decoded by a function": (rules.decoding, "texts = list(map(bytes.decode, values))"),
    "decoded by codecs": (rules.decoding, "from codecs import decode as read\ntext = read(value, 'utf-8')"),
    "decoded by str": (rules.decoding, "text = str(value, encoding='latin-1')"),
    "decoded by getattr": (rules.decoding, "text = getattr(value, 'decode')()"),
    "decoded as a file": (rules.decoding, "text = io.TextIOWrapper(io.BytesIO(value)).read()"),
    "decoded as a name": (rules.decoding, "name = os.fsdecode(key)"),
    "one by one": (rules.characters, "text = ''.join(map(chr, value))"),
    "a static": (rules.drawing, "from textual.widgets import Static"),
    "a static by another name": (rules.drawing, "from textual.widgets import Static as Line\nyield Line(name)"),
    "a kind of static": (rules.drawing, "from textual.widgets import Label\nclass Name(Label): pass"),
    "a static of a module": (rules.drawing, "from textual import widgets\nyield widgets.Static(name)"),
    "the whole of textual": (rules.drawing, "import textual.widgets as w\nyield w.Static(name)"),
    "a segment": (rules.drawing, "from rich.segment import Segment as Piece\nStrip([Piece(name)])"),
    "rich text": (rules.drawing, "from rich.text import Text"),
    "rich markup": (rules.drawing, "from rich.markup import render"),
    "content": (rules.drawing, "from textual.content import Content\nContent.from_markup(name)"),
    "a renderable": (rules.drawing, "from textual.renderables.text_opacity import TextOpacity"),
    "a line": (rules.typing, "from textual.widgets import Input\nline = Input(value)"),
    "a kind of line": (rules.typing, "class Line(Input):\n    pass"),
    "a str to be rendered": (rules.rendering, "class Name(Widget):\n    def render(self):\n        return self.name"),
    "a title": (rules.captions, "frame.border_title = f'member {name}'"),
    "two titles": (rules.captions, "frame.border_title, frame.border_subtitle = title, 'Esc closes'"),
    "a title of two": (rules.captions, "frame.border_title = 'new' if is_new else name"),
    "a tooltip": (rules.captions, "yield Bar(tooltip=name)"),
    "the clipboard": (rules.leaving, "self.app.copy_to_clipboard(text)"),
    "a notice with markup": (rules.leaving, "self.notify(inert(name).plain)"),
    "a notice that may have markup": (rules.leaving, "Notification(name, markup=is_rich)"),
    "printed": (rules.leaving, "print(name)"),
    "written to the screen": (rules.terminal, "sys.stdout.write(name)"),
    "written by the driver": (rules.terminal, "self.app._driver.write(name)"),
    "written by rich": (rules.terminal, "self.app.console.print(name)"),
    "written by the system": (rules.terminal, "os.write(1, value)"),
    "a program": (rules.running, "asyncio.create_subprocess_exec('less', path)"),
    "a shell": (rules.running, "run(f'less {path}', shell=True)"),
    "a process": (rules.running, "import subprocess"),
}
"""What a careless colleague might write into a widget, and the rule that finds it."""


@pytest.mark.parametrize(("rule", "code"), CARELESS.values(), ids=CARELESS)
def test_careless_code_is_found(rule: rules.Rule, code: str) -> None:
    assert list(rule(rules.Source("tui/widgets/new.py", ast.parse(code))))


def test_what_a_command_says_is_inert() -> None:
    assert list(rules.leaving(rules.Source("commands.py", ast.parse("say(f'{name} is opened')"))))
    assert not list(rules.leaving(rules.Source("commands.py", ast.parse("say(inert(name).plain)"))))


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
