"""Data frames: one type a column, whatever is stored, and none of the libraries required."""

import json
import subprocess
import sys

import pandas as pd
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pytest

from etcdobs import KeyValue, RangeResponse, ResponseHeader
from etcdobs_explorer.notebook import frames
from etcdobs_explorer.notebook.frames import FrameError
from etcdobs_explorer.notebook.limits import Limits
from etcdobs_explorer.notebook.results.keys import KeyRange
from tests.explorer.hostile import HOSTILE

INTS = ["create_revision", "mod_revision", "version", "lease", "size"]


def keys(*values: bytes) -> KeyRange:
    kvs = tuple(KeyValue(b"/k%d" % at, value, 1, 2, 3, 4) for at, value in enumerate(values))
    header = ResponseHeader(1, 2, 3, 4)
    return KeyRange(RangeResponse(header=header, kvs=kvs, count=len(kvs), more=False), Limits())


def test_columns_are_typed_in_all_three() -> None:
    found = keys(b"a", b"b")
    assert {name: str(kind) for name, kind in found.to_pandas().dtypes.items()} == {
        "key": "string",
        "value": "string",
        **dict.fromkeys(INTS, "Int64"),
    }
    assert found.to_polars().schema == {"key": pl.String, "value": pl.String, **dict.fromkeys(INTS, pl.Int64)}
    assert found.to_arrow().schema.types == [pa.string(), pa.string(), *[pa.int64()] * 5]


def test_types_are_the_same_where_nothing_is_there() -> None:
    assert list(keys().to_polars().schema) == ["key", "value", *INTS]
    assert keys().to_polars().schema == keys(b"x").to_polars().schema
    assert keys().to_pandas().dtypes.equals(keys(b"x").to_pandas().dtypes)


def test_raw_bytes_are_bytes() -> None:
    found = keys(b"\xff\x00")
    assert found.to_polars(raw=True)["value"].to_list() == [b"\xff\x00"]
    assert found.to_arrow(raw=True).schema.field("key").type == pa.binary()
    assert found.to_pandas(raw=True)["value"].tolist() == [b"\xff\x00"]


def test_text_keeps_line_breaks_and_shows_what_is_no_text() -> None:
    assert keys(b"a\nb", b"\xff").to_pandas()["value"].tolist() == ["a\nb", "\\xff"]


def test_json_is_opened_on_request() -> None:
    values = [{"a": 1, "b": {"c": "x", "d": True}, "l": [1, 2]}, {"a": 2, "f": 1.5}, {"a": None, "f": 2}]
    frame = keys(*(json.dumps(value).encode() for value in values), b"no json", b"[1]").to_polars(json=True)
    opened = {name: frame[name] for name in frame.columns if name.startswith("value.")}
    assert {name: column.dtype for name, column in opened.items()} == {
        "value.a": pl.Int64,
        "value.b.c": pl.String,
        "value.b.d": pl.Boolean,
        "value.l": pl.String,
        "value.f": pl.Float64,
    }
    assert frame["value.a"].to_list() == [1, 2, None, None, None]
    assert frame["value.f"].to_list() == [None, 1.5, 2.0, None, None]
    assert frame["value.l"].to_list()[0] == "[1, 2]"


def test_a_field_of_several_types_is_text() -> None:
    frame = keys(b'{"a": 1}', b'{"a": "x"}', b'{"a": true}').to_pandas(json=True)
    assert frame["value.a"].tolist() == ["1", "x", "true"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_values_make_frames(name: str) -> None:
    found = keys(HOSTILE[name], b'{"a": "\\ud800", "n": 99999999999999999999}')
    for frame in (found.to_pandas(json=True), found.to_polars(json=True), found.to_arrow(json=True)):
        assert len(frame) == 2


def test_many_fields_are_bounded() -> None:
    frame = keys(json.dumps({f"n{number}": number for number in range(5000)}).encode()).to_polars(json=True)
    assert len(frame.columns) == 7 + 500


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(FrameError, match="polars is not installed: pip install polars"):
        keys(b"x").to_polars()


def test_none_of_them_is_loaded_with_the_extension() -> None:
    code = """
import sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_cell("%load_ext etcdobs")
shell.run_cell("import etcdobs_explorer.notebook; etcdobs_explorer.notebook.following")
names = ("pandas", "polars", "pyarrow", "matplotlib", "anywidget", "textual")
print("loaded:", *[name for name in names if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split("loaded:")[-1].split() == []


def test_frames_hold_what_their_columns_do() -> None:
    columns = [frames.Column("b", "bool", [True, None]), frames.Column("f", "float", [None, 1])]
    assert frames.to_pandas(columns).equals(
        pd.DataFrame({"b": pd.array([True, None], "boolean"), "f": pd.array([None, 1.0], "Float64")})
    )
