"""What the member view knows: lag, fragmentation and quota where they are reported, and since when a member is down."""

from dataclasses import replace
from math import isnan

from etcdobs_explorer.model.changes import AlarmsArrived, AlarmsFailed, MembersArrived
from etcdobs_explorer.model.members import MemberTable
from etcdobs_explorer.model.records import AlarmRecord, MemberRecord, Role
from etcdobs_explorer.model.state import State
from tests.explorer.fake import MEMBERS

LEADER, FOLLOWER, DOWN = MEMBERS


class TestRows:
    def test_lag_is_counted_from_the_leader_and_from_the_own_log(self) -> None:
        table = MemberTable()
        table.received([replace(LEADER, raft_index=1_000), replace(FOLLOWER, raft_index=990, raft_applied=980)])
        _, follower = table.rows
        assert (follower.behind, follower.unapplied) == (20, 10)
        table.received([replace(FOLLOWER, raft_index=990, raft_applied=980)])
        assert table.rows[0].behind is None

    def test_a_member_read_a_little_later_than_the_leader_is_not_ahead(self) -> None:
        table = MemberTable()
        table.received([replace(LEADER, raft_index=1_000), replace(FOLLOWER, raft_index=1_003, raft_applied=1_003)])
        assert table.rows[1].behind == 0

    def test_what_is_not_reported_is_not_known(self) -> None:
        table = MemberTable()
        table.received([MemberRecord(1, b"old", Role.LEADER, db_size=100, raft_index=5)])
        (row,) = table.rows
        assert (row.behind, row.unapplied, row.fragmentation, row.quota_used) == (None, None, None, None)

    def test_shares(self) -> None:
        table = MemberTable()
        table.received([MemberRecord(1, b"m", Role.LEADER, db_size=100, db_in_use=25, quota=400)])
        assert (table.rows[0].fragmentation, table.rows[0].quota_used) == (0.75, 0.25)
        table.received([MemberRecord(1, b"m", Role.LEADER, db_size=0, db_in_use=0, quota=0)])
        assert (table.rows[0].fragmentation, table.rows[0].quota_used) == (None, None)

    def test_since_when_a_member_is_down(self) -> None:
        table = MemberTable()
        table.received([FOLLOWER], 100.0)
        assert table.down == 0
        gone = replace(FOLLOWER, role=Role.UNKNOWN, rtt=None)
        for at in (103.0, 106.0):
            table.received([gone], at)
        assert (table.rows[0].down_since, table.down) == (103.0, 1)
        table.received([FOLLOWER], 109.0)
        assert (table.rows[0].down_since, table.down) == (None, 0)
        assert [isnan(value) for value in table.rows[0].latencies] == [False, True, True, False]

    def test_one_that_may_not_tell_is_not_down(self) -> None:
        table = MemberTable()
        table.received([replace(FOLLOWER, role=Role.DENIED, rtt=None)], 100.0)
        assert (table.rows[0].down_since, table.down) == (None, 0)

    def test_a_member_that_left_goes_and_the_history_of_the_others_stays_bounded(self) -> None:
        table = MemberTable()
        for at in range(100):
            table.received([LEADER, FOLLOWER], float(at))
        table.received([LEADER], 100.0)
        assert [len(row.latencies) for row in table.rows] == [60]

    def test_why_the_list_is_not_whole(self) -> None:
        table = MemberTable()
        table.received([replace(LEADER, unlisted=b"permission denied")])
        assert table.reason == b"permission denied"
        table.received([LEADER])
        assert table.reason == b""

    def test_a_filter_looks_at_name_id_role_and_endpoint(self) -> None:
        table = MemberTable()
        table.received(MEMBERS)
        for text, names in (("m2", [b"m2"]), ("leader", [b"m1"]), ("8e9e", [b"m1"]), ("2383", [b"m3"]), ("!down", 2)):
            table.set_filter(text)
            assert names in ([row.name for row in table.rows], len(table.rows)), text


class TestAlarms:
    def test_alarms_are_their_members_and_outlive_a_failure(self) -> None:
        state = State("here")
        MembersArrived(MEMBERS).apply(state, 1.0)
        AlarmsArrived([AlarmRecord(FOLLOWER.id, "NOSPACE")]).apply(state, 1.0)
        assert [row.alarms for row in state.members.rows] == [(), ("NOSPACE",), ()]
        AlarmsFailed(b"permission denied").apply(state, 2.0)
        MembersArrived(MEMBERS).apply(state, 3.0)
        assert [row.alarms for row in state.members.rows] == [(), ("NOSPACE",), ()]
        assert state.members.alarms_reason == b"permission denied"
        AlarmsArrived([]).apply(state, 4.0)
        assert [row.alarms for row in state.members.rows] == [(), (), ()]
