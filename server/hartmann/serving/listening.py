"""Where the server may listen, and who may call it.

A loopback address needs nothing. Any other needs a TLS certificate with its key and at least one API key, or
the server refuses to start and says which is missing. Keys come as `authorization: Bearer KEY`; health checks
need none, so that probes work.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio

from hartmann.errors import Conflict, InvalidRequest, Unauthenticated
from hartmann.serving.error_translation import abort
from hartmann.settings import Settings

HEALTH_PREFIX = "/grpc.health.v1.Health/"


@dataclass(frozen=True, slots=True)
class Address:
    """HOST:PORT. Port 0 picks a free one."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def read_address(text: str) -> Address:
    """The address in `HOST:PORT` or `[V6]:PORT`. Raises InvalidRequest for anything else."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdigit() or int(port) > 65535:
        raise InvalidRequest(
            f"{text!r} is no address; write HOST:PORT, such as 127.0.0.1:50061", field="listen"
        )
    return Address(host, int(port))


def check_access(address: Address, settings: Settings) -> None:
    """Raise Conflict, with what is missing, when the address is open to others without TLS and keys."""
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise Conflict("tls_certificate and tls_key go together; set both or none")
    if address.is_loopback:
        return
    missing = [
        name
        for name, there in (
            ("tls_certificate and tls_key", settings.tls_key is not None),
            ("api_keys", bool(settings.api_keys)),
        )
        if not there
    ]
    if missing:
        raise Conflict(
            f"{address} can be reached from other machines, which needs {' and '.join(missing)}; "
            "set them, or listen on 127.0.0.1"
        )


def bind(server: grpc.aio.Server, address: Address, settings: Settings) -> Address:
    """Open the port and say which it is. Raises Conflict when it is taken or the certificate can't be read."""
    try:
        if settings.tls_certificate is None or settings.tls_key is None:
            port = server.add_insecure_port(str(address))
        else:
            pair = (settings.tls_key.read_bytes(), settings.tls_certificate.read_bytes())
            port = server.add_secure_port(str(address), grpc.ssl_server_credentials([pair]))
    except OSError as error:
        raise Conflict(f"the TLS files can't be read: {error}") from error
    except RuntimeError as error:
        raise Conflict(f"{address} can't be listened on, something else may; choose another port") from error
    return Address(address.host, port)


class KeyInterceptor(grpc.aio.ServerInterceptor):
    """Refuses calls that show none of the keys."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._keys = tuple(key.encode() for key in keys)

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The handler, or one that refuses."""
        if handler_call_details.method.startswith(HEALTH_PREFIX) or self._admits(handler_call_details):
            return await continuation(handler_call_details)
        return grpc.stream_stream_rpc_method_handler(_refuse)

    def _admits(self, details: grpc.HandlerCallDetails) -> bool:
        shown = dict(details.invocation_metadata or ()).get("authorization", "")
        text = shown if isinstance(shown, str) else shown.decode("latin-1")
        key = text.removeprefix("Bearer ").strip().encode()
        return any(hmac.compare_digest(key, known) for known in self._keys)


async def _refuse(_: Any, context: Any) -> None:
    await abort(
        context,
        Unauthenticated("this server wants a key: send it as the metadata `authorization: Bearer KEY`"),
    )
