"""Our messages live beside those of another etcd library in one process, whichever comes first."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

ROUND_TRIP = """
ours = etcdserverpb.PutRequest(key=b"k", value=b"v", lease=7, prev_kv=True)
theirs = aetcd.rpc.PutRequest(key=b"k", value=b"v", lease=7, prev_kv=True)
assert type(ours) is not type(theirs)
assert etcdserverpb.PutRequest.FromString(theirs.SerializeToString()) == ours
assert aetcd.rpc.PutRequest.FromString(ours.SerializeToString()) == theirs

kv = dict(key=b"k", value=b"v", create_revision=2, mod_revision=3, version=2)
ours = etcdserverpb.RangeResponse(kvs=[mvccpb.KeyValue(**kv)], count=1)
theirs = aetcd.rpc.RangeResponse(kvs=[aetcd.rpc.KeyValue(**kv)], count=1)
assert etcdserverpb.RangeResponse.FromString(theirs.SerializeToString()) == ours
assert aetcd.rpc.RangeResponse.FromString(ours.SerializeToString()) == theirs
print("both work")
"""

OURS = "from etcdobs._wire import etcdserverpb, mvccpb"
THEIRS = "import aetcd, aetcd.rpc"


def output_of(*lines: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("imports", [(OURS, THEIRS), (THEIRS, OURS)], ids=["ours first", "theirs first"])
def test_both_libraries_work_in_one_process(imports: tuple[str, str]) -> None:
    assert output_of(*imports, ROUND_TRIP) == "both work"


DEFAULT_POOL = """
from google.protobuf.descriptor_pool import Default
pool = Default()
for find, name in [(pool.FindMessageTypeByName, "etcdserverpb.PutRequest"), (pool.FindFileByName, "rpc.proto")]:
    try:
        print("found", find(name))
    except KeyError:
        print("absent")
"""


def test_the_default_pool_holds_nothing_of_ours() -> None:
    assert output_of(OURS, DEFAULT_POOL).split() == ["absent", "absent"]


def test_the_probe_of_the_default_pool_does_find_what_others_put_there() -> None:
    assert output_of(THEIRS, DEFAULT_POOL).startswith("found")
