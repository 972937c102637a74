"""Writes `docs/metrics.md` from the catalogue of the metrics: `python docs/make_metrics.py`."""

from collections.abc import Iterator
from pathlib import Path

from etcdobs._drive.notes import OUTCOME_UNKNOWN
from etcdobs._operations import OPERATIONS
from etcdobs.observe import DEFAULT_BUCKETS
from etcdobs.observe.catalogue import CATALOGUE, LABELS, LIVE
from etcdobs.observe.context import MOST_CONTEXTS
from etcdobs.observe.recorder import CODE_NAMES

PAGE = Path(__file__).parent / "metrics.md"

HEAD = """# Metrics

Made from the code by `python docs/make_metrics.py`.

A client counts what it does in Prometheus metrics: in the registry of the process, or where `ClientMetrics` says.

```python
etcdobs.serve_metrics(9464)  # http://127.0.0.1:9464/metrics
Client(...)  # counts in the registry of the process
Client(..., metrics=ClientMetrics(registry))  # counts in yours
Client(..., metrics=None)  # counts nothing
ClientMetrics(registry, const_labels={"app": "shop"})  # a label on every sample
ClientMetrics(registry, context_labels={"tenant": tenant.get})  # one that the caller's ContextVar gives
ClientMetrics(registry, namespace="shop")  # shop_grpc_client_..., shop_etcdobs_...
```

`grpc_client_*` are those of go-grpc-prometheus, by name, label and meaning: they count **attempts**, each RPC that is
sent. `etcdobs_*` count **operations**, what the caller asked for, whatever attempts that took, and what the client does
of itself. No label ever holds a key, a value, a user or a lease.

Dashboards and alerts over them are in [dashboards/](../dashboards/README.md).
"""

TAIL = """## What counts as what

- An operation is one call of a method that answers with one reply: `get`, `put`, a transaction's `commit`, a lease's
  `grant`, and so on. `scan` and `children` are an operation a page. A recipe is the operations that it is made of; a
  `lock` that is waited for is one more, with all its calls and waits. Operations of `batched` count as the
  transactions that they are sent in. `health()` is none: `grpc_client_*` counts what it asks each member.
- A watch is an operation until the server has it; one without a start first reads where the cluster is (a `count`).
  Snapshots, `history` and RangeStream are streams: `grpc_client_*` counts them, with their messages.
- Messages of streams are counted when they come, and only they: neither the end of a stream nor an error is one.
- `etcdobs_endpoint_latency_seconds` has one sample for each attempt that was answered `OK`: what a member refuses it
  refuses fast. `etcdobs_endpoint_state` says which members do not answer.
- A watch's lag is what its client has received and its user has not taken yet. Once its buffer is full nothing more is
  fetched for it, and the lag in revisions counts up to the newest that the client's other watches have seen.
- `etcdobs_watch_failures_total` counts the watches that end with an error for their users; one that goes on over a new
  stream is a resume, one that its user or `close` ended is neither.
- A lease's margin counts from when its last answered renewal was sent, on a clock that runs while the machine sleeps.
  With no lease kept alive it has no sample.

## Served to others

By default `serve_metrics` serves this machine only, over plain HTTP. To the network, with TLS and a password:

```python
etcdobs.serve_metrics(
    9464,
    "0.0.0.0",
    certfile="server.pem",
    keyfile="server-key.pem",
    client_cafile="clients-ca.pem",  # only for those who show a certificate that it signed
    basic_auth={{"prometheus": os.environ["SCRAPE_PASSWORD"]}},
)
```

Each works without the others, except that `keyfile` and `client_cafile` need `certfile`. Without TLS the password
crosses the network in the clear. Renewed certificates are used from the next scrape on. For Prometheus:

```yaml
scrape_configs:
  - job_name: shop
    scheme: https
    basic_auth:
      username: prometheus
      password_file: scrape-password
    tls_config:
      ca_file: ca.pem
      cert_file: prometheus.pem # where there is a client_cafile
      key_file: prometheus-key.pem
    static_configs:
      - targets: [shop-1:9464]
```

## Labels of your own

`const_labels` go on every sample. `context_labels` go on the metrics marked "context" above, with the value that their
function gives where the call starts; an unset ContextVar gives "". There are at most {contexts} combinations of values,
those that come later count as "other". Two `ClientMetrics` of one registry share its families: they may differ in the
values of const labels, not in names or buckets. `initialize` shows series at zero before their first call.

## Beside another library

py-grpc-prometheus has metrics of the same names, `grpc_client_*`. Where it registered them first in the registry of the
process, a client that was given no metrics leaves them to it: its `etcdobs_*` are there, its own `grpc_client_*` are
not, and the log names them. `Client(metrics=ClientMetrics(namespace="shop"))` shows all of them beside, and
`ClientMetrics(registry)` on a registry of yours. Where the client was first, py-grpc-prometheus fails with "Duplicated
timeseries": give it a registry of its own (`PromClientInterceptor(registry=CollectorRegistry())`), or give the client
one of those two.

## Exemplars and traces

`grpc_client_handling_seconds` has the trace of a sampled call as its exemplar. Beside
opentelemetry-instrumentation-grpc a call through `client_interceptors` has one span: of whichever is called first.
`GrpcInstrumentorClient` is called after them, so the span is theirs; `GrpcAioInstrumentorClient` before, so the span is
its own, and they count only. Under OpenTelemetry's `suppress_instrumentation()` no spans are made, and everything is
counted. More on spans is in [what a span stands for](decisions/traces.md).

## Several processes

In prometheus_client's multiprocess mode (`PROMETHEUS_MULTIPROC_DIR`) counters and histograms add up over all
processes, and recorded gauges over those that live. Gauges that are read off the living clients are not part of what
it collects: each process can serve those of its own with `serve_metrics`. Exemplars are not kept there, and neither are
the series of an endpoint that left taken away.

## Cost

`python benchmarks/instrument_cost.py` measures it. Per call with an instant transport on one machine, all metrics of an
operation cost about 18 times the `inc` of a counter at hand (5.5 us where that is 0.3 us), of which `grpc_client_*` is
half. Metrics that fail fail no call: the log says so once.

prometheus_client adds a `_created` series to each counter and histogram, unless the environment has
`PROMETHEUS_DISABLE_CREATED_SERIES=True`.
"""


def lines() -> Iterator[str]:
    """The page, piece by piece."""
    yield HEAD
    yield "## Recorded as things happen\n"
    yield "| metric | type | labels | what it is |\n|---|---|---|---|"
    for row in CATALOGUE.values():
        labels = ", ".join((*map(_code, row.labels), *(("*context*",) if row.in_context else ())))
        yield f"| `{row.name}` | {row.type} | {labels} | {row.help} |"
    yield "\n## Read off the living clients\n"
    yield "Gauges, read when they are asked for: nothing is spent on them before.\n"
    yield "| metric | labels | several clients | what it is |\n|---|---|---|---|"
    for live in LIVE.values():
        yield f"| `{live.name}` | {', '.join(map(_code, live.labels))} | {live.together} | {live.help} |"
    yield "\n## Labels\n"
    yield "| label | its values |\n|---|---|"
    yield from (f"| `{name}` | {text} |" for name, text in LABELS.items())
    yield f"\nOperations: {', '.join(map(_code, OPERATIONS))}.\n"
    yield f"Outcomes: {', '.join(map(_code, CODE_NAMES.values()))}, and `{OUTCOME_UNKNOWN}` for a mutation of which"
    yield "nobody knows whether it was carried out. What its caller cancelled or interrupted is `Canceled`.\n"
    yield "## Buckets\n"
    yield f"Upper bounds, unless `buckets` says otherwise: {_bounds(DEFAULT_BUCKETS)}.\n"
    yield from (f"- `{row.name}`: {_bounds(row.buckets)}" for row in CATALOGUE.values() if row.buckets)
    yield "\n" + TAIL.format(contexts=MOST_CONTEXTS).rstrip()


def _code(text: str) -> str:
    return f"`{text}`"


def _bounds(bounds: tuple[float, ...]) -> str:
    return ", ".join(f"{bound:g}" for bound in bounds)


def page() -> str:
    """What `docs/metrics.md` holds."""
    return "\n".join(lines()) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
