"""Kubernetes objects: what a list shows of them, and how they are laid out."""

import gzip
import json
from typing import ClassVar

import pytest

from etcdobs_explorer.demo.kubernetes import mapping, message, metadata, moment, stored
from etcdobs_explorer.model.kubernetes import ObjectFacts, object_facts
from etcdobs_explorer.model.value import FORMS, Asked, Hex, Lines, decode

CREATED = 1_760_000_000
POD = stored("v1", "Pod", {1: metadata("web-1", "shop", created=CREATED, labels={"app": "web"}), 2: b"", 3: b""})
ROUTE = {
    "apiVersion": "example.com/v1",
    "kind": "Route",
    "metadata": {"name": "r", "creationTimestamp": "2025-10-09T08:53:20Z"},
}


@pytest.mark.parametrize(
    ("raw", "facts"),
    [
        (POD, ObjectFacts(b"v1", b"Pod", b"shop", b"web-1", CREATED)),
        (
            stored("v1", "Node", {1: metadata("n", created=CREATED)}),
            ObjectFacts(b"v1", b"Node", b"", b"n", CREATED),
        ),
        (json.dumps(ROUTE).encode(), ObjectFacts(b"example.com/v1", b"Route", b"", b"r", CREATED)),
        (
            b"\xd9\xd9\xf7\xa3JapiVersionDv1.0Dkindaxhmetadata\xa1DnameC\xe6\xbc\xa2",
            ObjectFacts(b"v1.0", b"x", b"", "漢".encode(), None),
        ),
        (b"k8s:enc:aescbc:v1:key1:\x00", None),
        (b"k8s\0\xff\xff", None),
        (POD[:40], None),
        (b'{"apiVersion": 1, "kind": "x", "metadata": {}}', None),
        (b'{"kind": "x"}', None),
        (b"plain text", None),
        (b"", None),
    ],
)
def test_what_a_list_shows(raw: bytes, facts: ObjectFacts | None) -> None:
    assert object_facts(raw) == facts


MANAGER = message(
    {1: "kubectl", 2: "Update", 3: "v1", 4: moment(CREATED), 6: "FieldsV1", 7: message({1: '{"f:data": {}}'})}
)
OWNER = message({1: "ReplicaSet", 3: "web", 5: "apps/v1", 4: "u-1", 6: 1})


def lines(raw: bytes, **asked: bool) -> list[bytes]:
    body = decode(raw, Asked(**asked)).body  # type: ignore[arg-type]
    assert isinstance(body, Lines)
    return list(body.lines)


def test_an_object_is_laid_out_by_name_as_far_as_names_are_known() -> None:
    meta = metadata("web-1", "shop", created=CREATED, labels={"app": "web"}, owner=OWNER)
    more = message({12: mapping({"note": "two\nlines", "true": "1"}), 14: ["protect"], 17: MANAGER})
    spec = message({2: message({1: "main", 2: b"\xff\x00"}), 4: 30})
    raw = stored("v1", "Pod", {1: meta + more, 2: spec, 3: message({1: "Running", 7: moment(CREATED)})})
    uid = next(line for line in lines(raw) if line.startswith(b"  uid: "))
    assert lines(raw) == [
        b"apiVersion: v1",
        b"kind: Pod",
        b"metadata:",
        b"  name: web-1",
        b"  namespace: shop",
        uid,
        b"  creationTimestamp: 2025-10-09T08:53:20Z",
        b"  labels:",
        b"    app: web",
        b"  annotations:",
        b"    note: |",
        b"      two",
        b"      lines",
        b'    true: "1"',
        b"  ownerReferences:",
        b"    - apiVersion: apps/v1",
        b"      kind: ReplicaSet",
        b"      name: web",
        b"      uid: u-1",
        b"      controller: true",
        b"  finalizers:",
        b"    - protect",
        b"  managedFields:",
        b"    - manager: kubectl",
        b"      operation: Update",
        b"      apiVersion: v1",
        b"      time: 2025-10-09T08:53:20Z",
        b"      fieldsType: FieldsV1",
        b'      fieldsV1: {"f:data": {}}',
        b"spec:  # by field number, types inferred",
        b"  2:",
        b'    1: "main"',
        b"    2: ff 00  # 2 B",
        b"  4: 30",
        b"status:  # by field number, types inferred",
        b'  1: "Running"',
        b"  7:  # 2025-10-09T08:53:20Z?",
        b"    1: 1760000000",
    ]
    decoded = decode(raw)
    assert isinstance(decoded.body, Lines)
    assert [decoded.body.lines[index] for index in decoded.body.folded] == [b"  managedFields:"]
    assert decoded.facts[:2] == (("kind", b"v1 Pod"), ("name", b"shop/web-1"))


def test_a_config_map_has_its_data_by_name() -> None:
    raw = stored("v1", "ConfigMap", {1: metadata("c", created=CREATED), 2: mapping({"a": "x", "b": "1\n2"})})
    assert lines(raw)[-5:] == [b"data:", b"  a: x", b"  b: |", b"    1", b"    2"]


def test_what_is_no_message_is_shown_as_bytes() -> None:
    raw = b"k8s\0" + message({1: message({1: "v1", 2: "Pod"}), 2: b"\xff\xff"})
    assert decode(raw).body == Hex(b"\xff\xff")


class TestSecrets:
    LAST: ClassVar = {"kubectl.kubernetes.io/last-applied-configuration": '{"data": "hunter2"}', "note": "seen"}
    STORED = stored(
        "v1",
        "Secret",
        {
            1: metadata("s", created=CREATED) + message({12: mapping(LAST)}),
            2: mapping({"password": b"hunter2"}),
            3: "Opaque",
            4: mapping({"plain": "hunter2"}),
        },
    )
    JSON = json.dumps(
        {
            "kind": "Secret",
            "apiVersion": "v1",
            "metadata": {"name": "s", "annotations": LAST},
            "data": {"password": "hunter2", "n": 1},
            "stringData": {"plain": ["hunter2"]},
            "type": "Opaque",
        }
    ).encode()

    @pytest.mark.parametrize("raw", [STORED, JSON, gzip.compress(STORED)], ids=["protobuf", "JSON", "gzip"])
    def test_data_is_covered_until_it_is_revealed(self, raw: bytes) -> None:
        covered, revealed = b"\n".join(lines(raw)), b"\n".join(lines(raw, reveal=True))
        assert decode(raw).is_secret
        assert b"hunter2" not in covered
        assert revealed.count(b"hunter2") == 3
        for part in (b"password", b"Opaque", b"seen", "••• 7 B".encode()):
            assert part in covered

    @pytest.mark.parametrize("raw", [STORED, JSON], ids=["protobuf", "JSON"])
    @pytest.mark.parametrize("form", [form for form in FORMS if form not in ("kubernetes", "json")])
    def test_no_other_form_gives_it_away(self, raw: bytes, form: str) -> None:
        body = decode(raw, Asked(form)).body
        assert isinstance(body, Lines)
        assert b"hunter2" not in b"".join(body.lines)
        shown = decode(raw, Asked(form, reveal=True)).body
        assert b"hunter2" in (shown.data if isinstance(shown, Hex) else b"".join(shown.lines))
