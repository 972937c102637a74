"""Decides what the member view knows: every member in a steady order, the dead ones among them."""

from collections.abc import Iterable

from .filter import Filter
from .records import MemberRecord


class MemberTable:
    """The members of a cluster, by name."""

    def __init__(self) -> None:
        self.filter = Filter()
        self.rows: list[MemberRecord] = []
        self.loaded = False
        self.reason = b""
        self._members: list[MemberRecord] = []

    def received(self, members: Iterable[MemberRecord]) -> None:
        """A new reading of all members."""
        self._members = sorted(members, key=lambda member: (member.name, member.id))
        self.loaded, self.reason = True, b""
        self._arrange()

    def failed(self, reason: bytes) -> None:
        """The list could not be read; what was held stays."""
        self.reason = reason

    def set_filter(self, text: str) -> None:
        """Show only members whose name passes."""
        self.filter = Filter(text)
        self._arrange()

    def index_of(self, id: int) -> int | None:
        """The place of a member."""
        return next((index for index, row in enumerate(self.rows) if row.id == id), None)

    @property
    def down(self) -> int:
        """How many members did not answer."""
        return sum(member.is_down for member in self._members)

    def _arrange(self) -> None:
        self.rows = [member for member in self._members if self.filter.keeps(member.name)]
