"""A type checker sees every message exactly: right uses pass mypy --strict, each wrong one is an error in its line."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

USES = """
from typing import assert_type

from google.protobuf.message import Message

from etcdobs._wire import RPCS, Rpc, RpcKind, authpb, mvccpb, rpc, v3electionpb, v3lockpb
from etcdobs._wire import etcdserverpb as pb

request = pb.RangeRequest(key=b"", sort_order=pb.RangeRequest.ASCEND, sort_target=pb.RangeRequest.SortTarget.MOD)
response = pb.RangeResponse(kvs=[mvccpb.KeyValue(key=b"k")], header={"revision": 3})
watch = pb.WatchRequest(create_request=pb.WatchCreateRequest(filters=[pb.WatchCreateRequest.NOPUT]))
alarm = pb.AlarmRequest(action=pb.AlarmRequest.GET, alarm=pb.NOSPACE)
role = pb.AuthRoleGrantPermissionRequest(perm=authpb.Permission(permType=authpb.Permission.READWRITE))
won = v3electionpb.CampaignResponse(leader=v3electionpb.LeaderKey(rev=1))
assert_type(request.key, bytes)
assert_type(response.kvs[0], mvccpb.KeyValue)
assert_type(response.header.revision, int)
assert_type(pb.RangeResponse.FromString(b""), pb.RangeResponse)
assert_type(won.header, pb.ResponseHeader)
assert_type(v3lockpb.LockResponse().key, bytes)
assert_type(rpc("etcdserverpb.KV/Put"), Rpc)
assert_type(RPCS["etcdserverpb.KV/Put"].request, type[Message])
assert_type(rpc("etcdserverpb.KV/Put").kind, RpcKind)

pb.RangeRequest(keys=b"")  # wrong: no such field
pb.RangeRequest(key="text")  # wrong: bytes are wanted
pb.RangeRequest(sort_order=pb.RangeRequest.SortTarget.MOD)  # wrong: another enum
pb.RangeRequest.SIDEWAYS  # wrong: no such value
pb.RangeRequests()  # wrong: no such message
pb.TxnRequest(success=[pb.PutRequest()])  # wrong: a RequestOp is wanted
response.kvs[0].revision  # wrong: no such field
rpc(pb.PutRequest)  # wrong: a name is wanted
"""


@pytest.mark.timeout(180)
def test_strict_mypy_accepts_right_uses_and_refuses_each_wrong_one(tmp_path: Path) -> None:
    uses = tmp_path / "uses.py"
    uses.write_text(USES)
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-error-summary",
        f"--cache-dir={tmp_path / 'cache'}",
        str(uses),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    refused = {int(line) for line in re.findall(r"uses\.py:(\d+): error", done.stdout)}
    wrong = {number for number, line in enumerate(USES.splitlines(), 1) if "# wrong" in line}
    assert (refused, done.stderr) == (wrong, ""), done.stdout
    assert re.findall(r"^(?!.*uses\.py).*: error", done.stdout, re.MULTILINE) == []
