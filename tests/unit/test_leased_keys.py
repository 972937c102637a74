"""What the owner of a key may serve, and the protocol that keeps it true, whatever is lost, late or out of order."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etcdobs import Delete, Get, Keys, Put, Txn
from etcdobs.ops import kv
from etcdobs.recipes._leasing import written
from tests.unit.leasing_world import KEYS, World


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_memory_is_never_behind_the_truth(seed: int) -> None:
    world = World(Random(seed), players=2 + seed % 2)
    for _ in range(150):
        world.happen()
    world.settle()


def test_the_world_is_not_idle() -> None:
    worlds = [World(Random(seed)) for seed in range(20)]
    for world in worlds:
        for _ in range(150):
            world.happen()
    assert sum(world.served for world in worlds) > 500
    assert sum(world.completed for world in worlds) > 200


def owner_and_writer() -> World:
    """The first of two owns `a`."""
    world = World(Random(1))
    read(world, 0, b"a")
    assert world.players[0].keys.owned == [b"a"]
    return world


def read(world: World, who: int, key: bytes) -> None:
    player = world.players[who]
    world.start(player, player.leasing.carry_out(kv.range(key)))
    while player.running:
        world.go_on(player)


def test_a_read_of_what_is_owned_asks_nobody() -> None:
    world = owner_and_writer()
    steps = world.players[0].leasing.carry_out(kv.range(b"a"))
    with pytest.raises(StopIteration) as stop:
        next(steps)
    assert stop.value.value.count == 0


def test_nothing_is_owned_once_the_session_is_lost() -> None:
    world = owner_and_writer()
    world.players[0].is_lost = True
    assert world.players[0].keys.owned == []
    assert world.players[0].keys.current(b"a") is None


def test_a_revocation_that_overtakes_the_answer_is_heeded() -> None:
    world = World(Random(1))
    one, two = world.players
    world.start(one, one.leasing.carry_out(kv.range(b"a")))
    world.go_on(one)
    world.start(two, two.leasing.carry_out(kv.do(Put(b"a", "x"))))
    for _ in range(4):
        world.go_on(two)
    world.hear(one)
    world.hear(one)
    world.go_on(one)
    assert one.keys.owned == []
    assert one.keys.leaving
    world.settle()
    assert world.store.kvs[b"a"].value == b"x"


def test_a_write_of_its_own_that_overtakes_the_answer_is_heeded() -> None:
    world = World(Random(1))
    one = world.players[0]
    world.start(one, one.leasing.carry_out(kv.range(b"a")))
    world.go_on(one)
    reading = one.running.pop()
    world.start(one, one.leasing.carry_out(kv.do(Put(b"a", "x"))))
    while one.running:
        world.go_on(one)
    one.running.append(reading)
    world.go_on(one)
    world.check()
    assert one.keys.owned == []
    world.settle()
    assert world.store.kvs[b"a"].value == b"x"


def test_a_write_that_was_given_up_fails_once_the_key_is_owned_again() -> None:
    world = owner_and_writer()
    one = world.players[0]
    world.start(one, one.leasing.carry_out(kv.do(Put(b"a", "late"))))
    world.lose(one)
    assert one.keys.owned == []
    world.settle()
    read(world, 0, b"a")
    assert one.keys.owned == [b"a"]
    world.apply_late(one)
    assert b"a" not in world.store.kvs
    world.check()


def test_what_is_being_written_is_neither_served_nor_acquired() -> None:
    world = owner_and_writer()
    keys = world.players[0].keys
    world.start(world.players[0], world.players[0].leasing.carry_out(kv.do(Delete(Keys(b"a", b"c")))))
    assert (keys.current(b"a"), keys.may_acquire(b"b"), keys.may_acquire(b"c")) == (None, False, True)
    world.settle()
    assert keys.owned == [b"a"]


def test_what_another_wanted_is_left_alone_for_two_seconds() -> None:
    world = owner_and_writer()
    one, two = world.players
    world.start(two, two.leasing.carry_out(kv.do(Put(b"a", "x"))))
    for _ in range(20):
        world.go_on(two)
        world.hear(one)
        world.leave(one)
        world.go_on(one)
    assert not two.running
    assert not one.keys.may_acquire(b"a")
    world.now += 2
    assert one.keys.may_acquire(b"a")


def test_keys_that_are_left_alone_do_not_disturb_each_other() -> None:
    world = World(Random(1))
    keys = world.players[0].keys
    for key, pause in ((b"a", 1.0), (b"b", 0.5), (b"a", 0.4)):
        keys.leave_alone(key)
        world.now += pause
    keys.leave_alone(b"c")
    assert [keys.may_acquire(key) for key in KEYS] == [False] * 3
    world.now += 1.2
    assert [keys.may_acquire(key) for key in KEYS] == [False, True, False]


@pytest.mark.parametrize(
    ("operation", "targets"),
    [
        (Get("k"), ()),
        (Put("k"), (Keys(b"k"),)),
        (Delete(Keys.prefix("k")), (Keys.prefix("k"),)),
        (
            Txn(then=[Put("a"), Txn(otherwise=[Delete("b")])], otherwise=[Put("a"), Get("c")]),
            (Keys(b"a"), Keys(b"b")),
        ),
    ],
)
def test_what_a_request_may_write(operation: Put, targets: tuple[Keys, ...]) -> None:
    assert written(operation.request) == targets


def test_an_operation_that_may_be_applied_twice_leaves_nothing_owned() -> None:
    world = owner_and_writer()
    player = world.players[0]
    world.start(player, player.leasing.carry_out(kv.put(b"a", "x", retry="at_least_once")))
    world.settle()
    assert player.keys.owned == []
    assert KEYS[0] in world.store.kvs
