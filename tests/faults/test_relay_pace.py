"""That the relay throttles, and drops a connection after so many frames: what a client has to outlast there."""

import asyncio

import pytest

from etcdobs import AsyncClient
from etcdobs.testing import Etcd, relay
from etcdobs.testing._frames import Frames
from tests.conftest import OpenClient
from tests.waiting import Stopwatch, values


def frame(payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + b"\0" * 6 + payload


@pytest.mark.parametrize("size", [1, 2, 5, 9, 10, 1000])
def test_frames_are_counted_whatever_their_chunks(size: int) -> None:
    sent = frame(b"") + frame(b"x" * 30) + frame(b"yz") + frame(b"")[:4]
    frames, ended = Frames(), 0
    for start in range(0, len(sent), size):
        chunk = sent[start : start + size]
        position, more = frames.until(chunk, None)
        assert position == len(chunk)
        ended += more
    assert ended == 3


def test_what_follows_the_last_frame_allowed_is_left() -> None:
    assert Frames().until(frame(b"a") + frame(b"b") + frame(b"c"), 2) == (20, 2)


@pytest.mark.parametrize("wrong", [0, -1])
def test_what_is_no_rate_and_no_count(etcd_server: Etcd, wrong: int) -> None:
    with relay(etcd_server.endpoint) as link:
        with pytest.raises(ValueError, match="above 0 bytes a second"):
            link.throttle(wrong)
        with pytest.raises(ValueError, match="after 1 frame or more"):
            link.drop_after(wrong)


async def test_a_throttled_connection_carries_so_much_and_no_more(
    open_client: OpenClient, etcd_server: Etcd, prefix: str
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with open_client(etcd_server.endpoint) as writer, open_client(link.endpoint) as client:
            await writer.put(prefix, "x" * 50_000)
            await client.get(prefix)
            link.throttle(100_000)
            with Stopwatch() as took:
                await client.get(prefix)
            assert 0.5 <= took.seconds < 3
            link.throttle(None)
            with Stopwatch() as took:
                await client.get(prefix)
            assert took.seconds < 0.4


@pytest.mark.parametrize("frames", [1, 3, 10, 20, 40])
async def test_every_event_arrives_though_connections_end_after_so_many_frames(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, frames: int
) -> None:
    with relay(etcd_server.endpoint) as link:
        async with (
            open_client(etcd_server.endpoint) as writer,
            open_client(link.endpoint) as client,
            client.watch(prefix) as watcher,
        ):
            link.drop_after(frames)
            link.reset()
            writing = asyncio.create_task(write(writer, prefix))
            await asyncio.sleep(0.5)
            link.drop_after(None)
            assert await values(watcher, 30) == [str(number) for number in range(30)]
            await writing


async def write(client: AsyncClient, key: str) -> None:
    for number in range(30):
        await client.put(key, str(number))
        await asyncio.sleep(0.005)
