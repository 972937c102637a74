"""Bugs that another etcd viewer has shown on a real server, each of which must not be one here: those of reading."""

import time

from etcdobs import Client
from etcdobs_explorer.gateway import EtcdGateway
from tests.explorer.screens import explorer


async def test_2_markup_in_a_value_or_a_key_is_shown_and_crashes_nothing(gateway: EtcdGateway, client: Client) -> None:
    client.put("[bold]key", "a value [/nonsense] [red]x")
    async with explorer(gateway) as shown:
        await shown.see("[bold]key", "[/nonsense] [red]x")


async def test_3_one_binary_value_hides_none_of_its_neighbours(gateway: EtcdGateway, client: Client) -> None:
    client.put("dir/binary", b"\xff\xfe\x00\x80")
    client.put("dir/text", "plain")
    client.put(b"dir/\xff\xfe", "a key that is no text")
    async with explorer(gateway) as shown:
        await shown.see("binary", "text", "\\xff\\xfe")
        await shown.go_to(b"binary")
        await shown.see("00000000", "ff fe 00 80")


async def test_4_keys_without_a_leading_separator_are_listed(gateway: EtcdGateway, client: Client) -> None:
    client.put("/with", "x")
    client.put("without", "x")
    client.put("other/nested", "x")
    async with explorer(gateway) as shown:
        await shown.see("with", "without", "other/")


async def test_5_a_name_that_is_key_and_directory_is_both(gateway: EtcdGateway, client: Client) -> None:
    client.put("/t/a", "of the key")
    client.put("/t/a/child", "of the child")
    async with explorer(gateway) as shown:
        await shown.press("colon", *"goto /t/a", "enter")
        await shown.see("of the key")
        await shown.press("colon", *"goto /t/a/child", "enter")
        await shown.see("of the child")


async def test_7_nothing_stands_between_the_reader_and_the_keys(gateway: EtcdGateway, client: Client) -> None:
    client.put("first", "x")
    began = time.monotonic()
    async with explorer(gateway) as shown:
        await shown.see("first")
        assert time.monotonic() - began < 4.5  # no splash: what is left is the start of Textual on a busy machine
