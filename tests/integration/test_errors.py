"""Which exception a server's refusal is, and what it says of itself."""

import pickle
from collections.abc import Awaitable, Callable, Iterator

import grpc
import pytest

from etcdobs import (
    AsyncClient,
    CompactedError,
    ConnectionFailedError,
    DeadlineExceededError,
    DuplicateKeyError,
    EmptyKeyError,
    EtcdError,
    FailedPreconditionError,
    FutureRevisionError,
    InvalidArgumentError,
    KeyNotFoundError,
    Keys,
    LeaseExistError,
    LeaseNotFoundError,
    LeaseTTLTooLargeError,
    NoLeaderError,
    NoSpaceError,
    NotFoundError,
    OutOfRangeError,
    Put,
    RequestTooLargeError,
    RetryPolicy,
    TooManyOpsError,
    UnavailableError,
)
from etcdobs.testing import Etcd, EtcdCluster, etcd
from tests.conftest import OpenClient
from tests.full_store import KEY, fill
from tests.waiting import QUICK, Stopwatch, eventually


@pytest.fixture
def small_etcd() -> Iterator[Etcd]:
    """One whose quota is used up by a few large values."""
    with etcd(flags=[*QUICK, "--quota-backend-bytes=1000000"]) as server:
        yield server


async def test_an_error_says_what_where_and_why(client: AsyncClient, etcd_server: Etcd, prefix: str) -> None:
    with pytest.raises(KeyNotFoundError) as caught:
        await client.put(prefix, ignore_value=True)
    error = caught.value
    address = etcd_server.endpoint.removeprefix("http://")
    assert (error.code, error.details) == (grpc.StatusCode.INVALID_ARGUMENT, "etcdserver: key not found")
    assert (error.method, error.endpoint, error.outcome_unknown) == ("etcdserverpb.KV/Put", address, False)
    assert str(error) == f"etcdserverpb.KV/Put at {address}: etcdserver: key not found (INVALID_ARGUMENT)"
    assert isinstance(error, (EtcdError, InvalidArgumentError))


async def test_an_error_survives_pickling(client: AsyncClient, prefix: str) -> None:
    with pytest.raises(KeyNotFoundError) as caught:
        await client.put(prefix, ignore_value=True)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (type(copy), str(copy), vars(copy)) == (KeyNotFoundError, str(caught.value), vars(caught.value))


async def refused(client: AsyncClient, prefix: str, error: type[EtcdError]) -> None:
    """The call that provokes `error`."""
    revision = (await client.put(prefix)).revision
    lease = await client.lease.grant(60)
    provoke: dict[type[EtcdError], Callable[[], Awaitable[object]]] = {
        EmptyKeyError: lambda: client.get(""),
        KeyNotFoundError: lambda: client.put(prefix + "x", ignore_lease=True),
        DuplicateKeyError: lambda: client.txn().then(Put(prefix), Put(prefix)).commit(),
        TooManyOpsError: lambda: client.txn().then(*(Put(f"{prefix}{n}") for n in range(129))).commit(),
        FutureRevisionError: lambda: client.range(prefix, revision=revision + 1_000_000),
        LeaseNotFoundError: lambda: client.lease.revoke(12345),
        LeaseExistError: lambda: client.lease.grant(60, lease.id),
        LeaseTTLTooLargeError: lambda: client.lease.grant(9_000_000_001),
        RequestTooLargeError: lambda: client.put(prefix, "x" * 1_677_721),
    }
    await provoke[error]()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (EmptyKeyError, ValueError),
        (KeyNotFoundError, InvalidArgumentError),
        (DuplicateKeyError, InvalidArgumentError),
        (TooManyOpsError, InvalidArgumentError),
        (FutureRevisionError, OutOfRangeError),
        (LeaseNotFoundError, NotFoundError),
        (LeaseExistError, FailedPreconditionError),
        (LeaseTTLTooLargeError, OutOfRangeError),
        (RequestTooLargeError, InvalidArgumentError),
    ],
)
async def test_a_refusal_is_an_exception_of_its_own(
    client: AsyncClient, prefix: str, error: type[EtcdError], kind: type[Exception]
) -> None:
    with pytest.raises(error) as caught:
        await refused(client, prefix, error)
    assert type(caught.value) is error
    assert isinstance(caught.value, kind)
    assert not caught.value.outcome_unknown


async def test_compacted_history_is_told(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        old = (await client.put("k")).revision
        await client.compact((await client.put("k")).revision)
        with pytest.raises(CompactedError) as caught:
            await client.range(Keys.all(), revision=old)
    assert (caught.value.code, caught.value.compact_revision) == (grpc.StatusCode.OUT_OF_RANGE, None)


@pytest.mark.parametrize("max_send_bytes", [2 * 1024 * 1024, 4 * 1024 * 1024], ids=["by the client", "by the server"])
async def test_three_mebibytes_are_too_large(
    open_client: OpenClient, etcd_server: Etcd, prefix: str, max_send_bytes: int
) -> None:
    async with open_client(etcd_server.endpoint, max_send_bytes=max_send_bytes) as client:
        with pytest.raises(RequestTooLargeError) as caught:
            await client.put(prefix, "x" * 3 * 1024 * 1024)
        assert caught.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await client.get(prefix) is None


async def test_a_full_server_takes_no_more(open_client: OpenClient, small_etcd: Etcd) -> None:
    async with open_client(small_etcd.endpoint) as client:
        with pytest.raises(NoSpaceError) as caught:
            await fill(client)
        assert caught.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert await client.get(KEY) is not None


async def test_a_deadline_leaves_the_outcome_of_a_mutation_unknown(open_client: OpenClient, quick_etcd: Etcd) -> None:
    async with open_client(quick_etcd.endpoint) as client:
        await client.put("k")
        quick_etcd.pause()
        with Stopwatch() as waited, pytest.raises(DeadlineExceededError) as caught:
            await client.put("k", timeout=0.2)
        assert isinstance(caught.value, TimeoutError)
        assert caught.value.outcome_unknown
        assert str(caught.value).endswith("; it may or may not have been applied")
        assert 0.2 <= waited.seconds < 1
        with pytest.raises(DeadlineExceededError) as caught:
            await client.get("k", timeout=0.2)
        assert not caught.value.outcome_unknown


async def test_the_client_s_timeout_is_that_of_a_call_that_names_none(
    open_client: OpenClient, quick_etcd: Etcd
) -> None:
    async with open_client(quick_etcd.endpoint, timeout=0.2) as client:
        await client.get("k")
        quick_etcd.pause()
        with Stopwatch() as waited, pytest.raises(DeadlineExceededError):
            await client.range("k")
        assert 0.2 <= waited.seconds < 1


async def test_without_retries_the_first_error_is_raised(open_client: OpenClient) -> None:
    async with open_client("127.0.0.1:1", retry=None) as client:
        with Stopwatch() as waited, pytest.raises(ConnectionFailedError):
            await client.get("k")
        assert waited.seconds < 1


async def test_attempts_are_bounded(open_client: OpenClient) -> None:
    async with open_client("127.0.0.1:1", retry=RetryPolicy(max_attempts=2)) as client:
        with Stopwatch() as waited, pytest.raises(UnavailableError):
            await client.get("k")
        assert waited.seconds < 1


async def test_a_member_without_a_leader_refuses(open_client: OpenClient, etcd_cluster_of_three: EtcdCluster) -> None:
    one, *others = etcd_cluster_of_three
    async with open_client(one.endpoint, require_leader=True) as client:

        async def refusal() -> NoLeaderError | None:
            with pytest.raises((UnavailableError, DeadlineExceededError)) as caught:
                await client.put("k", timeout=0.3)
            error = caught.value
            assert error.outcome_unknown is not isinstance(error, NoLeaderError)
            return error if isinstance(error, NoLeaderError) else None  # it may not have noticed yet

        for member in others:
            member.kill()
        assert await eventually(refusal)
        etcd_cluster_of_three.start()
        await client.put("k", "v")
