"""Who may reach the server: anybody on this machine; from others only with TLS and a key."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from running_server import Running, refusal, running_server, settings_for
from scripted_models import TUNES

from hartmann.errors import Conflict
from hartmann.v1 import notation_pb2, notation_pb2_grpc

pytestmark = pytest.mark.integration

KEY = "correct horse battery staple"


@pytest.fixture
def certificate(tmp_path: Path) -> dict[str, Any]:
    """The settings of a self-signed certificate for 127.0.0.1."""
    paths = {"tls_certificate": tmp_path / "certificate.pem", "tls_key": tmp_path / "key.pem"}
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=IP:127.0.0.1", "-out", paths["tls_certificate"], "-keyout", paths["tls_key"],
        ],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return dict(paths)


async def check(channel: grpc.aio.Channel, key: str = "") -> bool:
    """One call, with a key if there is one."""
    metadata = (("authorization", f"Bearer {key}"),) if key else ()
    stub: Any = notation_pb2_grpc.NotationServiceStub(channel)
    response = await stub.CheckAbc(notation_pb2.CheckAbcRequest(abc=TUNES[0]), metadata=metadata)
    return bool(response.valid)


async def test_without_a_key_or_with_a_wrong_one_every_call_but_health_is_refused(database_url: str) -> None:
    async with running_server(settings_for(database_url, api_keys=[KEY])) as server:
        for key in ("", "wrong"):
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await check(server.channel, key)
            assert refusal(raised.value).code is grpc.StatusCode.UNAUTHENTICATED
            assert [info.reason for info in refusal(raised.value).infos] == ["UNAUTHENTICATED"]
        stub = health_pb2_grpc.HealthStub(server.channel)
        status = (await stub.Check(health_pb2.HealthCheckRequest())).status

    assert status == health_pb2.HealthCheckResponse.SERVING


async def test_with_the_key_calls_are_answered(database_url: str) -> None:
    async with running_server(settings_for(database_url, api_keys=["another", KEY])) as server:
        assert await check(server.channel, KEY)


async def test_over_tls_with_a_key_the_server_may_listen_to_other_machines(
    database_url: str, certificate: dict[str, Any]
) -> None:
    settings = settings_for(database_url, listen="0.0.0.0:0", api_keys=[KEY], **certificate)
    async with running_server(settings) as server:
        credentials = grpc.ssl_channel_credentials(certificate["tls_certificate"].read_bytes())
        address = server.address.replace("0.0.0.0", "127.0.0.1")
        async with grpc.aio.secure_channel(address, credentials) as channel:
            assert await check(channel, KEY)
            with pytest.raises(grpc.aio.AioRpcError):
                await check(server.channel, KEY)


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({}, "tls_certificate and tls_key and api_keys"),
        ({"api_keys": [KEY]}, "needs tls_certificate and tls_key;"),
    ],
)
async def test_without_them_it_refuses_to_start_and_says_what_is_missing(
    changes: dict[str, Any], missing: str, database_url: str
) -> None:
    with pytest.raises(Conflict, match=missing):
        async with running_server(settings_for(database_url, listen="0.0.0.0:0", **changes)):
            pass


async def test_a_port_that_is_taken_is_not_shared(server: Running, database_url: str) -> None:
    with pytest.raises(Conflict, match="choose another port"):
        async with running_server(settings_for(database_url, listen=server.address)):
            pass


async def test_a_certificate_that_is_not_there_is_a_sentence(database_url: str, tmp_path: Path) -> None:
    settings = settings_for(database_url, tls_certificate=tmp_path / "no.pem", tls_key=tmp_path / "no.key")
    with pytest.raises(Conflict, match="TLS files can't be read"):
        async with running_server(settings):
            pass
