"""Decides that the committed dashboards are those that the code writes, and keep every rule."""

import json

import pytest

from dashboards.write import FOLDER, PAGES, as_json
from tests.dashboards.linter import RULES, Rule


@pytest.mark.parametrize("name", PAGES)
def test_what_is_committed_is_what_the_code_writes(name: str) -> None:
    assert (FOLDER / name).read_text() == as_json(PAGES[name]())


def test_nothing_else_is_committed() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("name", PAGES)
def test_it_keeps_the_rule(name: str, rule: Rule) -> None:
    assert list(rule(json.loads((FOLDER / name).read_text()))) == []
