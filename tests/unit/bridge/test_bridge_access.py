"""Who gets through the door: exact host, no foreign origin, the token; and what the log keeps of the others."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.types import Message
from structlog.testing import capture_logs

from hartmann_bridge.access import Access, Door, loggable_path

TOKEN = "a-token-of-some-length-that-nobody-guesses"
DOOR = Door(50071, TOKEN)
GOOD = {"host": "127.0.0.1:50071", "authorization": f"Bearer {TOKEN}"}


async def call(headers: dict[str, str] | list[tuple[str, str]], path: str = "/v1/health") -> tuple[int, str]:
    """Status and reason of a call; 200 from behind the door."""
    sent: list[Message] = []

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    pairs = headers.items() if isinstance(headers, dict) else headers
    raw = [(name.encode(), value.encode("latin-1")) for name, value in pairs]
    scope = {"type": "http", "method": "GET", "path": path, "headers": raw}
    await Access(behind, DOOR, lambda method, path: path == "/docs")(scope, receive, send)
    body = json.loads(sent[1]["body"])
    return sent[0]["status"], body.get("error", {}).get("reason", "")


async def test_program_with_the_token_gets_in() -> None:
    assert await call(GOOD) == (200, "")
    assert await call({**GOOD, "host": "localhost:50071"}) == (200, "")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"host": "127.0.0.1:50071"}, "TOKEN_MISSING"),
        ({**GOOD, "authorization": "Bearer wrong"}, "TOKEN_WRONG"),
        ({**GOOD, "authorization": "Bearer "}, "TOKEN_WRONG"),
        ({**GOOD, "authorization": TOKEN}, "TOKEN_WRONG"),
        ({**GOOD, "authorization": f"Basic {TOKEN}"}, "TOKEN_WRONG"),
        ({**GOOD, "authorization": f"Bearer {TOKEN}x"}, "TOKEN_WRONG"),
        ({**GOOD, "authorization": "Bearer \xe4"}, "TOKEN_WRONG"),
    ],
)
async def test_no_token_or_a_wrong_one_is_refused(headers: dict[str, str], reason: str) -> None:
    assert await call(headers) == (401, reason)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:50071",
        "127.0.0.1",
        "127.0.0.1:80",
        "localhost",
        "127.0.0.1:50071.evil.example",
        "LOCALHOST:50071",
        "[::1]:50071",
        "0.0.0.0:50071",
        "",
    ],
)
async def test_name_that_a_strangers_dns_points_here_is_refused_even_with_the_token(host: str) -> None:
    assert await call({**GOOD, "host": host}) == (403, "HOST_REFUSED")
    assert await call({**GOOD, "host": host}, "/docs") == (403, "HOST_REFUSED")


async def test_two_hosts_or_none_are_refused() -> None:
    bearer = ("authorization", f"Bearer {TOKEN}")
    twice = [("host", "127.0.0.1:50071"), ("host", "evil.example"), bearer]
    assert await call(twice) == (403, "HOST_REFUSED")
    assert await call([bearer]) == (403, "HOST_REFUSED")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://127.0.0.1:80", "https://127.0.0.1:50071"]
)
async def test_foreign_origin_is_refused_even_with_the_token(origin: str) -> None:
    assert await call({**GOOD, "origin": origin}) == (403, "ORIGIN_REFUSED")


async def test_own_origin_gets_in() -> None:
    assert await call({**GOOD, "origin": "http://127.0.0.1:50071"}) == (200, "")


async def test_open_page_needs_no_token_but_does_not_load_into_another_site() -> None:
    assert await call({"host": "127.0.0.1:50071"}, "/docs") == (200, "")
    elsewhere = {"host": "127.0.0.1:50071", "sec-fetch-site": "cross-site"}
    assert await call(elsewhere, "/docs") == (403, "ORIGIN_REFUSED")


async def test_refusals_are_logged_without_the_secrets_that_were_tried() -> None:
    with capture_logs() as logs:
        await call({**GOOD, "authorization": "Bearer guessed-secret"}, "/media/guessed-signature/x.png")
    assert [entry["reason"] for entry in logs] == ["TOKEN_WRONG"]
    assert "guessed" not in str(logs)


def test_long_paths_are_cut_in_the_log() -> None:
    assert len(loggable_path("/v1/" + "x" * 5000)) < 120
