"""The loaded messages and services are etcd's, field by field; the facts are in protos/etcd-wire.json."""

import ast
import importlib
import json
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.message import Message

from etcdobs._wire import RPCS, etcdserverpb, mvccpb, rpc

ROOT = Path(__file__).resolve().parents[2]
FACTS: dict[str, Any] = json.loads((ROOT / "protos" / "etcd-wire.json").read_text())
PACKAGES: list[str] = [entry["package"] for entry in FACTS["packages"]]


def module(package: str) -> ModuleType:
    return importlib.import_module(f"etcdobs._wire.{package}")


def loaded_file(package: str) -> FileDescriptorProto:
    return FileDescriptorProto.FromString(module(package).DESCRIPTOR.serialized_pb)


def message_class(full_name: str) -> type[Message]:
    package, _, name = full_name.partition(".")
    cls: type[Message] = getattr(module(package), name)
    return cls


def field_facts(message: DescriptorProto, field: FieldDescriptorProto) -> dict[str, Any]:
    kind = FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    return {
        "name": field.name,
        "number": field.number,
        "type": field.type_name.removeprefix(".") or kind,
        "kind": kind,
        "label": FieldDescriptorProto.Label.Name(field.label).removeprefix("LABEL_").lower(),
        "oneof": message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else None,
    }


def messages(package: str) -> Iterator[tuple[str, DescriptorProto]]:
    pending = [(package, message) for message in loaded_file(package).message_type]
    for prefix, message in pending:
        full_name = f"{prefix}.{message.name}"
        pending.extend((full_name, nested) for nested in message.nested_type)
        yield full_name, message


def enums(package: str) -> Iterator[tuple[str, dict[str, int]]]:
    scopes = [(package, loaded_file(package).enum_type), *((name, m.enum_type) for name, m in messages(package))]
    for prefix, found in scopes:
        for enum in found:
            yield f"{prefix}.{enum.name}", {value.name: value.number for value in enum.value}


def test_the_packages_are_etcds() -> None:
    stubs = {path.stem for path in (ROOT / "etcdobs" / "_wire").glob("*.pyi")}
    assert stubs == set(PACKAGES)


@pytest.mark.parametrize("entry", FACTS["packages"], ids=PACKAGES)
def test_a_package_has_etcds_name_and_syntax(entry: dict[str, str]) -> None:
    file = loaded_file(entry["package"])
    assert (file.package, file.syntax) == (entry["package"], entry["syntax"])


def test_no_message_is_missing_and_none_is_extra() -> None:
    assert {name for package in PACKAGES for name, _ in messages(package)} == set(FACTS["messages"])


@pytest.mark.parametrize("full_name", FACTS["messages"])
def test_a_message_has_etcds_fields(full_name: str) -> None:
    message = dict(messages(full_name.partition(".")[0]))[full_name]
    assert [field_facts(message, field) for field in message.field] == FACTS["messages"][full_name]["fields"]


@pytest.mark.parametrize("full_name", FACTS["messages"])
def test_a_message_has_the_oneofs_of_its_fields_and_no_other(full_name: str) -> None:
    message = dict(messages(full_name.partition(".")[0]))[full_name]
    expected = {field["oneof"] for field in FACTS["messages"][full_name]["fields"]} - {None}
    assert {oneof.name for oneof in message.oneof_decl} == expected


def test_every_enum_has_etcds_values() -> None:
    assert {name: values for package in PACKAGES for name, values in enums(package)} == FACTS["enums"]


def test_every_service_has_etcds_methods() -> None:
    services: dict[str, dict[str, Any]] = {}
    for name, method in RPCS.items():
        assert name == f"{method.service}/{method.method}"
        services.setdefault(method.service, {})[method.method] = {
            "path": method.path,
            "request": method.request.DESCRIPTOR.full_name,
            "response": method.response.DESCRIPTOR.full_name,
            "client_streaming": method.client_streaming,
            "server_streaming": method.server_streaming,
        }
    assert services == FACTS["services"]


def test_the_committed_output_is_fresh() -> None:
    command = [sys.executable, str(ROOT / "protos" / "compile.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_rpc_finds_a_method_by_its_full_name() -> None:
    put = rpc("etcdserverpb.KV/Put")
    assert put is RPCS["etcdserverpb.KV/Put"]
    assert put.request is etcdserverpb.PutRequest
    assert put.response is etcdserverpb.PutResponse


@pytest.mark.parametrize("name", ["Put", "/etcdserverpb.KV/Put", "etcdserverpb.KV/Nope", ""])
def test_rpc_names_what_it_did_not_find(name: str) -> None:
    with pytest.raises(KeyError, match="etcd has no RPC") as raised:
        rpc(name)
    assert repr(name) in str(raised.value)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("etcdserverpb.KV/Range", "unary"),
        ("etcdserverpb.Maintenance/Snapshot", "server_stream"),
        ("etcdserverpb.Watch/Watch", "bidi_stream"),
        ("v3electionpb.Election/Observe", "server_stream"),
    ],
)
def test_kind_is_the_method_type_of_grpc_metrics(name: str, kind: str) -> None:
    assert rpc(name).kind == kind


def test_rpcs_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        RPCS["etcdserverpb.KV/Put"] = rpc("etcdserverpb.KV/Range")  # type: ignore[index]


@pytest.mark.parametrize("full_name", FACTS["messages"])
def test_a_class_is_pickled_by_reference(full_name: str) -> None:
    cls = message_class(full_name)
    assert pickle.loads(pickle.dumps(cls)) is cls


def filled(cls: type[Message], depth: int = 3) -> Message:
    """A message with something in every field; of a oneof, in the last of its fields."""
    message = cls()
    samples = {
        "bytes": b"\x00\xffk",
        "string": "é",
        "bool": True,
        "uint32": 2**32 - 1,
        "uint64": 2**64 - 1,
        "int64": -1,
    }
    for fact in FACTS["messages"][cls.DESCRIPTOR.full_name]["fields"]:
        if fact["kind"] == "message":
            if depth == 0:
                continue
            value: Any = filled(message_class(fact["type"]), depth - 1)
        elif fact["kind"] == "enum":
            value = max(FACTS["enums"][fact["type"]].values())
        else:
            value = samples[fact["kind"]]
        message.MergeFrom(cls(**{fact["name"]: [value] if fact["label"] == "repeated" else value}))
    return message


@pytest.mark.parametrize("full_name", FACTS["messages"])
def test_a_message_survives_the_wire_and_pickle(full_name: str) -> None:
    message = filled(message_class(full_name))
    assert bool(message.ListFields()) == bool(FACTS["messages"][full_name]["fields"])
    assert type(message).FromString(message.SerializeToString()) == message
    restored = pickle.loads(pickle.dumps(message))
    assert type(restored) is type(message)
    assert restored == message


def test_fields_of_another_package_have_that_packages_class() -> None:
    response = etcdserverpb.RangeResponse(kvs=[mvccpb.KeyValue(key=b"k")])
    assert type(response.kvs[0]) is mvccpb.KeyValue
    assert type(etcdserverpb.RangeResponse.FromString(response.SerializeToString()).kvs[0]) is mvccpb.KeyValue


def test_bytes_are_those_of_the_protobuf_encoding() -> None:
    request = etcdserverpb.RangeRequest(key=b"k", sort_order=etcdserverpb.RangeRequest.DESCEND, limit=300)
    assert request.SerializeToString() == b"\x0a\x01k\x18\xac\x02\x28\x02"


def test_enum_values_are_reached_as_in_generated_modules() -> None:
    request = etcdserverpb.RangeRequest
    assert request.SortOrder.Value("DESCEND") == request.DESCEND == request.SortOrder.DESCEND == 2
    assert etcdserverpb.AlarmType.Name(etcdserverpb.NOSPACE) == "NOSPACE"


def stub_names(scope: ast.Module | ast.ClassDef) -> set[str]:
    classes = {node.name for node in scope.body if isinstance(node, ast.ClassDef)}
    values = {
        node.target.id for node in scope.body if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    return classes | values


@pytest.mark.parametrize("package", PACKAGES)
def test_the_stub_names_what_the_module_holds(package: str) -> None:
    stub = ast.parse((ROOT / "etcdobs" / "_wire" / f"{package}.pyi").read_text())
    runtime = {name for name in vars(module(package)) if not name.startswith("_") and name != "package"}
    assert runtime == stub_names(stub)
    for node in stub.body:
        if isinstance(node, ast.ClassDef):
            owner = getattr(module(package), node.name)
            instance = owner() if isinstance(owner, type) else owner
            assert [name for name in stub_names(node) if not hasattr(instance, name)] == []
