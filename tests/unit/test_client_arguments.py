"""A wrong argument of a client is refused when the client is made, and the message says what would be right."""

from typing import Any

import grpc
import pytest
from prometheus_client import CollectorRegistry

from etcdobs import TLS, AsyncClient, Client, ClientMetrics
from etcdobs.interceptors import aio_client_interceptors, client_interceptors

KINDS = pytest.mark.parametrize("kind", [Client, AsyncClient])


@KINDS
@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"interceptors": object()}, r"interceptors must be a sequence of gRPC interceptors, not object"),
        ({"interceptors": "text"}, r"interceptors must be a sequence of gRPC interceptors, not str"),
        ({"interceptors": [object()]}, r"interceptors: object is none of grpc(\.aio)?\.UnaryUnaryClientInterceptor"),
        ({"options": {"grpc.lb_policy_name": "x"}}, r"options must be pairs like \('grpc.*items\(\)"),
        ({"options": 3}, "options must be a sequence of pairs"),
        ({"options": [("a", "b", "c")]}, "options must be pairs"),
        ({"options": [(1, "b")]}, "options must be pairs"),
        ({"options": [("grpc.x", 1.5)]}, r"grpc\.x must be an int, a str or bytes, not float"),
        ({"tracer_provider": "otel"}, r"tracer_provider must be an OpenTelemetry TracerProvider .*not str"),
        ({"metrics": "prometheus"}, r"metrics must be a ClientMetrics or None, not str"),
        ({"metrics": CollectorRegistry()}, r"not CollectorRegistry; .*ClientMetrics\(registry\)"),
        ({"tls": "ca.pem"}, "tls must be a TLS or None, not str"),
        ({"retry": 3}, "retry must be a RetryPolicy or None, not int"),
    ],
)
def test_an_argument_of_another_type_is_named(kind: type[Client], argument: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        kind("localhost:1", **argument)


def test_each_client_takes_its_own_interceptors() -> None:
    metrics = ClientMetrics(CollectorRegistry())
    own, others = list(client_interceptors(metrics)), list(aio_client_interceptors(metrics))
    Client("localhost:1", interceptors=own).close()
    AsyncClient("localhost:1", interceptors=others)
    with pytest.raises(TypeError, match=r"none of grpc\.UnaryUnaryClientInterceptor"):
        Client("localhost:1", interceptors=others)
    with pytest.raises(TypeError, match=r"none of grpc\.aio\.UnaryUnaryClientInterceptor"):
        AsyncClient("localhost:1", interceptors=own)


def test_interceptors_and_options_may_come_from_any_iterable() -> None:
    class Silent(grpc.UnaryUnaryClientInterceptor):
        def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
            return continuation(client_call_details, request)

    Client("localhost:1", interceptors=iter([Silent()]), options={"grpc.x": 1}.items()).close()


@KINDS
@pytest.mark.parametrize("endpoints", ["http://a:1", "https://a:1,http://b:1", ["b:1", "http://a:1"]])
def test_plain_text_despite_certificates_is_refused_with_the_ways_out(kind: type[Client], endpoints: Any) -> None:
    with pytest.raises(ValueError, match=r"'http://[ab]:1' is plain text, but tls= .*https://[ab]:1.* leave tls= out"):
        kind(endpoints, tls=TLS(ca=b"pem"))


@KINDS
def test_plain_text_beside_certificates_may_be_allowed(kind: type[Client]) -> None:
    assert kind("http://a:1", tls=TLS(ca=b"pem", allow_plaintext=True)).endpoints == ("http://a:1",)
    assert kind("http://a:1").endpoints == ("http://a:1",)


def test_a_live_client_does_not_move_to_plain_text() -> None:
    with Client("https://a:1", tls=TLS(ca=b"pem")) as client:
        with pytest.raises(ValueError, match="is plain text"):
            client.set_endpoints("http://a:1")
        assert client.endpoints == ("https://a:1",)
        with pytest.raises(ValueError, match="is plain text"):
            client.maintenance.status("http://b:1")


def test_etcdctl_s_environment_may_say_both(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    pem = tmp_path / "ca.pem"
    pem.write_bytes(b"pem")
    monkeypatch.setenv("ETCDCTL_ENDPOINTS", "http://a:1,https://b:1")
    monkeypatch.setenv("ETCDCTL_CACERT", str(pem))
    with Client.from_env() as client:
        assert client.endpoints == ("http://a:1", "https://b:1")


@pytest.mark.parametrize("field", ["verify", "allow_plaintext"])
def test_a_switch_of_tls_is_true_or_false(field: str) -> None:
    with pytest.raises(TypeError, match=f"TLS: {field} must be True or False, not str"):
        TLS(**{field: "no"})  # type: ignore[arg-type]


def test_the_name_of_a_server_is_a_str() -> None:
    with pytest.raises(TypeError, match="TLS: server_name must be a str, not bytes"):
        TLS(server_name=b"etcd")  # type: ignore[arg-type]


@pytest.mark.parametrize("call", ["revoke", "time_to_live", "keep_alive_once", "keep_alive", "existing"])
def test_no_lease_is_no_lease(call: str) -> None:
    with Client("localhost:1") as client, pytest.raises(ValueError, match=r"lease must be from 1 .*, not 0"):
        getattr(client.lease, call)(0)
