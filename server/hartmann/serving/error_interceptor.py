"""The one place where a failed call becomes a status: an interceptor over every service of the server."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeAlias

import grpc
import grpc.aio

from hartmann.serving.error_translation import abort, known

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Continuation: TypeAlias = "Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]]"
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


class ErrorInterceptor(grpc.aio.ServerInterceptor):
    """Wraps each handler so that whatever it raises is translated."""

    async def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler | None:
        """The handler, wrapped; None (an unknown method) stays None."""
        handler = await continuation(handler_call_details)
        return handler if handler is None else _wrapped(handler)


def _wrapped(handler: Handler) -> Handler:
    codecs = {
        "request_deserializer": handler.request_deserializer,
        "response_serializer": handler.response_serializer,
    }
    if handler.unary_unary:
        return grpc.unary_unary_rpc_method_handler(_single(handler.unary_unary), **codecs)
    if handler.stream_unary:
        return grpc.stream_unary_rpc_method_handler(_single(handler.stream_unary), **codecs)
    if handler.unary_stream:
        return grpc.unary_stream_rpc_method_handler(_streaming(handler.unary_stream), **codecs)
    return grpc.stream_stream_rpc_method_handler(_streaming(handler.stream_stream), **codecs)


def _single(behaviour: Any) -> Any:
    async def call(request: Any, context: Context) -> Any:
        try:
            return await behaviour(request, context)
        except grpc.aio.AbortError:
            raise
        except Exception as error:
            await abort(context, known(error))

    return call


def _streaming(behaviour: Any) -> Any:
    """Streams are generators or, as in gRPC's health service, coroutines that write to the context."""
    if inspect.iscoroutinefunction(behaviour):
        return _single(behaviour)

    async def call(request: Any, context: Context) -> AsyncIterator[Any]:
        try:
            async with aclosing(behaviour(request, context)) as messages:
                async for message in messages:
                    yield message
        except grpc.aio.AbortError:
            raise
        except Exception as error:
            await abort(context, known(error))

    return call
