"""The magics in a real kernel, against a real etcd: what people type, and what a page shows of it."""

import json

import pytest

from etcdobs import Client
from etcdobs.testing import Etcd
from tests.notebook.kernel import Kernel

pytestmark = pytest.mark.timeout(120)


def stored(server: Etcd, key: str) -> bytes | None:
    with Client(server.endpoint) as client:
        kv = client.get(key)
    return None if kv is None else kv.value


def test_connect_says_where_it_is(notebook: Kernel, etcd_server: Etcd) -> None:
    cell = notebook.ok(f"%etcd connect --endpoints {etcd_server.endpoint}")
    assert "connected" in cell.html
    assert f"etcd {etcd_server.version}" in cell.text
    assert "connected" in notebook.ok(f"%etcd connect {etcd_server.endpoint}").text


@pytest.mark.parametrize("value", ['{"a": 1, "b": [1,  2.50, {"c": null}]}', '["x y", "$HOME", "{prefix}"]'])
def test_json_reaches_etcd_as_it_was_typed(notebook: Kernel, etcd_server: Etcd, prefix: str, value: str) -> None:
    notebook.ok(f"prefix = {prefix!r}")
    notebook.ok(f"%etcd put {{prefix}}json {value}")
    assert stored(etcd_server, f"{prefix}json") == value.encode()
    notebook.ok(f"kept = %etcd put {{prefix}}json2 {value}")
    assert stored(etcd_server, f"{prefix}json2") == value.encode()
    notebook.ok(f"%%etcd put {{prefix}}json3\n{value}")
    assert stored(etcd_server, f"{prefix}json3") == value.encode()


def test_results_are_kept_in_every_way(notebook: Kernel, prefix: str) -> None:
    notebook.ok(f"%etcd put {prefix}a one")
    for line in (f"r << %etcd get {prefix}a", f"r = %etcd get {prefix}a", f"%etcd r << get {prefix}a"):
        notebook.ok("r = None")
        assert notebook.ok(line).bundles == []
        assert notebook.ok("r[0].text").text == "'one'"
    notebook.ok(f"for _ in range(2):\n    r << %etcd get {prefix}a\nassert len(r) == 1")
    notebook.ok("s = '''\nr << %etcd get /x\n'''\nassert '<<' in s")


def test_a_range_is_a_table_with_plain_text_beside_it(notebook: Kernel, prefix: str) -> None:
    notebook.ok(f"%etcd put {prefix}a <b>one</b>")
    notebook.ok(f"%etcd put {prefix}b '{{\"x\": 1}}'")
    (bundle,) = notebook.ok(f"%etcd get {prefix} --prefix").bundles
    assert set(bundle) == {"text/html", "text/plain"}
    assert "&lt;b&gt;one&lt;/b&gt;" in bundle["text/html"]
    assert "<b>one" not in bundle["text/html"]
    assert "<details><summary>{&quot;x&quot;: 1}" in bundle["text/html"]
    assert f"{prefix}a  <b>one</b>" in bundle["text/plain"]
    assert "2 keys" in bundle["text/plain"]


def test_json_is_etcdctl_s(notebook: Kernel, etcd_server: Etcd, prefix: str) -> None:
    notebook.ok(f"%etcd put {prefix}a one")
    (bundle,) = notebook.ok(f"%etcd get {prefix}a -w json").bundles
    theirs = json.loads(etcd_server.etcdctl("get", f"{prefix}a", "-w", "json"))
    assert {**bundle["application/json"], "header": 0} == {**theirs, "header": 0}


def test_json_of_all_else(notebook: Kernel, etcd_server: Etcd, prefix: str) -> None:
    (bundle,) = notebook.ok("%etcd member list -w json").bundles
    assert bundle["application/json"][0]["client_urls"] == etcd_server.endpoint
    notebook.ok(f"%etcd put {prefix}a one")
    (bundle,) = notebook.ok(f"%etcd del {prefix}a --prev-kv -w json").bundles
    assert bundle["application/json"]["deleted"] == 1
    assert bundle["application/json"]["prev_kvs"][0]["value"] == "b25l"


def test_a_cell_may_hold_the_line(notebook: Kernel, prefix: str) -> None:
    assert "OK" in notebook.ok(f"%%etcd\nput {prefix}a one\n").text
    assert "OK" in notebook.ok(f"%%etcd\nput {prefix}b\ntwo\n").text
    assert "2 keys" in notebook.ok(f"%%etcd\n\nget {prefix} --prefix").text


def test_a_difference_of_very_many_keys_is_windowed(notebook: Kernel, prefix: str) -> None:
    notebook.ok("from etcdobs import Client, Put; c = Client.from_env()")
    fill = "".join(
        f"c.txn().then(*(Put(f'{prefix}{part}/{{n}}', 'v') for n in range(100))).commit();" for part in range(21)
    )
    notebook.ok(fill)
    cell = notebook.ok(f"d = %etcd diff --rev -21 {prefix}\nd")
    assert "2,100 added · the first 20 of 2,100 keys · the values of 100 are not read" in cell.text
    assert notebook.ok("d.to_pandas().after.isna().sum(), len(d)").text == "(np.int64(100), 2100)"
    notebook.ok("c.close()")


def test_the_library_s_own_values_are_drawn(notebook: Kernel, prefix: str) -> None:
    notebook.ok(f"from etcdobs import Client; c = Client.from_env(); c.put('{prefix}<i>', '<script>')")
    for code in (
        f"c.get('{prefix}<i>')",
        f"c.range('{prefix}<i>')",
        "c.cluster.members()[0]",
        "c.maintenance.status()",
    ):
        cell = notebook.ok(code)
        assert '<div class="etcdobs">' in cell.html, code
        assert "<script>" not in cell.html
    notebook.ok("c.close()")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%etcd gte /a", "there is no command 'gte'; did you mean get?"),
        ("%etcd get /a --rev 999999999", "required revision is a future revision"),
        ("%etcd put /a", "put needs VALUE"),
        ("%etcd put '/a", "the closing ' is missing"),
        ("%etcd lease revoke 7b", "requested lease not found"),
        ("%etcd get /b /a", "does not sort after"),
        ("%etcd get ''", "the key is empty"),
        ("%etcd connect nowhere", "no context 'nowhere'"),
        ("%etcd connect --endpoints 127.0.0.1:1 --dial-timeout 300ms --command-timeout 500ms", "127.0.0.1:1"),
        ("%etcd txn", "%%etcd txn"),
        ("%%etcd txn\nput /a b", "line 1: a compare like"),
        ("%%etcd get /a\nmore", "get takes one line"),
        ("%etcd watch /a --rev 1 --max-events 0", "--max-events: a whole number from 1 on"),
    ],
)
def test_errors_are_one_line(notebook: Kernel, line: str, said: str) -> None:
    cell = notebook.run(line)
    assert said in cell.stderr, cell
    assert cell.stderr.startswith("UsageError: ")
    assert cell.stderr.count("\n") == 1
    assert cell.traceback == ""


def test_transactions(notebook: Kernel, etcd_server: Etcd, prefix: str) -> None:
    body = f'%%etcd txn\nmod("{prefix}t") = "0"\n\nput {prefix}t {{"a": 1}}\n\nget {prefix}t\n'
    assert "SUCCESS" in notebook.ok(body).html
    assert stored(etcd_server, f"{prefix}t") == b'{"a": 1}'
    assert "FAILURE" in notebook.ok(body).text
    notebook.ok(f'%%etcd t << txn\nvalue("{prefix}t") = \'{{"a": 1}}\'\nmod("{prefix}t") > "1"\n\nget {prefix}t\n')
    assert notebook.ok("t.succeeded, t.responses[0][0].json()").text == "(True, {'a': 1})"


def test_compare_and_put(notebook: Kernel, prefix: str) -> None:
    notebook.ok(f"%etcd put {prefix}c one --if-absent")
    assert "it exists" in notebook.run(f"%etcd put {prefix}c two --if-absent").stderr
    notebook.ok(f"found = %etcd get {prefix}c")
    notebook.ok("revision = found[0].mod_revision")
    notebook.ok(f"%etcd put {prefix}c two --if-mod {{revision}}")
    assert "it has changed" in notebook.run(f"%etcd put {prefix}c three --if-mod {{revision}}").stderr


def test_tree_history_and_diff(notebook: Kernel, prefix: str) -> None:
    for line in ("put {p}x/1 a", "put {p}x/2 b", 'put {p}y {{"n": 1}}', 'put {p}y {{"n": 2}}', "del {p}x/1"):
        notebook.ok("%etcd " + line.replace("{{", "{").replace("}}", "}").replace("{p}", prefix))
    tree = notebook.ok(f"%etcd tree {prefix}")
    assert "<details open>" in tree.html
    assert "x/  1 key" in tree.text
    past = notebook.ok(f"%etcd history {prefix}y")
    assert "2 events" in past.text
    assert 'class="line added"' in past.html
    notebook.ok(f"d << %etcd diff --rev -3 {prefix}")
    assert notebook.ok("[(c.kind, c.key[-2:]) for c in d]").text == "[('removed', b'/1'), ('added', b'/y')]"
    assert "removed" in notebook.ok("d").html
    assert "nothing differs" in notebook.ok(f"%etcd diff --rev -1 --rev -1 {prefix}").text


def test_a_directory_is_its_own_keys_alone(notebook: Kernel, prefix: str) -> None:
    notebook.ok(f"%etcd put {prefix}a/x 1")
    notebook.ok(f"%etcd put {prefix}ab/x 1")
    notebook.ok(f"d << %etcd diff --rev -2 {prefix}a")
    assert notebook.ok("[c.key for c in d]").text == f"[b'{prefix}a/x']"


def test_leases(notebook: Kernel, prefix: str) -> None:
    notebook.ok("lease = %etcd lease grant 600")
    notebook.ok(f"%etcd put {prefix}l v --lease {{lease}}")
    assert f"{prefix}l" in notebook.ok("%etcd lease timetolive {lease} --keys").html
    listed = notebook.ok("%etcd lease list --limit 1000")
    assert 'class="bar good"' in listed.html
    notebook.ok("%etcd lease keep-alive {lease}")
    assert "expired" in notebook.ok("%etcd lease revoke {lease}").text
    assert "no key" in notebook.ok(f"%etcd get {prefix}l").text


@pytest.mark.parametrize(
    "line",
    ["member list", "endpoint status", "endpoint status --cluster", "endpoint health", "endpoint hashkv", "alarm list"],
)
def test_the_cluster(notebook: Kernel, line: str) -> None:
    cell = notebook.ok(f"%etcd {line}")
    assert "<table>" in cell.html or "0 alarms" in cell.text
    notebook.ok(f"x = %etcd {line}")
    notebook.ok("x.to_pandas(), x.to_polars(), x.to_arrow()")


def test_settings(notebook: Kernel, prefix: str) -> None:
    for number in range(5):
        notebook.ok(f"%etcd put {prefix}{number} {'v' * 50}")
    notebook.ok("%config EtcdMagic.displaylimit = 2")
    assert "the first 2 of 5 keys" in notebook.ok(f"%etcd get {prefix} --prefix").text
    notebook.ok("%config EtcdMagic.displaylimit = 20")
    notebook.ok("%config EtcdMagic.decode = 'hex'")
    assert "76 76 76" in notebook.ok(f"%etcd get {prefix} --prefix").text
    notebook.ok("%config EtcdMagic.decode = 'auto'")
    notebook.ok("%config EtcdMagic.feedback = 0")
    assert " ms" not in notebook.ok(f"%etcd get {prefix} --prefix").text
    notebook.ok("%config EtcdMagic.feedback = 1")
    assert "EtcdMagic(Magics) options" in notebook.ok("%config EtcdMagic").stdout
    assert "displaylimit" in notebook.run("%config EtcdMagic.displaylimit = 'many'").stderr


@pytest.mark.parametrize(
    "line",
    [
        "%etcd put {p} x",
        "%etcd del {p} --prefix",
        "%etcd lease grant 60",
        "%etcd compaction 1",
        "%etcd user add a:b",
        "%etcd alarm disarm",
        "%%etcd txn\n\nput {p} x",
        "%%etcd put {p}\nx",
    ],
)
def test_read_only_forbids_every_write(notebook: Kernel, prefix: str, line: str) -> None:
    notebook.ok("%config EtcdMagic.read_only = True")
    try:
        assert "EtcdMagic.read_only is set" in notebook.run(line.replace("{p}", prefix)).stderr
        assert "no key" in notebook.ok(f"%etcd get {prefix} --prefix").text
        notebook.ok(f"%%etcd txn\n\nget {prefix}")
    finally:
        notebook.ok("%config EtcdMagic.read_only = False")


def test_explain_sends_nothing(notebook: Kernel, prefix: str) -> None:
    text = notebook.ok(f"%etcd explain put {prefix}e '{{\"a\": 1}}' --prev-kv").text
    assert f"etcdctl put --prev-kv {prefix}e '{{\"a\": 1}}'" in text
    assert "KV/Put" in text
    assert "no key" in notebook.ok(f"%etcd get {prefix}e").text
    cell = notebook.ok(f'%%etcd explain txn\nmod("{prefix}e") = "0"\n\nput {prefix}e v\n')
    assert "etcdctl txn <<'EOF'" in cell.text


def test_help_reads_well(notebook: Kernel) -> None:
    assert "%etcd get KEY [RANGE_END] [options]" in notebook.ok("%etcd get --help").text
    assert "Commands:" in notebook.ok("%etcd --help").text
    assert "Commands:" in notebook.ok("print(get_ipython().find_line_magic('etcd').__doc__)").stdout


def test_own_calls(notebook: Kernel) -> None:
    notebook.ok("%etcd get /x")
    cell = notebook.ok("%etcd metrics")
    assert "KV/Range" in cell.text
    notebook.ok("from etcdobs_explorer.notebook import client_metrics_frame as f; calls, members = f(), f('member')")
    assert notebook.ok("list(calls.columns[:4])").text == "['service', 'method', 'type', 'calls']"
    assert notebook.ok("int(members.calls.sum()) > 0, bool((members.p99 >= members.p50).all())").text == "(True, True)"
    assert "image/png" in notebook.ok("%etcd metrics --plot").bundles[0]


def test_both_clients_work_in_cells(notebook: Kernel, etcd_server: Etcd, prefix: str) -> None:
    notebook.ok(f"from etcdobs import AsyncClient, Client; client = Client('{etcd_server.endpoint}')")
    notebook.ok(f"client.put('{prefix}k', 'v')")
    code = f"""
async with AsyncClient('{etcd_server.endpoint}') as ac:
    async with ac.watch('{prefix}k') as watcher:
        client.put('{prefix}k', 'w')
        event = await watcher.get(timeout=5)
        kv = await ac.get('{prefix}k')
(event.kv.text, kv.text)
"""
    assert notebook.ok(code).text == "('w', 'w')"
    notebook.ok("client.close()")


def test_users_of_nbclient_see_that_a_cell_failed(notebook: Kernel) -> None:
    message = notebook.client.execute("%etcd gte", allow_stdin=False, reply=True, timeout=30)
    assert message["content"]["status"] == "error"
    assert message["content"]["ename"] == "UsageError"
    notebook.drain()
