"""Decides what the view of leases does: look into one, make one, end one, keep one alive."""

from etcdobs_explorer.feeds import Feeds
from etcdobs_explorer.model import units
from etcdobs_explorer.model.changes import LeaseOpened, Topic
from etcdobs_explorer.model.leases import LeaseKeys, LeaseRow, ttl_of
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.tui.messages import Changed, Tell, Work

from .changing import may_write
from .lease import LeaseScreen, RevokeScreen
from .table import TableScreen
from .target import TargetScreen


class LeasesScreen(TableScreen):
    """The leases with their countdowns."""

    def current(self) -> LeaseRow | None:
        """The lease under the cursor."""
        row: LeaseRow | None = super().current()
        return row

    def on_virtual_list_activated(self) -> None:
        """Enter: the keys of the lease."""
        self.show_keys()

    def show_keys(self) -> None:
        """The keys of the lease under the cursor; Enter on one goes there."""
        if (row := self.current()) is not None:
            self._open(row.id)
            self.app.push_screen(LeaseScreen(self.state, row.id))

    def _open(self, id: int) -> None:
        self.post_message(Changed(LeaseOpened(LeaseKeys(id))))
        self.post_message(Work("lease", lambda feeds: feeds.leases.open(id)))

    def sort(self) -> None:
        """Sort by something else."""
        self.state.leases.next_order()
        self.show(frozenset((Topic.LEASES,)))

    # -- what changes something ----------------------------------------------------------------------------

    def grant(self, typed: str) -> None:
        """A new lease; the seconds are asked for where they are not typed already."""
        if not may_write(self):
            return
        wrong = _wrong_ttl(typed.encode("utf-8", "surrogateescape")) if typed else ""
        if wrong:
            self.post_message(Tell(wrong, "warning"))
        elif typed:
            self._grant(ttl_of(typed))
        else:
            self.app.push_screen(TargetScreen("new lease: seconds to live", b"", b"60", _wrong_ttl), self._named)

    def _named(self, typed: bytes | None) -> None:
        if typed is not None:
            self._grant(ttl_of(inert(typed).plain))

    def _grant(self, ttl: int) -> None:
        async def granted(feeds: Feeds) -> None:
            answer = await feeds.leases.grant(ttl)
            if isinstance(answer, int):
                self._tell(f"lease {units.hex_id(answer)} granted for {units.duration(ttl)}")
            else:
                self._tell(answer.reason, "error")

        self.post_message(Work("grant", granted))

    def _tell(self, text: str | bytes, severity: str = "information") -> None:
        # What a worker posts does not rise from a view to the app that runs it.
        self.app.post_message(Tell(text, severity))

    def revoke(self) -> None:
        """End the lease under the cursor, once its keys were shown and that is confirmed."""
        if (row := self.current()) is not None and may_write(self):
            self._open(row.id)
            self.app.push_screen(RevokeScreen(self.state, row.id))

    def keep_alive(self) -> None:
        """Keep the lease under the cursor alive, or let it go."""
        row = self.current()
        if row is None or not may_write(self):
            return
        group = f"keep {units.hex_id(row.id)}"

        async def kept(feeds: Feeds) -> None:
            error = await feeds.leases.keep(row.id)
            reason = error.reason if error is not None else b"it expired"
            self._tell(b"lease %x is kept alive no more: %s" % (row.id, reason), "warning")

        self.post_message(Work(group, (lambda feeds: feeds.leases.let_go(row.id)) if row.kept else kept))


def _wrong_ttl(typed: bytes) -> str:
    try:
        ttl_of(inert(typed).plain)
    except ValueError as error:
        return str(error)
    return ""
