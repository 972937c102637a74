"""How a process ends that uses a client: interrupted, exiting with everything open, or forked."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest

from etcdobs.testing import Etcd, relay
from tests.waiting import Stopwatch, eventually

BLOCKING, AWAITING = "sync", "aio"

SCRIPTS = {
    (
        "get",
        BLOCKING,
    ): """
        with Client(endpoint) as client:
            client.get("k", timeout=None)
        """,
    (
        "get",
        AWAITING,
    ): """
        async def main():
            async with AsyncClient(endpoint) as client:
                await client.get("k", timeout=None)
        asyncio.run(main())
        """,
    (
        "watch",
        BLOCKING,
    ): """
        with Client(endpoint) as client, client.watch("k") as watcher:
            print("open", flush=True)
            for event in watcher:
                pass
        """,
    (
        "watch",
        AWAITING,
    ): """
        async def main():
            async with AsyncClient(endpoint) as client, client.watch("k") as watcher:
                print("open", flush=True)
                async for event in watcher:
                    pass
        asyncio.run(main())
        """,
    (
        "exit",
        BLOCKING,
    ): """
        client = Client(endpoint)
        watcher = client.watch("k").__enter__()
        heartbeat = client.lease.keep_alive(client.lease.grant(60)).__enter__()
        session = client.session(ttl=60).__enter__()
        lock = client.lock("held").__enter__()
        election = client.election("led")
        election.campaign("me")
        observing = iter(election.observe())
        next(observing)
        batch = client.batched().__enter__()
        batch.put("k", "v")
        reading = iter(client.history("k"))
        next(reading)
        waiting = threading.Thread(target=client.lock("held").acquire, daemon=True)
        waiting.start()
        assert watcher.get(timeout=5).kv.text == "v"
        print("open", flush=True)
        """,
    (
        "exit",
        AWAITING,
    ): """
        async def main():
            global held
            client = AsyncClient(endpoint)
            watcher = await client.watch("k").__aenter__()
            heartbeat = await client.lease.keep_alive(await client.lease.grant(60)).__aenter__()
            session = await client.session(ttl=60).__aenter__()
            lock = await client.lock("held").__aenter__()
            election = client.election("led")
            await election.campaign("me")
            observing = aiter(election.observe())
            await anext(observing)
            batch = await client.batched().__aenter__()
            await batch.put("k", "v")
            reading = aiter(client.history("k"))
            await anext(reading)
            waiting = asyncio.create_task(client.lock("held").acquire())
            assert (await watcher.get(timeout=5)).kv.text == "v"
            held = (client, watcher, heartbeat, session, lock, election, observing, batch, reading, waiting)
            print("open", flush=True)
        asyncio.run(main())
        """,
    (
        "fork",
        BLOCKING,
    ): """
        client = Client(endpoint)
        watcher = client.watch("k").__enter__()
        heartbeat = client.lease.keep_alive(client.lease.grant(60)).__enter__()
        cache = Cache(client, "k").__enter__()
        client.put("k", "v")
        sys.stdout.flush()
        child = os.fork()
        if not child:
            try:
                client.get("k", timeout=5)
            except ClosedError as error:
                print(error, flush=True)
            try:
                watcher.get(timeout=5)
            except ClosedError as error:
                print(heartbeat.lost, error, flush=True)
            try:
                cache.get("k")
            except ClosedError as error:
                print(error, flush=True)
            watcher.close()
            heartbeat.close()
            client.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        print(client.get("k").text, watcher.get(timeout=5).kv.text, heartbeat.lost)
        cache.close()
        client.close()
        """,
    (
        "fork",
        AWAITING,
    ): """
        async def main():
            client = AsyncClient(endpoint)
            watcher = await client.watch("k").__aenter__()
            heartbeat = await client.lease.keep_alive(await client.lease.grant(60)).__aenter__()
            cache = await AsyncCache(client, "k").__aenter__()
            await client.put("k", "v")
            child = os.fork()
            if not child:
                try:
                    await client.get("k", timeout=5)
                except ClosedError as error:
                    print(error, flush=True)
                try:
                    await watcher.get(timeout=5)
                except ClosedError as error:
                    print(heartbeat.lost, error, flush=True)
                try:
                    cache.get("k")
                except ClosedError as error:
                    print(error, flush=True)
                await client.close()
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
            kv = await client.get("k")
            print(kv.text, (await watcher.get(timeout=5)).kv.text, heartbeat.lost)
            await cache.close()
            await client.close()
        asyncio.run(main())
        """,
}


@contextlib.contextmanager
def child(what: str, kind: str, endpoint: str) -> Iterator["subprocess.Popen[str]"]:
    head = "import asyncio, os, sys, threading\nfrom etcdobs import AsyncClient, Client, ClosedError\n"
    head += "from etcdobs.recipes import AsyncCache, Cache\n"
    head += f"endpoint = {endpoint!r}\n"
    # From Python 3.12 on it is a warning to fork where threads run, as here they do.
    warnings = "default" if what == "fork" else "error"
    command = [sys.executable, "-W", warnings, "-c", head + textwrap.dedent(SCRIPTS[what, kind])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    if (what, kind) == ("fork", AWAITING):
        # Else gRPC's own handlers crash one child in a few, also where grpc.aio is used without this library.
        environment["GRPC_ENABLE_FORK_SUPPORT"] = "0"
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def interrupted(process: "subprocess.Popen[str]") -> str:
    """What the process wrote to stderr, having been interrupted as Ctrl-C does it."""
    process.send_signal(signal.SIGINT)
    with Stopwatch() as ending:
        errors = process.communicate(timeout=10)[1]
    assert ending.seconds < 2
    assert process.returncode == -signal.SIGINT
    return errors


@pytest.mark.parametrize("kind", [BLOCKING, AWAITING])
async def test_ctrl_c_ends_a_call_that_gets_no_answer(etcd_server: Etcd, kind: str) -> None:
    with relay(etcd_server.endpoint) as link:
        link.pause()
        with child("get", kind, link.endpoint) as process:
            await eventually(lambda: link.connections, timeout=20)
            await asyncio.sleep(0.1)
            errors = interrupted(process)
    assert errors.endswith("KeyboardInterrupt\n")
    assert "Exception ignored" not in errors


@pytest.mark.parametrize("kind", [BLOCKING, AWAITING])
async def test_ctrl_c_ends_a_watch(etcd_server: Etcd, kind: str) -> None:
    with child("watch", kind, etcd_server.endpoint) as process:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == "open\n"
        errors = interrupted(process)
    assert errors.endswith("KeyboardInterrupt\n")
    assert "Exception ignored" not in errors


@pytest.mark.parametrize("kind", [BLOCKING, AWAITING])
def test_a_process_exits_with_everything_open(fresh_etcd: Etcd, kind: str) -> None:
    with child("exit", kind, fresh_etcd.endpoint) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        with Stopwatch() as exiting:
            output, errors = process.communicate(timeout=20)
    assert (process.returncode, output, errors) == (0, "", "")
    assert exiting.seconds < 2


@pytest.mark.parametrize("kind", [BLOCKING, AWAITING])
def test_a_forked_child_is_told_to_make_its_own_client(etcd_server: Etcd, kind: str) -> None:
    with child("fork", kind, etcd_server.endpoint) as process:
        output, errors = process.communicate(timeout=20)
    told = ": the client was made before this process was forked: make one after the fork (CANCELLED)"
    assert (process.returncode, output.splitlines()) == (
        0,
        [
            f"etcdserverpb.KV/Range{told}",
            f"True etcdserverpb.Watch/Watch{told}",
            f"etcdserverpb.Watch/Watch{told.replace('client', 'cache')}",
            "v v False",
        ],
    ), errors
