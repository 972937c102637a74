"""The blocking client: binds every operation to the driver that blocks."""

from collections.abc import Callable, Iterable, Iterator
from os import PathLike
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from etcdobs._bind import opens, sync
from etcdobs._call import CLIENT_DEFAULT, Timeout, checked_seconds
from etcdobs._children import ChildrenCursor, children
from etcdobs._compose import PROCESS_WIDE, Metrics, compose, described
from etcdobs._drive.sync import Driver
from etcdobs._drive.sync_health import health
from etcdobs._drive.sync_history import history as read_history
from etcdobs._drive.sync_keepalive import Heartbeats
from etcdobs._drive.sync_lines import dumped, loaded
from etcdobs._drive.sync_membership import AutoSync
from etcdobs._drive.sync_namespace import view
from etcdobs._drive.sync_pages import pages, scanned
from etcdobs._drive.sync_watch import Watcher, Watches
from etcdobs._dump import Dumping, dump
from etcdobs._environment import from_environment
from etcdobs._file_config import from_file
from etcdobs._history import HistoryOptions, history
from etcdobs._load import Loading, load
from etcdobs._namespace import as_namespace, watch_cursor
from etcdobs._scan import ScanCursor, scan
from etcdobs._token import Secret, hidden
from etcdobs.config import TLS, RetryPolicy, parse_endpoints
from etcdobs.ops import kv, watch
from etcdobs.ops.operation import HasLeaseId
from etcdobs.recipes.batched import Batch
from etcdobs.recipes.election import Election
from etcdobs.recipes.lock import Lock
from etcdobs.recipes.session import Session
from etcdobs.recipes.stm import STM, Isolation, run
from etcdobs.services.auth import AuthClient
from etcdobs.services.cluster import ClusterClient
from etcdobs.services.lease import LeaseClient
from etcdobs.services.maintenance import MaintenanceClient
from etcdobs.services.txn import TxnBuilder
from etcdobs.types import Child, Event, Health, KeyValue

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

__all__ = ["Client"]

T = TypeVar("T")


class Client:
    """A client of an etcd cluster, for blocking code. Thread-safe; use it as a context manager, or call `close`.

    Args:
        endpoints: `host:port`, `http://`, `https://` or `unix://`; several as "a:2379,b:2379" or as a sequence.
        discovery_srv, discovery_srv_name: look the endpoints up instead, in the SRV records of this domain, and of this
            cluster where it has several, as etcdctl does; done here and now, within `dial_timeout` a look-up.
        insecure_discovery: take endpoints without TLS from there too.
        auto_sync_interval: seconds between looks at the member list, for the endpoints; None: never (see
            `cluster.sync`).
        reject_old_cluster: before the first call ask each endpoint for its version; older than the minor version before
            the client's own, and every call raises OldClusterError.
        namespace: a prefix that all keys are under; they are named and answered without it (see `namespaced`).
        username, password: of an etcd user; the token they buy is renewed unseen. `password` may be a callable (no
            coroutine function), asked again when the server refuses the token.
        token: a token made elsewhere, instead of a user; may be a callable, asked again when it is refused.
        tls: how to speak TLS; an `https://` endpoint without it trusts the system's certificates.
        timeout: seconds, the deadline of a call that names none; None: no deadline.
        dial_timeout: seconds that a call waits while no endpoint can be connected at all.
        keepalive_time, keepalive_timeout: seconds between pings of a busy connection (at least 5), and for the answer.
        require_leader: refuse unary calls on a member without a leader; watches and keepalives always do.
        retry: how often a call that may be repeated is; None: never.
        max_send_bytes, max_receive_bytes: the largest message.
        metrics: where calls are counted; None: nowhere. Left out: in the one that all clients of the process share.
        tracer_provider: OpenTelemetry's; None: the global one.
        trace_keys: whether spans tell the keys that are asked for, but for those of a transaction; values never.
        interceptors: your own gRPC interceptors, inside the retries.
        options: gRPC channel options; they win over the library's.

    Raises:
        TypeError, ValueError: an argument is wrong. Nothing is connected before the first call.
    """

    def __init__(
        self,
        endpoints: str | Iterable[str] = "localhost:2379",
        *,
        discovery_srv: str | None = None,
        discovery_srv_name: str = "",
        insecure_discovery: bool = True,
        auto_sync_interval: float | None = None,
        reject_old_cluster: bool = False,
        namespace: str | bytes = b"",
        username: str | None = None,
        password: Secret | None = None,
        token: Secret | None = None,
        tls: TLS | None = None,
        timeout: float | None = 10.0,
        dial_timeout: float = 5.0,
        keepalive_time: float = 30.0,
        keepalive_timeout: float = 10.0,
        require_leader: bool = False,
        retry: RetryPolicy | None = RetryPolicy(),
        max_send_bytes: int = 2 * 1024 * 1024,
        max_receive_bytes: int = 2**31 - 1,
        metrics: Metrics = PROCESS_WIDE,
        tracer_provider: "TracerProvider | None" = None,
        trace_keys: bool = False,
        interceptors: Iterable[Any] = (),
        options: Iterable[tuple[str, Any]] = (),
    ) -> None:
        password, token = hidden(password), hidden(token)
        parts = compose(
            endpoints,
            discovery_srv=discovery_srv,
            discovery_srv_name=discovery_srv_name,
            insecure_discovery=insecure_discovery,
            auto_sync_interval=auto_sync_interval,
            reject_old_cluster=reject_old_cluster,
            namespace=namespace,
            username=username,
            password=password,
            token=token,
            tls=tls,
            timeout=timeout,
            dial_timeout=dial_timeout,
            keepalive_time=keepalive_time,
            keepalive_timeout=keepalive_timeout,
            require_leader=require_leader,
            retry=retry,
            max_send_bytes=max_send_bytes,
            max_receive_bytes=max_receive_bytes,
            metrics=metrics,
            tracer_provider=tracer_provider,
            trace_keys=trace_keys,
            interceptors=interceptors,
            options=options,
        )
        self._driver = self._whole = Driver(
            parts.session, parts.settings, parts.instruments, parts.interceptors, parts.metrics
        )
        self._is_view = False
        self._watches = Watches(self._whole)
        self._heartbeats = Heartbeats(self._whole)
        self._sync = None if auto_sync_interval is None else AutoSync(self._whole, auto_sync_interval)
        self.cluster: ClusterClient = ClusterClient(self._whole)
        self.auth: AuthClient = AuthClient(self._whole)
        self._confine(parts.namespace)

    def _confine(self, namespace: bytes) -> None:
        self._namespace = namespace
        self._driver, self._procedures = view(self._whole, self._watches, namespace)
        self.maintenance: MaintenanceClient = MaintenanceClient(self._whole, self._procedures)
        self.lease: LeaseClient = LeaseClient(self._driver, self._heartbeats)

    @classmethod
    def from_env(cls, **overrides: Any) -> "Client":
        """A client as etcdctl's environment says (ETCDCTL_ENDPOINTS, _USER, _PASSWORD, _CACERT, _CERT, _KEY, ...).

        Args:
            overrides: arguments of the client that win over the environment.

        Raises:
            ValueError: a variable is malformed; the message names it.
        """
        return cls(**from_environment() | overrides)

    @classmethod
    def from_config(cls, path: str | PathLike[str], **overrides: Any) -> "Client":
        """A client as a YAML file with the keys of clientv3's `yaml` package says (needs `etcdobs[yaml]`).

        A duration is a number of nanoseconds, or like "5s". TLS is spoken to endpoints without a scheme unless
        insecure-transport is true.

        Args:
            path: the file.
            overrides: arguments of the client that win over the file.

        Raises:
            ValueError: the file cannot be read, or a key in it is unknown or malformed; the message names both.
            ModuleNotFoundError: PyYAML is not installed.
        """
        return cls(**from_file(path) | overrides)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """The endpoints in use, as they were given."""
        return self._whole.session.endpoints.texts

    def set_endpoints(self, endpoints: str | Iterable[str]) -> None:
        """Use these endpoints from now on; connections to the others are given up.

        Calls under way there have the client's `timeout` to come to their end; watches and keepalives go on elsewhere.

        Args:
            endpoints: as the constructor takes them.

        Raises:
            TypeError, ValueError: there is none, or one is malformed; those of now stay in use.
        """
        self._whole.set_endpoints(parse_endpoints(endpoints))

    def health(self) -> Health:
        """How every endpoint is, as `etcdctl endpoint health` finds it; takes little more than `dial_timeout`."""
        return health(self._whole)

    def namespaced(self, prefix: str | bytes) -> "Client":
        """The same client, confined to the keys under `prefix`: they are named and answered without it.

        It shares the connections of this one, and closing it closes nothing. What has no end (`Keys.all`,
        `Keys.from_key`) ends with the prefix. A namespace in a namespace is under both. Leases, members, users and
        the keys of a role's permissions have no namespace.

        Args:
            prefix: what the keys begin with, its separator included.
        """
        client = object.__new__(type(self))
        client.__dict__.update(self.__dict__)
        client._is_view = True
        client._confine(self._namespace + as_namespace(prefix))
        return client

    def close(self) -> None:
        """End everything in bounded time: calls, watches and keepalives raise ClosedError.

        May be called twice, and from any thread.
        """
        if not self._is_view:
            self._whole.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        # A tool that shows the locals of a traceback may come upon one that was never made.
        if not hasattr(self, "_whole"):
            return "<Client, not made>"
        return described("Client", self.endpoints, self._namespace, is_closed=self._whole.closing.is_set())

    # ---- keys and values

    @sync(kv.get)
    def get(self) -> None: ...

    @sync(kv.range)
    def range(self) -> None: ...

    @sync(kv.count)
    def count(self) -> None: ...

    @sync(kv.put)
    def put(self) -> None: ...

    @sync(kv.delete)
    def delete(self) -> None: ...

    @sync(kv.compact)
    def compact(self) -> None: ...

    @sync(kv.do)
    def do(self) -> None: ...

    def txn(self) -> "TxnBuilder":
        """A transaction: `client.txn().when(Compare.missing("/k")).then(Put("/k", "v")).commit()`."""
        return TxnBuilder(self._driver)

    def _iterate_keys(self, cursor: ScanCursor) -> Iterator[KeyValue]:
        return scanned(self._driver, cursor, self._namespace)

    def _iterate_children(self, cursor: ChildrenCursor) -> Iterator[Child]:
        return pages(self._driver, cursor)

    def _iterate_events(self, options: HistoryOptions) -> Iterator[Event]:
        return read_history(self._driver, options, self._namespace)

    def _dump(self, dumping: Dumping) -> int:
        return dumped(self._driver, dumping, self._namespace)

    def _load(self, loading: Loading) -> int:
        return loaded(self._driver, loading)

    @opens(scan, _iterate_keys)
    def scan(self) -> None: ...

    @opens(children, _iterate_children)
    def children(self) -> None: ...

    @opens(history, _iterate_events)
    def history(self) -> None: ...

    @opens(dump, _dump)
    def dump(self) -> None: ...

    @opens(load, _load)
    def load(self) -> None: ...

    # ---- recipes

    def session(
        self, ttl: int = 60, lease: int | HasLeaseId | None = None, *, timeout: Timeout = CLIENT_DEFAULT
    ) -> Session:
        """A lease that is kept alive while the returned context manager is open, and revoked after it.

        Args:
            ttl: seconds that it outlives a client that died.
            lease: an existing lease to stand on, instead of a new one.
            timeout: seconds for each call; left out: the client's; None: no deadline.
        """
        return Session(self.lease, ttl, lease, timeout)

    def lock(
        self, name: str | bytes, ttl: int = 60, timeout: float | None = None, session: Session | None = None
    ) -> Lock:
        """A lock of the whole cluster, fair, and compatible with Go's `concurrency.Mutex`.

        Args:
            name: all who use one name exclude each other.
            ttl: seconds after which a holder that died loses it.
            timeout: seconds to wait for it; None: as long as it takes.
            session: an open session to hang it on, instead of one of its own.
        """
        return Lock(self._procedures, self.lease, name, ttl, checked_seconds(timeout), session)

    def election(self, name: str | bytes, ttl: int = 60, session: Session | None = None) -> Election:
        """An election among all who use one name, compatible with Go's `concurrency.Election`.

        Args:
            name: of the election.
            ttl: seconds after which a leader that died is replaced.
            session: an open session to hang the candidacy on, instead of one of its own.
        """
        return Election(self._procedures, self.lease, self.watch, name, ttl, session)

    def batched(self, max_ops: int = 128) -> Batch:
        """Gets, puts and deletes of many threads, sent together as transactions while the returned object is open.

        Args:
            max_ops: operations in one transaction; the server refuses more than its `--max-txn-ops`, 128 unless set,
                and is then asked for fewer.
        """
        return Batch(self._driver, max_ops)

    def stm(
        self,
        function: Callable[[STM], T],
        isolation: Isolation = "serializable_snapshot",
        *,
        timeout: Timeout = CLIENT_DEFAULT,
    ) -> T:
        """Run `function(stm)` until what it read and wrote happened at one moment; returns what its last run returned.

        Args:
            function: reads and writes through the `STM` it is given; it may run several times.
            isolation: "serializable_snapshot", "serializable", "repeatable_reads" or "read_committed", as in Go.
            timeout: seconds for all runs together; left out: the client's for each call; None: no deadline.

        Raises:
            ValueError: there is no such isolation level.
            DeadlineExceededError: it did not commit within `timeout` (also a TimeoutError).
        """
        return run(self._driver, function, isolation, timeout)

    # ---- watches

    def _watcher(self, options: watch.WatchOptions) -> Watcher:
        cursor = watch_cursor(self._namespace, options.keys, **options.asked)
        seconds = self._driver.session.seconds(options.timeout)
        return Watcher(self._watches, cursor, options.buffer, seconds)

    @opens(watch.watch, _watcher)
    def watch(self) -> None: ...
