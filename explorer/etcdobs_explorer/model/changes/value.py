"""Decides what a value that a worker has read does to the state."""

from dataclasses import dataclass

from etcdobs_explorer.model.decode.schema import Schema
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.value import Asked, Reading

from .change import Topic, topics


@dataclass(frozen=True, slots=True)
class ValueRead:
    """A value was read as it was asked for."""

    value: bytes
    asked: Asked
    reading: Reading

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Show it, if it is still the one looked at, and still asked for so."""
        selection = state.selection
        if selection.entry is not None and selection.entry.value == self.value and selection.asked == self.asked:
            selection.was_read(self.reading)
        return topics(Topic.VALUE)


@dataclass(frozen=True, slots=True)
class SchemaLoaded:
    """A message type was found for the values below a prefix."""

    prefix: bytes
    schema: Schema

    def apply(self, state: State, now: float) -> frozenset[Topic]:
        """Read them by it from now on."""
        state.schemas[self.prefix] = self.schema
        state.forms[self.prefix] = "protobuf"
        state.selection.ask(state.asked(state.selection.key))
        return topics(Topic.VALUE)
