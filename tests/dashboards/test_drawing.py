"""What a picture shows of what Prometheus answered."""

from xml.etree import ElementTree

import pytest

from dashboards.drawing import Frame, Line, Shape, page, plot, timeline, told

FRAME = Frame(100.0, 160.0, {130.0: "killed"})
SVG = "{http://www.w3.org/2000/svg}"
ONE, TWO = Line("one", [(100.0, 1.0), (101.0, 3.0)]), Line("<two>", [(100.0, 2.0), (101.0, 2.0), (110.0, 2.0)])


def drawn(shape: Shape) -> ElementTree.Element:
    return ElementTree.fromstring(page("title", "caption", [plot("RPCs", "ops", [ONE, TWO], FRAME, shape)]))


def texts(picture: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in picture.iter(f"{SVG}text")]


@pytest.mark.parametrize("shape", [Shape(), Shape(stacked=True), Shape(step=5.0), Shape(stacked=True, step=5.0)])
def test_it_says_what_is_drawn(shape: Shape) -> None:
    assert {"title", "caption", "RPCs, ops/s", "one", "<two>", "killed"} <= set(texts(drawn(shape)))


def test_a_gap_in_the_data_is_one_in_the_line() -> None:
    lines = [path.get("d", "") for path in drawn(Shape()).iter(f"{SVG}path") if path.get("fill") == "none"]
    assert sorted(line.count("M") for line in lines) == [1, 2]


def test_the_axis_ends_at_the_sum_of_what_is_stacked() -> None:
    assert "3" in texts(drawn(Shape()))
    assert "5" in texts(drawn(Shape(stacked=True)))
    assert "20" in texts(drawn(Shape(least=20.0)))


def test_nothing_is_drawn_of_nothing() -> None:
    empty = ElementTree.fromstring(page("", "", [plot("RPCs", "s", [Line("none", [])], FRAME, Shape())]))
    assert "0 s" in texts(empty)


def test_a_state_lasts_until_the_next() -> None:
    names = {1.0: ("up", "green"), 2.0: ("failing", "orange")}
    card = timeline("Endpoints", [Line("a", [(100.0, 1.0), (130.0, 2.0)])], names, FRAME)
    boxes = [box for box in ElementTree.fromstring(page("", "", [card])).iter(f"{SVG}rect") if box.get("fill")]
    assert [box.get("fill") for box in boxes] == ["green", "orange", "green", "orange"]
    assert boxes[0].get("width") == boxes[1].get("width")


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0123, "percentunit", "1.23 %"),
        (0.0021, "s", "2.1 ms"),
        (2.5, "s", "2.5 s"),
        (0.0, "s", "0 s"),
        (12.0, "", "12"),
    ],
)
def test_a_value_is_told_in_its_unit(value: float, unit: str, text: str) -> None:
    assert told(value, unit) == text
