"""Decides what every result can do: draw itself in a notebook and in a terminal, and become a data frame."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from etcdobs_explorer.notebook import frames
from etcdobs_explorer.notebook.as_html import html
from etcdobs_explorer.notebook.as_text import plain
from etcdobs_explorer.notebook.blocks import Block
from etcdobs_explorer.notebook.frames import Column
from etcdobs_explorer.notebook.limits import Limits

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


_OPTIONS = frozenset({"json", "raw", "reveal", "by"})


class Result:
    """What a command answered."""

    limits: Limits

    @abstractmethod
    def blocks(self) -> Iterable[Block]:
        """What is drawn of it."""

    def __repr__(self) -> str:
        return plain(self.blocks())

    def html(self) -> str:
        """It as HTML, with its style."""
        return html(self.blocks())

    def _repr_html_(self) -> str:
        return self.html()


class Framed(Result):
    """A result of rows."""

    @abstractmethod
    def columns(self, **options: Any) -> Sequence[Column]:
        """All its rows, by column."""

    def to_pandas(self, **options: Any) -> "pd.DataFrame":
        """All rows as a pandas DataFrame of typed, nullable columns.

        Args:
            options: as `columns` takes them.

        Raises:
            ModuleNotFoundError: pandas is not installed.
            TypeError: no result has such an option.
        """
        return frames.to_pandas(self._asked(options))

    def to_polars(self, **options: Any) -> "pl.DataFrame":
        """All rows as a polars DataFrame; otherwise as `to_pandas`."""
        return frames.to_polars(self._asked(options))

    def to_arrow(self, **options: Any) -> Any:
        """All rows as a pyarrow Table; otherwise as `to_pandas`."""
        return frames.to_arrow(self._asked(options))

    def _asked(self, options: dict[str, Any]) -> Sequence[Column]:
        if unknown := options.keys() - _OPTIONS:
            raise TypeError(f"no option {', '.join(sorted(unknown))} of a frame: {', '.join(sorted(_OPTIONS))}")
        return self.columns(**options)


class Json:
    """Data that is shown as JSON: a tree that folds where the page can, text elsewhere."""

    def __init__(self, data: Any, text: str) -> None:
        self.data = data
        self._text = text

    def _repr_json_(self) -> tuple[Any, dict[str, Any]]:
        return self.data, {"expanded": False}

    def __repr__(self) -> str:
        return self._text
