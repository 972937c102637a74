"""What the demo's etcd holds: believable, awkward where it says so, and no larger after a day than at the start."""

import json
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

from etcdobs_explorer.demo import keyspace, registry
from etcdobs_explorer.demo.edge_cases import edge_cases
from etcdobs_explorer.demo.fleet import INSTANCES, NODES
from etcdobs_explorer.demo.jobs import Jobs
from etcdobs_explorer.demo.kubernetes import message
from etcdobs_explorer.model.kubernetes import envelope
from etcdobs_explorer.model.value import decode

NOW = datetime(2025, 3, 4, 8, 0, tzinfo=UTC)
START = dict(keyspace.lasting(NOW))


def keys_of(lease: keyspace.HeldLease, now: datetime = NOW) -> dict[bytes, bytes]:
    return dict(lease.keys(0x1234, now))


LEASED = {key: value for lease in keyspace.leases() for key, value in keys_of(lease).items()}


def format_of(key: bytes) -> str:
    return decode(START[key]).format


@pytest.mark.parametrize(
    "prefix", [b"/config/", b"/edge-cases/", b"/registry/pods/", b"/registry/minions/", b"/tenants/"]
)
def test_it_holds_lasting_keys_of_every_kind(prefix: bytes) -> None:
    assert sum(key.startswith(prefix) for key in START) >= 4


@pytest.mark.parametrize("prefix", [b"/services/", b"/elections/", b"/locks/", b"/sessions/", b"/registry/events/"])
def test_what_lives_on_a_lease_is_not_there_without_it(prefix: bytes) -> None:
    assert any(key.startswith(prefix) for key in LEASED)
    assert not any(key.startswith(prefix) for key in START)


def test_leases_last_from_ten_seconds_to_ten_minutes_and_have_keys() -> None:
    leases = keyspace.leases()
    assert min(lease.ttl for lease in leases) == 10
    assert max(lease.ttl for lease in leases) == 600
    assert all(keys_of(lease) for lease in leases)
    assert len({lease.name for lease in leases}) == len(leases)
    assert {lease.renewed_for is None for lease in leases} == {True, False}


def test_every_instance_is_registered_on_the_lease_of_its_node() -> None:
    by_name = {lease.name: lease for lease in keyspace.leases()}
    for node in NODES:
        here = {instance.key.encode() for instance in INSTANCES if instance.node is node}
        assert here == set(keys_of(by_name[node.name]))


def test_a_registration_says_where_and_since_when() -> None:
    value = json.loads(LEASED[INSTANCES[0].key.encode()])
    assert value.keys() >= {"address", "version", "started", "weight"}
    assert value["seen"] == "2025-03-04T08:00:00Z"


def test_the_configuration_is_yaml_json_and_text() -> None:
    assert format_of(b"/config/checkout/app.yaml") == "YAML"
    assert format_of(b"/config/checkout/database.json") == "JSON"
    assert format_of(b"/config/checkout/features.json") == "JSON"
    assert format_of(b"/config/checkout/log_level") == "text"


def test_a_configuration_that_changed_comes_in_its_former_versions_first() -> None:
    written = [value for key, value in keyspace.lasting(NOW) if key == b"/config/checkout/app.yaml"]
    assert len(written) == 3
    assert b'version: "2.14.1"' in written[-1]
    assert len(set(written)) == 3


@pytest.mark.parametrize(
    ("key", "api_version", "kind"),
    [
        (f"/registry/pods/default/{INSTANCES[0].name}", b"v1", b"Pod"),
        ("/registry/deployments/default/checkout", b"apps/v1", b"Deployment"),
        ("/registry/services/specs/default/checkout", b"v1", b"Service"),
        ("/registry/configmaps/kube-system/coredns", b"v1", b"ConfigMap"),
        ("/registry/leases/kube-node-lease/worker-1", b"coordination.k8s.io/v1", b"Lease"),
        ("/registry/minions/worker-1", b"v1", b"Node"),
        ("/registry/namespaces/default", b"v1", b"Namespace"),
    ],
)
def test_kubernetes_objects_are_in_the_envelope_of_an_api_server(key: str, api_version: bytes, kind: bytes) -> None:
    found = envelope(START[key.encode()])
    assert found is not None
    assert (found.api_version, found.kind) == (api_version, kind)
    name = key.rpartition("/")[2].encode()
    assert found.object.startswith(b"\x0a"), "field 1 is the metadata"
    assert found.object[2:].startswith((b"\x0a" + bytes([len(name)]) + name, b"\x01\x0a" + bytes([len(name)]) + name))


def test_a_custom_resource_is_json_and_a_secret_encrypted() -> None:
    assert format_of(b"/registry/monitoring.example.com/alertroutes/default/on-call") == "JSON"
    assert format_of(b"/registry/secrets/default/payments-api-key") == "Kubernetes, encrypted"


def test_the_wire_format_is_that_of_protobuf() -> None:
    nested = message({1: "a", 3: 300, 4: ["b", b"\xff"]})
    assert nested == b"\x0a\x01a" + b"\x18\xac\x02" + b"\x22\x01b" + b"\x22\x01\xff"
    assert message({16: b"x" * 200}) == b"\x82\x01\xc8\x01" + b"x" * 200


def test_the_edge_cases_are_what_their_names_say() -> None:
    cases = {key.removeprefix(b"/edge-cases/"): value for key, value in edge_cases()}
    assert decode(cases[b"binary"]).format == "binary"
    assert decode(cases[b"gzip.json"]).format == "gzip of JSON"
    assert decode(cases[b"not-quite.json"]).format == "text"
    assert cases[b"empty"] == b""
    assert len(cases[b"long-text"]) > 30_000
    assert b"\n" not in cases[b"long-line"]
    assert b"\x1b[2J" in cases[b"hostile"]
    assert b"[/]" in cases[b"hostile"]


def test_some_edge_cases_are_keys() -> None:
    keys = [key for key, _ in edge_cases()]
    assert any(other.startswith(key + b"/") for key in keys for other in keys), "a directory that is a key too"
    assert any("寿司".encode() in key for key in keys)
    assert any(b"\x1b" in key for key in keys)
    assert any(b"\xff" in key for key in keys), "a key that is no UTF-8"


def test_events_come_back_under_the_same_keys() -> None:
    def key(number: int, now: datetime) -> bytes:
        return registry.event(number % keyspace.EVENTS, int(now.timestamp()))[0].encode()

    [lease] = [lease for lease in keyspace.leases() if lease.name == "events"]
    later = {key(number, NOW + timedelta(seconds=number)) for number in range(500)}
    assert later == keys_of(lease).keys()


def test_a_job_is_queued_runs_is_done_and_goes() -> None:
    jobs = Jobs(0)
    fates: dict[str, list[str]] = {}
    for step in (*jobs.fill(), *islice(iter(jobs.step, None), 200)):
        state = "deleted" if step.value is None else json.loads(step.value)["state"]
        fates.setdefault(step.key, []).append(state)
    assert ["queued", "running", "done", "deleted"] in fates.values()
    whole = [fate for fate in fates.values() if fate[0] == "queued"]
    assert all(["queued", "running", "done", "deleted"][: len(fate)] == fate for fate in whole)


def test_the_number_of_jobs_stays_the_same() -> None:
    jobs = Jobs(0)
    there = {step.key for step in jobs.fill()}
    at_start = len(there)
    for step in islice(iter(jobs.step, None), 1000):
        there = there - {step.key} if step.value is None else there | {step.key}
        assert at_start - 1 <= len(there) <= at_start + 1
    assert len(there) == at_start
