"""Decides how a call begins where nothing speaks against sending it at once. No I/O, and nothing is kept.

It is what `Attempts.next` says of the first attempt, without the `Attempts`: most calls need no more than this one.
"""

from typing import Any

from etcdobs._attempts import slice_of
from etcdobs._call import CLIENT_DEFAULT, Call
from etcdobs._steps import Send, Session

__all__ = ["first_attempt"]


def first_attempt(call: Call[Any], session: Session, now: float) -> Send | None:
    """The first attempt of `call`; None: something is to be asked for or looked at before, which `unary` does."""
    endpoints = session.endpoints
    if session.admission is not None or not session.credentials.asked or endpoints.silences:
        return None
    if call.endpoint or call.rpc.client_streaming:
        return None
    timeout = session.timeout if call.timeout is CLIENT_DEFAULT else call.timeout
    endpoint = endpoints.pick(now)
    retry = session.retry
    if retry is None or len(endpoints.all) < 2:
        return Send(call, endpoint, session.metadata(), timeout)
    if not call.repeatable and endpoints.is_idle(endpoint, now):
        endpoints.put_back()
        return None
    if call.repeatable and retry.max_attempts > 1:
        timeout = slice_of(timeout, len(endpoints.all))
    return Send(call, endpoint, session.metadata(leader=True if call.mutates else None), timeout, True)
