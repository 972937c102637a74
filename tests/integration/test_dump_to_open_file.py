"""A dump to a file that is open: what takes little at once gets all of it, and what takes none says so."""

import asyncio
import gzip
import io
import os
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from etcdobs import AsyncClient, Keys


@pytest.fixture
async def filled(client: AsyncClient, prefix: str) -> AsyncClient:
    """What is in a namespace of some keys."""
    await client.load(f'{{"key": "{prefix}{number}", "value": "{"v" * 100}"}}' for number in range(1_500))
    return client.namespaced(prefix)


async def whole(client: AsyncClient) -> bytes:
    file = io.BytesIO()
    await client.dump(Keys.all(), file)
    return file.getvalue()


class Sink:
    """Takes some bytes at a time, and returns what is said."""

    def __init__(self, most: int = 1 << 30, returns: Callable[[int], object] = lambda took: took) -> None:
        self.held = bytearray()
        self._most, self._returns = most, returns

    def write(self, data: bytes, /) -> object:
        took = data[: self._most]
        self.held += took
        return self._returns(len(took))


class RawSink(io.RawIOBase):
    """Likewise, as a file without a buffer."""

    def __init__(self, most: int) -> None:
        self.held = bytearray()
        self._most = most

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self.held += data[: self._most]
        return min(len(data), self._most)


@pytest.mark.parametrize("kind", [Sink, RawSink])
@pytest.mark.parametrize("most", [7, 40_000, 100_000])
async def test_what_takes_little_at_once_gets_all(filled: AsyncClient, kind: Any, most: int) -> None:
    sink = kind(most)
    assert await filled.dump(Keys.all(), sink) == 1_500
    assert sink.held == await whole(filled)


@pytest.mark.parametrize("returns", [lambda _: None, lambda _: True, lambda took: took + 1])
async def test_a_write_that_tells_nothing_took_all(filled: AsyncClient, returns: Callable[[int], object]) -> None:
    sink = Sink(returns=returns)
    assert await filled.dump(Keys.all(), sink) == 1_500
    assert sink.held == await whole(filled)


async def test_what_takes_nothing_is_told(filled: AsyncClient) -> None:
    with pytest.raises(OSError, match=r"target took none of .* its write returned 0"):
        await filled.dump(Keys.all(), Sink(0))


async def test_a_pipe_that_does_not_wait_for_its_reader_is_told(filled: AsyncClient) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with (
        os.fdopen(reader, "rb"),
        os.fdopen(writer, "wb", buffering=0) as pipe,
        pytest.raises(BlockingIOError, match="let it block"),
    ):
        await filled.dump(Keys.all(), pipe)


@pytest.mark.parametrize("kind", [gzip.open, open])
async def test_a_file_with_a_buffer_gets_all(filled: AsyncClient, tmp_path: Path, kind: Any) -> None:
    with kind(tmp_path / "file", "wb") as file:
        await filled.dump(Keys.all(), file)
    with kind(tmp_path / "file", "rb") as file:
        assert file.read() == await whole(filled)


class AsyncSink:
    async def write(self, data: bytes, /) -> int:
        raise AssertionError


def coroutine(_: int) -> Coroutine[Any, Any, int]:
    return asyncio.sleep(0, 0)


async def test_a_write_that_is_to_be_awaited_is_refused(client: AsyncClient, prefix: str) -> None:
    for sink in (AsyncSink(), Sink(returns=coroutine)):
        with pytest.raises(TypeError, match="the write of target must be a plain function"):
            await client.dump(Keys.prefix(prefix), sink)
    future = asyncio.get_running_loop().create_future()
    with pytest.raises(TypeError, match=r"must not return what is to be awaited, a .*Future"):
        await client.dump(Keys.prefix(prefix), Sink(returns=lambda _: future))


async def test_a_text_file_is_no_target(client: AsyncClient, prefix: str, tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as text, tempfile.NamedTemporaryFile("w", dir=tmp_path) as wrapped:
        for file in (text, wrapped, io.StringIO()):
            with pytest.raises(TypeError, match=r'target must be opened in binary mode \("wb"\)'):
                await client.dump(Keys.prefix(prefix), file)  # type: ignore[arg-type]
    assert (tmp_path / "file").read_bytes() == b""
    with tempfile.NamedTemporaryFile(dir=tmp_path) as binary, tempfile.SpooledTemporaryFile() as spooled:
        await client.dump(Keys.prefix(prefix), binary)
        await client.dump(Keys.prefix(prefix), spooled)
