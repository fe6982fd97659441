"""What the bridge refuses, over a real socket: nothing leaks, and every refusal is logged."""

from __future__ import annotations

import asyncio
import os
import re
import stat
from pathlib import Path

import httpx
import pytest
from running_bridge import RunningBridge
from structlog.testing import capture_logs

from hartmann_bridge.routes import OPERATIONS

pytestmark = pytest.mark.integration

CLOSED = [operation for operation in OPERATIONS if not operation.is_open]


def concrete(path: str) -> str:
    return path.replace("{id}", "0" * 32).replace("{name}", "x")


async def raw(bridge: RunningBridge, request: str) -> str:
    """What comes back for bytes that no proper client would send."""
    host, port = bridge.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request.encode("latin-1"))
    await writer.drain()
    answer = (await reader.read(65536)).decode("latin-1")
    writer.close()
    await writer.wait_closed()
    return answer


async def test_no_operation_answers_without_the_token(lonely: RunningBridge) -> None:
    async with httpx.AsyncClient(base_url=lonely.url) as stranger:
        for operation in CLOSED:
            for headers in ({}, {"Authorization": "Bearer wrong"}):
                response = await stranger.request(operation.method, concrete(operation.path), headers=headers)
                assert response.status_code == 401, operation.path
                assert response.headers["www-authenticate"].startswith("Bearer")
                assert lonely.token not in response.text


async def test_rebound_name_and_foreign_origin_are_refused_and_logged(lonely: RunningBridge) -> None:
    with capture_logs() as logs:
        for headers in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}, {"Origin": "null"}):
            for path in ("/v1/health", "/docs", "/media/x/y.png"):
                assert (await lonely.client.get(path, headers=headers)).status_code == 403
    assert len([entry for entry in logs if entry["event"] == "refused"]) == 9


async def test_preflight_of_another_site_gets_no_leave(lonely: RunningBridge) -> None:
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    response = await lonely.client.options("/v1/compositions", headers=headers)
    assert response.status_code == 403
    assert not any(name.startswith("access-control-allow") for name in response.headers)


@pytest.mark.parametrize(
    "path",
    [
        "/v1/compositions/../../etc/passwd",
        "/v1/compositions/..%2f..%2fetc%2fpasswd",
        "/v1/compositions/%2e%2e/events",
        "/v1/compositions/0%00/events",
        "/v1/compositions/" + "A" * 32,
        "/media/../v1/health",
        "/media/x/..%2f..%2fetc%2fpasswd",
        "/media//etc/passwd",
        "//evil.example/v1/health",
    ],
)
async def test_names_that_lead_elsewhere_lead_nowhere(lonely: RunningBridge, path: str) -> None:
    host = lonely.url.removeprefix("http://")
    token = f"Authorization: Bearer {lonely.token}\r\n"
    answer = await raw(lonely, f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{token}Connection: close\r\n\r\n")
    assert re.match(r"HTTP/1\.1 40[0134] ", answer), answer[:200]
    assert "root:" not in answer


async def test_call_without_a_host_is_refused(lonely: RunningBridge) -> None:
    answer = await raw(lonely, f"GET /v1/health HTTP/1.0\r\nAuthorization: Bearer {lonely.token}\r\n\r\n")
    assert answer.split()[1] in ("400", "403")


async def test_only_pictures_that_the_user_may_read_are_taken(bridge: RunningBridge, tmp_path: Path) -> None:
    secret = tmp_path / "secret.png"
    secret.write_text("the secret of all secrets")
    huge = tmp_path / "huge.png"
    with huge.open("wb") as file:
        file.truncate(2 * 2**30)
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    expected = {
        "/etc/passwd": 422,
        str(secret): 422,
        str(huge): 413,
        str(tmp_path / "pipe.png"): 403,
        str(tmp_path / "zero.png"): 403,
        "/proc/self/environ": 422,
        "/dev/zero": 403,
        str(tmp_path): 403,
        str(tmp_path / "none.png"): 404,
        "../relative.png": 422,
    }
    with capture_logs() as logs:
        for path, status in expected.items():
            checked = await bridge.call("POST", "/v1/pictures/check", {"path": path}, expect=status)
            composed = await bridge.call("POST", "/v1/compositions", {"picture": path}, expect=status)
            assert "secret of" not in str([checked, composed])
            assert "root:" not in str([checked, composed])
    assert len([entry for entry in logs if entry["event"] == "refused"]) == 2 * len(expected)
    assert "secret of" not in str(logs)
    assert (await bridge.call("GET", "/v1/compositions"))["compositions"] == []


async def test_only_scores_are_taken_as_excerpts(
    bridge: RunningBridge, picture: Path, tmp_path: Path
) -> None:
    for excerpt in ({"path": "/etc/passwd"}, {"musicxml": "<html/>"}, {}, {"path": "/x", "musicxml": "<x/>"}):
        body = {"picture": str(picture), "excerpt": {"use": "continue", **excerpt}}
        refused = await bridge.call("POST", "/v1/compositions", body, expect=422)
        assert refused["error"]["reason"] in ("SCORE_UNREADABLE", "EXCERPT_INVALID")


async def test_address_of_a_picture_cant_be_guessed_from_another(
    bridge: RunningBridge, picture: Path
) -> None:
    made = await bridge.compose(picture)
    other = await bridge.compose(picture)
    url = (await bridge.call("GET", f"/v1/compositions/{made}"))["picture_url"]
    async with httpx.AsyncClient() as stranger:
        assert (await stranger.get(url)).status_code == 200
        for guess in (url.replace(made, other), re.sub(r"/media/[^/]+", "/media/" + "A" * 22, url)):
            response = await stranger.get(guess)
            assert response.status_code == 404
            assert response.json()["error"]["reason"] == "PICTURE_NOT_FOUND"


async def test_bridge_listens_on_loopback_alone(lonely: RunningBridge) -> None:
    port = int(lonely.url.rpartition(":")[2])
    listening = [
        line.split()[1]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
        if line.split()[3] == "0A" and line.split()[1].endswith(f":{port:04X}")
    ]
    assert listening == [f"0100007F:{port:04X}"]
    refused = await lonely.call("PUT", "/v1/settings", {"host": "0.0.0.0"}, expect=422)
    assert "this machine alone" in refused["error"]["message"]


async def test_token_and_connection_are_for_the_owner_alone(lonely: RunningBridge) -> None:
    for path in (lonely.places.token, lonely.places.connection):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(lonely.places.folder.stat().st_mode) == 0o700


async def test_body_that_is_too_large_or_no_json_is_refused(lonely: RunningBridge) -> None:
    large = await lonely.client.post("/v1/pictures/check", content=b"x" * (25 * 2**20))
    assert large.status_code == 413
    for content in (b"{", b"[]", b'{"path": 1}', b'{"path": "/x", "more": 1}', b"[" * 100_000):
        refused = await lonely.client.post("/v1/pictures/check", content=content)
        assert refused.status_code == 422, content[:20]


async def test_nothing_that_breaks_inside_is_told_outside(
    lonely: RunningBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("the inner secret")

    monkeypatch.setattr("hartmann_bridge.routes.pictures._looked_at", broken)
    with capture_logs() as logs:
        response = await lonely.client.post("/v1/pictures/check", json={"path": "/x"})
    error = response.json()["error"]
    assert (response.status_code, error["reason"]) == (500, "INTERNAL")
    assert "secret" not in error["message"]
    assert next(entry["error_id"] for entry in logs if "error_id" in entry) in error["message"]


async def test_open_answers_are_kept_out_of_other_sites(lonely: RunningBridge) -> None:
    for path in ("/", "/docs", "/openapi.json"):
        response = await lonely.client.get(path)
        assert response.headers["cross-origin-resource-policy"] == "same-origin"
        assert response.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in (await lonely.client.get("/docs")).headers["content-security-policy"]
