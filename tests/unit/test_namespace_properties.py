"""Whatever the namespace, what is asked inside it is what is asked outside of those keys alone, and of no other."""

from typing import Any

from hypothesis import given

from etcdobs import Delete, Get, Keys
from etcdobs._call import Call
from etcdobs._namespace import confine, confine_keys
from etcdobs._wire import etcdserverpb as pb
from etcdobs._wire import mvccpb
from etcdobs.ops import kv
from etcdobs.ops.operation import Operation
from tests.unit.drawn import keys, namespaces, operations, texts, wanted


@given(namespace=namespaces, asked=wanted, key=keys)
def test_a_key_is_asked_for_inside_exactly_when_its_whole_name_is_outside(
    namespace: bytes, asked: Keys, key: bytes
) -> None:
    assert (namespace + key in confine_keys(asked, namespace)) is (key in asked)


@given(namespace=namespaces, asked=wanted, foreign=keys)
def test_no_foreign_key_is_ever_asked_for(namespace: bytes, asked: Keys, foreign: bytes) -> None:
    if foreign in confine_keys(asked, namespace):
        assert foreign.startswith(namespace)


@given(outer=namespaces, inner=namespaces, asked=wanted)
def test_a_namespace_in_a_namespace_is_the_two_names_in_a_row(outer: bytes, inner: bytes, asked: Keys) -> None:
    assert confine_keys(confine_keys(asked, inner), outer) == confine_keys(asked, outer + inner)


@given(namespace=namespaces, operation=operations)
def test_an_operation_stays_as_its_user_made_it(namespace: bytes, operation: Operation) -> None:
    before = operation.request.SerializeToString()
    confined = confine(kv.do(operation), namespace)
    assert operation.request.SerializeToString() == before
    for name in named_by(confined.request):
        assert name.startswith(namespace)


def named_by(request: Any) -> list[bytes]:
    """Every key that a request names, however deep."""
    if not isinstance(request, pb.TxnRequest):
        return [request.key]
    names = [compare.key for compare in request.compare]
    for part in (*request.success, *request.failure):
        names += named_by(getattr(part, part.WhichOneof("request")))
    return names


@given(namespace=namespaces, found=keys, value=texts)
def test_answers_name_keys_without_the_namespace(namespace: bytes, found: bytes, value: bytes) -> None:
    kvs = [mvccpb.KeyValue(key=namespace + found, value=value)]
    read: Call[Any] = confine(kv.do(Get(Keys.all())), namespace)
    deleted: Call[Any] = confine(kv.do(Delete(Keys.all(), prev_kv=True)), namespace)
    assert [each.key for each in read.decode(pb.RangeResponse(kvs=kvs)).kvs] == [found]
    assert [each.key for each in deleted.decode(pb.DeleteRangeResponse(prev_kvs=kvs)).prev_kvs] == [found]
