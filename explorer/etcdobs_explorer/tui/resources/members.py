"""Decides how the view of members is listed, and what is said of it."""

from etcdobs_explorer.model import units
from etcdobs_explorer.model.changes import Topic
from etcdobs_explorer.model.state import State
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.model.trouble import Trouble
from etcdobs_explorer.tui.columns import MEMBERS as MEMBER_COLUMNS
from etcdobs_explorer.tui.columns import picked
from etcdobs_explorer.tui.widgets.strips import Spans

from .resource import Reading, Resource, empty_spans, reason_spans


def _members_title(state: State, now: float) -> Spans:
    table = state.members
    down: Spans = [(" · ", "muted"), (f"{table.down} down", "bad")] if table.down else []
    alarms: Spans = [(" · ", "muted"), (units.plural(len(table.alarms), "alarm"), "bad")] if table.alarms else []
    unread: Spans = (
        [(" · ", "muted"), ("alarms: ", "muted"), (inert(table.alarms_reason, 40), "warn")]
        if table.alarms_reason
        else []
    )
    count = units.plural(len(table.rows), "member")
    return [*reason_spans(table.reason), (count, "muted"), *down, *alarms, *unread]


def _urgent(state: State) -> bool:
    table, troubles = state.members, state.connection.troubles
    return bool(table.alarms_reason or table.alarms) or Trouble.NO_SPACE in troubles or Trouble.CORRUPT in troubles


MEMBERS = Resource(
    name="members",
    key="3",
    aliases=("m", "member", "endpoints"),
    help="members: role, version, sizes, raft lag, alarms, latency",
    topic=Topic.MEMBERS,
    columns=MEMBER_COLUMNS,
    source=lambda state: state.members,
    identity=lambda row: row.id,
    title=_members_title,
    empty=lambda state: empty_spans(state.members.reason, state.members.loaded, "no members"),
    copy=lambda row: units.hex_id(row.id).encode(),
    brief=picked(MEMBER_COLUMNS, {"NAME": 11, "ROLE": 8, "DB SIZE": 8, "RTT": 7, "ENDPOINT, ERRORS": 0}),
    readings=(
        Reading("members", 3.0, lambda feeds, state, rows, now: feeds.members.members),
        Reading("alarms", 30.0, lambda feeds, state, rows, now: feeds.members.alarms),
        # What an election refused, and what is raised or was a moment ago, is asked for again before it is old.
        Reading("urgent alarms", 3.0, lambda feeds, state, rows, now: feeds.members.alarms if _urgent(state) else None),
    ),
)
