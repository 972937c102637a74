"""Decides how a context becomes a cluster that can be asked: the client's arguments, and its gateway."""

from etcdobs import TLS, AsyncClient

from .gateway import EtcdGateway
from .gateway.recorder import CallRecorder
from .model.contexts import Context
from .model.writes import Protection


def open_gateway(context: Context, password: str | None) -> EtcdGateway:
    """The gateway of a context.

    Raises:
        OSError: a file that the context names is missing or unreadable.
        TypeError, ValueError: the context is malformed; the message says what is wanted.
    """
    tls = None
    if context.uses_tls:
        verify = not context.insecure_skip_tls_verify
        # As etcdctl: an http:// endpoint is plain, whatever else is set.
        tls = TLS(ca=context.cacert, cert=context.cert, key=context.key, verify=verify, allow_plaintext=True)
    recorder = CallRecorder()
    client = AsyncClient(
        ",".join(context.endpoints),
        username=context.user,
        password=password,
        tls=tls,
        timeout=context.command_timeout,
        dial_timeout=context.dial_timeout,
        **recorder.options,
    )
    recorder.publish()
    return EtcdGateway(
        client,
        dial_timeout=context.dial_timeout,
        recorder=recorder,
        protection=Protection(context.read_only, context.protected),
        user=context.user,
    )
