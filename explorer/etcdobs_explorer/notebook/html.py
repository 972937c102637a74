"""The only place where text becomes HTML: all of it made inert, then escaped; only what `tag` made is markup."""

from collections.abc import Iterable
from html import escape

from etcdobs_explorer.model.text import inert


class Html(str):
    """Markup. Made by this module alone, so that no other text can pass for it."""

    __slots__ = ()


def text(raw: bytes | str | int, limit: int | None = None) -> Html:
    """What a server or a user wrote, as HTML that shows it and does nothing: at most `limit` characters."""
    source = str(raw) if isinstance(raw, int) else raw
    return Html("".join(_run(run.text, run.escaped) for run in inert(source, limit).runs))


def _run(piece: str, is_escape: bool) -> str:
    safe = escape(piece, quote=True)
    return f'<span class="etcdobs-esc">{safe}</span>' if is_escape else safe


def tag(name: str, *inside: "Html | bytes | str | int | None", **attributes: str | bool) -> Html:
    """An element; what is inside and is no Html is made so by `text`. `class_` is the attribute class."""
    body = "".join(each if isinstance(each, Html) else text(each) for each in inside if each is not None)
    return Html(f"<{name}{_attributes(attributes)}>{body}</{name}>")


def _attributes(attributes: dict[str, str | bool]) -> str:
    given = ((name.rstrip("_").replace("_", "-"), value) for name, value in attributes.items() if value is not False)
    return "".join(f" {name}" if value is True else f' {name}="{_attribute(value)}"' for name, value in given)


def _attribute(value: str | bool) -> str:
    return escape(inert(str(value)).plain, quote=True)


def joined(parts: Iterable[Html], between: str = "") -> Html:
    """Markup after markup, with text between."""
    return Html(text(between).join(parts) if between != "\n" else "\n".join(parts))


def style(css: str) -> Html:
    """A style sheet of ours."""
    return Html(f"<style>{css}</style>")
