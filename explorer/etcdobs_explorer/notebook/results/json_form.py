"""Decides what `-w json` answers: what etcdctl prints, where it prints such a thing; rows by name of all else."""

import json
from collections.abc import Iterator
from typing import Any

from etcdobs import CompactResponse, DeleteResponse, LeaseTimeToLive, PutResponse, RangeResponse, TxnResponse
from etcdobs_explorer.model.text import inert
from etcdobs_explorer.notebook.results.keys import KeyRange, etcdctl_json, header_json, kv_json
from etcdobs_explorer.notebook.results.result import Framed, Json


def as_json(result: Any) -> Any:
    """A result as JSON; what has no such form as it is."""
    data = json_of(result)
    return result if data is None else Json(data, inert(json.dumps(data)).plain)


def json_of(result: Any) -> Any:
    """The data of a result; None where it has none."""
    match result:
        case KeyRange():
            return etcdctl_json(result.response)
        case RangeResponse():
            return etcdctl_json(result)
        case PutResponse() | DeleteResponse() | CompactResponse() | TxnResponse():
            return {"header": header_json(result.header), **dict(_written(result))}
        case LeaseTimeToLive():
            keys = [inert(key).plain for key in result.keys]
            return {"id": result.id, "ttl": result.ttl, "granted-ttl": result.granted_ttl, "keys": keys}
        case Framed():
            return _rows(result)
        case _:
            return None


def _written(result: Any) -> Iterator[tuple[str, Any]]:
    match result:
        case PutResponse(prev_kv=before) if before is not None:
            yield "prev_kv", kv_json(before)
        case DeleteResponse():
            yield from (("deleted", result.deleted),) if result.deleted else ()
            yield from (("prev_kvs", [kv_json(kv) for kv in result.prev_kvs]),) if result.prev_kvs else ()
        case TxnResponse():
            yield from (("succeeded", True),) if result.succeeded else ()
            yield "responses", [json_of(answer) for answer in result.responses]
        case _:
            pass


def _rows(result: Framed) -> list[dict[str, Any]]:
    columns = result.columns()
    names = [column.name for column in columns]
    return [dict(zip(names, row, strict=True)) for row in zip(*(column.values for column in columns), strict=True)]
