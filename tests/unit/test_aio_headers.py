"""What gRPC is given as the metadata of an asyncio call: its own type, to read from and to write into."""

import copy
import pickle
from collections.abc import Callable

import grpc.aio
import pytest

from etcdobs._steps import Metadata
from etcdobs.observe.aio_headers import Headers

PAIRS: Metadata = (("client-api-version", "3.6.0"), ("twice", "1"), ("twice", "2"))


def plain() -> grpc.aio.Metadata:
    return grpc.aio.Metadata(*PAIRS)


def test_it_is_what_grpc_takes_as_it_is() -> None:
    headers = Headers(PAIRS)
    assert isinstance(headers, grpc.aio.Metadata)
    assert headers
    assert tuple(headers) == PAIRS


READS: list[Callable[[grpc.aio.Metadata], object]] = [
    tuple,
    len,
    lambda metadata: metadata["twice"],
    lambda metadata: metadata.get("none", "default"),
    lambda metadata: metadata.get_all("twice"),
    lambda metadata: list(metadata.keys()),
    lambda metadata: list(metadata.items()),
    lambda metadata: metadata.__contains__("twice"),
    lambda metadata: metadata == plain(),
    lambda metadata: plain() == metadata,
    lambda metadata: tuple(metadata.__add__((("more", "x"),))),
]


@pytest.mark.parametrize("read", READS)
def test_it_reads_as_grpcs_own_before_and_after_it_was_looked_into(read: Callable[[grpc.aio.Metadata], object]) -> None:
    headers = Headers(PAIRS)
    assert read(headers) == read(plain())
    assert read(headers) == read(plain())


WRITES: list[Callable[[grpc.aio.Metadata], object]] = [
    lambda metadata: metadata.add("more", "x"),
    lambda metadata: metadata.set_all("twice", ["3"]),
    lambda metadata: metadata.delete_all("twice"),
    lambda metadata: metadata.__setitem__("twice", "3"),
    lambda metadata: metadata.__delitem__("twice"),
]


@pytest.mark.parametrize("write", WRITES)
def test_what_an_interceptor_writes_is_sent_and_stays_with_this_call(
    write: Callable[[grpc.aio.Metadata], object],
) -> None:
    headers, expected = Headers(PAIRS), plain()
    write(headers)
    write(expected)
    assert tuple(headers) == tuple(expected) != PAIRS
    assert len(headers) == len(expected)
    assert tuple(Headers(PAIRS)) == PAIRS


def test_it_has_no_attributes_that_grpcs_own_has_not() -> None:
    assert not hasattr(Headers(PAIRS), "nonsense")


def pickled(metadata: grpc.aio.Metadata) -> grpc.aio.Metadata:
    made: grpc.aio.Metadata = pickle.loads(pickle.dumps(metadata))
    return made


COPIES: list[Callable[[grpc.aio.Metadata], grpc.aio.Metadata]] = [copy.copy, copy.deepcopy, pickled]


@pytest.mark.parametrize("again", COPIES)
def test_a_copy_is_one_of_its_own(again: Callable[[grpc.aio.Metadata], grpc.aio.Metadata]) -> None:
    headers = Headers(PAIRS)
    made = again(headers)
    assert tuple(made) == PAIRS
    made.add("more", "x")
    assert tuple(headers) == PAIRS
