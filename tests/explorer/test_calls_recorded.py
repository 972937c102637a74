"""What is recorded of the client's own calls to a real server: who answered, how much, in which trace; no value."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest
from prometheus_client import REGISTRY

from etcdobs import AsyncClient, Client, Compare, Get, Keys, Put
from etcdobs.testing import Etcd, EtcdCluster, etcd_cluster
from etcdobs_explorer.gateway.recorder import CallRecorder
from etcdobs_explorer.model.call_log import CallLog
from etcdobs_explorer.model.calls import OPEN, CallRecord, polling
from etcdobs_explorer.model.records import Sample
from etcdobs_explorer.model.samples import CALL_SECONDS


@asynccontextmanager
async def recorded(endpoints: str) -> AsyncGenerator[tuple[AsyncClient, CallRecorder]]:
    recorder = CallRecorder()
    async with AsyncClient(endpoints, timeout=3.0, dial_timeout=1.0, **recorder.options) as client:
        yield client, recorder


async def taken(recorder: CallRecorder, wanted: Callable[[CallRecord], object]) -> list[CallRecord]:
    """What was recorded, once one of it is what was wanted."""
    records: list[CallRecord] = []
    async with asyncio.timeout(10):
        while not any(map(wanted, records)):
            await asyncio.sleep(0.01)
            records += recorder.take()
    return records


class TestUnary:
    async def test_a_call_with_everything(self, fresh_etcd: Etcd) -> None:
        async with recorded(fresh_etcd.endpoint) as (client, recorder):
            revision = (await client.put("/app/k", "secret value")).revision
            await client.range(Keys.prefix("/app/"), limit=5)
            put, read = recorder.take()
        assert (put.service, put.method, put.keys) == ("etcdserverpb.KV", "Put", b"/app/k")
        assert (put.code, put.revision, put.attempt, put.is_error) == ("OK", revision, 0, False)
        assert put.seconds is not None
        assert 0 < put.seconds < 3
        assert put.endpoint == f"127.0.0.1:{fresh_etcd.port}".encode()
        assert put.member_id
        assert (len(put.trace_id), put.trace_id != read.trace_id) == (32, True)
        assert put.bytes_out > len("/app/ksecret value")
        assert (read.keys, read.line) == (b"/app/*", "etcdctl get --prefix --limit=5 /app/")
        assert read.bytes_in > put.bytes_in
        assert recorder.take() == []

    async def test_values_are_not_kept(self, fresh_etcd: Etcd) -> None:
        async with recorded(fresh_etcd.endpoint) as (client, recorder):
            await client.put("/k", "secret", lease=await client.lease.grant(60))
            then = (Put("/k", "secret2"), Get("/k"))
            await client.txn().when(Compare.value("/k") == "secret", Compare.exists("/k")).then(*then).commit()
            records = recorder.take()
        assert "secret" not in repr(records)
        txn = records[-1]
        assert txn.keys == b"/k, /k"
        assert txn.line == (
            "etcdctl txn <<'EOF'\n"
            'value("/k") = value-of-6-bytes-not-kept\n'
            'create("/k") > "0"\n\n'
            'put "/k" value of 7 bytes not kept\n'
            'get "/k"\n\n\n'
            "EOF"
        )

    async def test_passwords_are_not_kept(self, fresh_etcd: Etcd) -> None:
        async with recorded(fresh_etcd.endpoint) as (client, recorder):
            await client.auth.user_add("ann", "topsecret")
            await client.auth.user_get("ann")
            added, got = recorder.take()
        assert "topsecret" not in repr((added, got))
        assert (added.method, added.line, got.line) == ("UserAdd", "", "etcdctl user get ann")

    async def test_lines(self, fresh_etcd: Etcd) -> None:
        async with recorded(fresh_etcd.endpoint) as (client, recorder):
            await client.delete(Keys.between("/a", "/c"))
            await client.get("it's", serializable=True)
            lease = await client.lease.grant(60)
            await client.lease.time_to_live(lease.id, True)
            await client.maintenance.status()
            await client.cluster.members()
            lines = [record.line for record in recorder.take()]
        assert lines == [
            "etcdctl del /a /c",
            "etcdctl get --consistency=s 'it'\\''s'",
            "etcdctl lease grant 60",
            f"etcdctl lease timetolive {lease.id:x} --keys",
            f"etcdctl --endpoints=127.0.0.1:{fresh_etcd.port} endpoint status",
            "etcdctl member list",
        ]

    async def test_what_the_server_refuses(self, fresh_etcd: Etcd) -> None:
        async with recorded(fresh_etcd.endpoint) as (client, recorder):
            with pytest.raises(Exception, match="lease not found"):
                await client.lease.revoke(12345)
            (record,) = recorder.take()
        assert (record.code, record.is_error) == ("NotFound", True)
        assert b"requested lease not found" in record.details

    async def test_own_repeated_calls_are_marked(self, fresh_etcd: Etcd) -> None:
        async with recorded(fresh_etcd.endpoint) as (client, recorder):
            with polling():
                task = asyncio.create_task(client.get("/polled"))
            await task
            await client.get("/asked")
            assert [(record.keys, record.is_poll) for record in recorder.take()] == [
                (b"/polled", True),
                (b"/asked", False),
            ]

    async def test_long_keys_are_cut(self, fresh_etcd: Etcd) -> None:
        async with recorded(fresh_etcd.endpoint) as (client, recorder):
            await client.get(b"k" * 100_000)
            (record,) = recorder.take()
        assert len(record.keys) == 1024
        assert len(record.line) < 2000
        assert "cut" in record.line

    async def test_a_cancelled_call_ends_as_canceled(self, fresh_etcd: Etcd) -> None:
        async with recorded(fresh_etcd.endpoint) as (client, recorder):
            await client.get("/warm")
            fresh_etcd.pause()
            task = asyncio.create_task(client.get("/k"))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            fresh_etcd.resume()
            codes = [record.code for record in recorder.take() if record.keys == b"/k"]
        assert codes == ["Canceled"]


class TestStreams:
    async def test_a_watch_is_open_until_it_ends(self, fresh_etcd: Etcd) -> None:
        async with recorded(fresh_etcd.endpoint) as (client, recorder):
            async with client.watch(Keys.prefix("/w/"), start_revision=1) as watcher:
                await client.put("/w/1", "x" * 100)
                assert (await watcher.get(timeout=5)).kv.key == b"/w/1"
                records = recorder.take()
                opened = next(record for record in records if record.method == "Watch")
                assert (opened.code, opened.seconds, opened.is_stream) == (OPEN, None, True)
                assert (opened.keys, opened.line) == (b"/w/*", "etcdctl watch --prefix --rev=1 /w/")
                assert opened.messages_in == 2
                assert opened.bytes_in > 100
                assert opened.endpoint == f"127.0.0.1:{fresh_etcd.port}".encode()
                assert opened.revision
                assert recorder.take() == []
            ended = [r for r in await taken(recorder, lambda r: r.code != OPEN) if r.number == opened.number]
        assert ended[-1].code in ("OK", "Canceled")
        assert not ended[-1].is_error

    async def test_a_lease_kept_alive(self, fresh_etcd: Etcd) -> None:
        async with recorded(fresh_etcd.endpoint) as (client, recorder):
            lease = await client.lease.grant(60)
            async with client.lease.keep_alive(lease.id):
                records = await taken(recorder, lambda record: record.messages_in and record.is_stream)
        kept = records[-1]
        assert (kept.method, kept.line) == ("LeaseKeepAlive", f"etcdctl lease keep-alive {lease.id:x}")


class TestOrder:
    async def test_a_stream_that_began_between_calls_is_told_of_between_them(self, fresh_etcd: Etcd) -> None:
        async with recorded(fresh_etcd.endpoint) as (client, recorder):
            await client.get("/before")
            async with client.watch("/w", start_revision=1):
                await client.get("/after")
                log = CallLog()
                log.add(recorder.take())
                assert [row.last.keys for row in log.rows] == [b"/before", b"/w", b"/after"]


class TestMetrics:
    def counted(self, samples: list[Sample], name: str, **labels: str) -> float:
        return sum(s.value for s in samples if s.name == name and labels.items() <= s.labels.items())

    async def test_by_method_endpoint_and_code_and_of_this_client_alone(self, fresh_etcd: Etcd) -> None:
        with Client(fresh_etcd.endpoint) as other:
            other.put("/other", "x")
        async with recorded(fresh_etcd.endpoint) as (client, recorder):
            await client.get("/a")
            await client.get("/b")
            samples = recorder.samples()
        endpoint = f"127.0.0.1:{fresh_etcd.port}"
        labels = {"method": "KV/Range", "endpoint": endpoint, "code": "OK"}
        assert self.counted(samples, f"{CALL_SECONDS}_count", **labels) == 2
        assert self.counted(samples, "grpc_client_handled_total") == 2
        assert self.counted(samples, "etcdobs_endpoint_latency_seconds_count", endpoint=endpoint) == 2

    async def test_what_is_published_is_in_the_registry_of_the_process_until_another_is(self, fresh_etcd: Etcd) -> None:
        labels = {"method": "KV/Range", "code": "OK", "endpoint": f"127.0.0.1:{fresh_etcd.port}"}
        for calls in (1, 2):
            async with recorded(fresh_etcd.endpoint) as (client, recorder):
                recorder.publish()
                for _ in range(calls):
                    await client.get("/a")
            assert REGISTRY.get_sample_value(f"{CALL_SECONDS}_count", labels) == calls
        REGISTRY.unregister(recorder)


class TestFailover:
    @pytest.fixture
    def cluster(self) -> Iterator[EtcdCluster]:
        with etcd_cluster(3) as started:
            yield started

    async def test_attempts_name_the_members_they_went_to(self, cluster: EtcdCluster) -> None:
        async with recorded(",".join(cluster.endpoints)) as (client, recorder):
            for number in range(6):
                await client.get(f"/{number}")
            recorder.take()
            cluster[0].kill()
            for number in range(12):
                await client.get(f"/{number}")
            records = recorder.take()
        again = [record for record in records if record.attempt]
        assert again, records
        first = next(r for r in records if r.trace_id == again[0].trace_id and not r.attempt)
        assert (first.is_error, again[-1].code) == (True, "OK")
        assert first.endpoint == f"127.0.0.1:{cluster[0].port}".encode()
        assert again[0].endpoint != first.endpoint
        assert first.details
