"""The parts of the value pane's model: protobuf without and with a schema, folding, search, and what was chosen."""

from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from etcdobs_explorer.demo.kubernetes import message
from etcdobs_explorer.model.decode import protobuf
from etcdobs_explorer.model.decode.choices import choice_for, choose, directory_of
from etcdobs_explorer.model.decode.folding import Folds
from etcdobs_explorer.model.decode.schema import Schema, SchemaError, load
from etcdobs_explorer.model.decode.search import MOST, Match, Search
from etcdobs_explorer.model.decode.wire import fields
from etcdobs_explorer.model.text import legible
from etcdobs_explorer.model.value import Asked, Lines, decode


def tree(raw: bytes) -> list[bytes]:
    found = protobuf.message(raw)
    assert found is not None
    return protobuf.bounded(protobuf.tree(found))


class TestInferred:
    def test_numbers_texts_bytes_and_messages(self) -> None:
        raw = message({1: "text", 2: 7, 3: b"\xff\x01", 4: message({1: "within", 2: 3}), 5: "a\nb", 6: ""})
        assert tree(raw) == [
            b'1: "text"',
            b"2: 7",
            b"3: ff 01  # 2 B",
            b"4:",
            b'  1: "within"',
            b"  2: 3",
            b"5: |",
            b"  a",
            b"  b",
            b'6: ""',
        ]

    def test_fixed_numbers_and_negative_ones(self) -> None:
        raw = b"\x09\x00\x00\x00\x00\x00\x00\xf8\x3f" + b"\x15\x00\x00\xc0\x3f" + b"\x18" + b"\xff" * 9 + b"\x01"
        assert tree(raw) == [
            b"1: 4609434218613702656  # or 1.5",
            b"2: 1069547520  # or 1.5",
            b"3: -1  # or 18446744073709551615",
        ]

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\x08",
            b"\x08" + b"\xff" * 10 + b"\x01",
            b"\x00\x01",
            b"\x0a\x05ab",
            b"\x0b\x0c",
            b"\x0a\xff\xff\xff\xff\x0f",
            b"\x09\x00",
        ],
    )
    def test_what_is_no_message(self, raw: bytes) -> None:
        assert protobuf.message(raw) is None

    def test_depth_is_bounded(self) -> None:
        raw = b"\x01"
        for _ in range(40):
            raw = message({1: raw})
        assert len(tree(raw)) == 12

    def test_length_is_bounded(self) -> None:
        shown = tree(b"\x08\x01" * 60_000)
        assert len(shown) == protobuf.MOST_LINES + 1
        assert b"more" in shown[-1]
        assert protobuf.message(b"\x08\x01" * 300_000) is None

    @settings(deadline=None)
    @given(st.binary(max_size=64))
    def test_any_bytes_are_fields_or_a_value_error(self, raw: bytes) -> None:
        try:
            for field in fields(raw):
                assert field.number > 0
        except ValueError:
            pass


@pytest.fixture
def descriptors(tmp_path: Path) -> Path:
    one = descriptor_pb2.FieldDescriptorProto
    found = descriptor_pb2.FileDescriptorSet()
    order = found.file.add(name="order.proto", package="shop", dependency=["item.proto"], syntax="proto3")
    fields = order.message_type.add(name="Order").field
    fields.add(name="customer", number=1, type=one.TYPE_STRING, label=one.LABEL_OPTIONAL)
    items = fields.add(name="items", number=2, type=one.TYPE_MESSAGE, label=one.LABEL_REPEATED)
    items.type_name = ".shop.Item"
    item = found.file.add(name="item.proto", package="shop", syntax="proto3")
    names = item.message_type.add(name="Item").field
    names.add(name="name", number=1, type=one.TYPE_STRING, label=one.LABEL_REPEATED)
    path = tmp_path / "shop.pb"
    path.write_bytes(found.SerializeToString())
    return path


class TestSchema:
    RAW = message({1: "ann", 2: message({1: "größe"}), 9: 5})

    def schema(self, descriptors: Path) -> Schema:
        return load(str(descriptors), "shop.Order")

    def test_a_message_is_read_by_name(self, descriptors: Path) -> None:
        decoded = decode(self.RAW, Asked("protobuf", self.schema(descriptors)))
        assert decoded.format == "protobuf shop.Order"
        assert isinstance(decoded.body, Lines)
        assert list(decoded.body.lines) == [
            b'customer: "ann"', b"items {", '  name: "größe"'.encode(), b"}", b"9: 5",
        ]  # fmt: skip

    def test_what_is_of_another_type_is_inferred(self, descriptors: Path) -> None:
        schema = self.schema(descriptors)
        assert decode(message({1: b"\xff"}), Asked("protobuf", schema)).format == "protobuf, inferred"
        assert decode(b"hello", Asked("protobuf", schema)).format == "text"

    def test_the_object_of_a_kubernetes_value_is_read_within_its_envelope(self, descriptors: Path) -> None:
        raw = b"k8s\0" + message({1: message({1: "v1", 2: "Order"}), 2: self.RAW})
        decoded = decode(raw, Asked("protobuf", self.schema(descriptors)))
        assert decoded.format == "protobuf shop.Order"
        assert isinstance(decoded.body, Lines)
        assert decoded.body.lines[0] == b'customer: "ann"'

    def test_the_same_file_twice_is_no_conflict(self, descriptors: Path) -> None:
        assert self.schema(descriptors).name == self.schema(descriptors).name

    @pytest.mark.parametrize(
        ("written", "name", "said"),
        [
            (None, "shop.Order", "cannot read"),
            (b"", "shop.Order", "has no descriptors"),
            (b"\xff\xff", "shop.Order", "is no descriptor set"),
            (..., "shop.Ordr", "it has shop.Order"),
            (..., "", "no message ''"),
            (b"\n\x1b\n\x05a.txt\x12\x01p\x1a\x0bb.txt \x01\x01", "p.A", "is no descriptor set"),
            (message({1: message({1: "a.proto", 3: "b.proto"})}), "A", "--include_imports"),
            (message({1: [message({1: "a", 3: "b"}), message({1: "b", 3: "a"})]}), "A", "circle"),
        ],
    )
    def test_what_is_wrong_is_said(self, descriptors: Path, written: object, name: str, said: str) -> None:
        if written is None:
            descriptors.unlink()
        elif isinstance(written, bytes):
            descriptors.write_bytes(written)
        with pytest.raises(SchemaError) as failure:
            load(str(descriptors), name)
        assert said in str(failure.value)


LAID_OUT = b"""{
  "a": [
    1,
    2
  ],
  "b": {
    "c": 3
  }
}""".split(b"\n")


class TestFolding:
    def test_a_part_is_closed_with_its_bracket_and_opened_again(self) -> None:
        folds = Folds(LAID_OUT)
        assert [line for line in range(9) if folds.is_foldable(line)] == [0, 1, 5]
        assert folds.toggle(1)
        assert list(folds.visible()) == [0, 1, 5, 6, 7, 8]
        assert folds.hidden(1) == 3
        assert folds.toggle(0)
        assert list(folds.visible()) == [0]
        assert folds.toggle(0)
        assert folds.is_closed(1)
        assert folds.toggle(1)
        assert list(folds.visible()) == list(range(9))
        assert not folds.toggle(2)

    def test_what_hides_a_line_is_opened(self) -> None:
        folds = Folds(LAID_OUT, closed=[0, 1, 5, 8])
        assert folds.reveal(3)
        assert list(folds.visible()) == [0, 1, 2, 3, 4, 5, 8]
        assert not folds.reveal(3)

    def test_blank_lines_within_a_part_belong_to_it(self) -> None:
        folds = Folds([b"a: |", b"  x", b"", b"  y", b"", b"b: 1"], closed=[0])
        assert list(folds.visible()) == [0, 4, 5]

    @settings(deadline=None)
    @given(st.lists(st.sampled_from([b"", b"a", b" a", b"  {", b"  }", b"    x"]), max_size=12), st.data())
    def test_no_line_is_lost(self, lines: list[bytes], data: st.DataObject) -> None:
        closed = data.draw(st.lists(st.integers(0, max(0, len(lines) - 1)), max_size=4)) if lines else []
        folds = Folds(lines, closed)
        shown = list(folds.visible())
        assert shown == sorted(set(shown))
        for line in range(len(lines)):
            folds.reveal(line)
        assert list(folds.visible()) == list(range(len(lines)))


class TestSearch:
    def found(self, text: str, *lines: bytes, is_dump: bool = False) -> list[Match]:
        search = Search(text, lines, is_dump=is_dump)
        while not search.is_done:
            search.advance(0.01)
        return search.matches

    def test_case_counts_where_it_is_given(self) -> None:
        assert self.found("ab", b"AB ab", b"x") == [Match(0, 0, 2), Match(0, 3, 5)]
        assert self.found("aB", b"AB aB", b"x") == [Match(0, 3, 5)]
        assert self.found("größe", "die Größe größer".encode()) == [Match(0, 4, 11), Match(0, 12, 19)]
        assert self.found("a.c(", b"abc( a.c(") == [Match(0, 5, 9)]

    def test_digits_are_bytes_in_a_dump(self) -> None:
        assert self.found("00 ff", b"\x01\x00\xff", is_dump=True) == [Match(0, 1, 3)]
        assert self.found("ab", b"\xabab", is_dump=True) == [Match(0, 0, 1), Match(0, 1, 3)]

    def test_there_is_a_bound(self) -> None:
        assert len(self.found("a", b"a" * 2 * MOST)) == MOST

    def test_the_next_one_is_found_round_the_end(self) -> None:
        search = Search("x", [b"x", b"", b"xx"])
        search.advance(1.0)
        assert [search.at_or_after(*place) for place in ((0, 0), (1, 0), (2, 1), (2, 2))] == [0, 1, 2, 0]
        assert search.within(2, 1, 2) == [Match(2, 1, 2)]
        assert Search("y", []).at_or_after(0) is None


class TestChoices:
    def test_the_longest_prefix_decides(self) -> None:
        held = {b"": "text", b"/a/": "hex", b"/a/b/": "json"}
        assert [choice_for(key, held) for key in (b"x", b"/a/x", b"/a/b/c", b"/ab")] == ["text", "hex", "json", "text"]

    def test_a_choice_holds_for_the_directory_and_can_be_taken_back(self) -> None:
        held: dict[bytes, str] = {}
        choose(held, b"/a/x", b"/", "hex")
        assert held == {b"/a/": "hex"}
        choose(held, b"/a/b/x", b"/", "")
        assert held == {b"/a/": "hex", b"/a/b/": ""}
        choose(held, b"/a/x", b"/", "")
        assert b"/a/" not in held

    def test_directories(self) -> None:
        assert directory_of(b"/a/x", b"/") == b"/a/"
        assert directory_of(b"x", b"/") == directory_of(b"/a/x", b"") == b""


def test_what_is_copied_keeps_its_lines_and_nothing_that_acts() -> None:
    assert legible(b"a\tb\n\x1b[31m\r\n\xff\xe2\x80\xae") == "a\tb\n\\x1b[31m\\r\n\\xff\\u202e"
