"""Composing through the bridge: what the server does, as JSON; its results as files and pictures."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import numpy as np
import pytest
from openapi_schema_validator import OAS31Validator
from PIL import Image
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from running_bridge import RunningBridge, events_of
from running_server import Running

pytestmark = pytest.mark.integration


async def shown(url: str) -> Image.Image:
    """A picture fetched as QML's `Image` does: without any header of ours."""
    async with httpx.AsyncClient() as client:
        response = await client.get(url)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "image/png"
    return Image.open(io.BytesIO(response.content))


async def test_health_tells_bridge_and_server(bridge: RunningBridge, server: Running) -> None:
    health = await bridge.call("GET", "/v1/health")
    assert health["bridge"]["url"] == bridge.url
    assert health["server"]["state"] == "ready"
    assert health["server"]["address"] == server.address


async def test_picture_is_checked_and_has_a_thumbnail(bridge: RunningBridge, picture: Path) -> None:
    checked = await bridge.call("POST", "/v1/pictures/check", {"path": picture.as_uri()})
    url = checked.pop("url")
    size = picture.stat().st_size
    assert checked == {"path": str(picture), "format": "PNG", "width": 60, "height": 40, "bytes": size}
    assert (await shown(url)).size == (60, 40)


async def test_composition_is_watched_to_its_score(bridge: RunningBridge, picture: Path) -> None:
    wishes = {"key": "G major", "tempo": 90}
    made = await bridge.call(
        "POST",
        "/v1/compositions",
        {"picture": str(picture), "prompt": "a walk", "seed": 7, "wishes": wishes},
        expect=201,
    )
    assert made["state"] in ("queued", "running")
    assert (made["prompt"], made["seed"], made["wishes"]) == ("a walk", 7, wishes)
    lines = [line async for line in bridge.lines(made["id"])]
    assert events_of(lines) == list(range(1, len(events_of(lines)) + 1))
    assert "accepted" in lines[0]
    assert "score" in lines[-1]
    ended = await bridge.call("GET", f"/v1/compositions/{made['id']}")
    assert (ended["state"], ended["title"]) == ("finished", lines[-1]["score"]["title"])


async def test_watching_goes_on_after_a_number(bridge: RunningBridge, picture: Path) -> None:
    made = await bridge.finished(picture)
    every = events_of([line async for line in bridge.lines(made)])
    assert events_of([line async for line in bridge.lines(made, "?after=5")]) == every[5:]
    assert events_of([line async for line in bridge.lines(made, f"?after={every[-1]}")]) == []


async def test_same_request_id_gives_the_same_composition(bridge: RunningBridge, picture: Path) -> None:
    assert await bridge.compose(picture, request_id="r-1") == await bridge.compose(picture, request_id="r-1")


async def test_running_composition_is_cancelled(
    bridge: RunningBridge, server: Running, picture: Path
) -> None:
    server.writer.hold.clear()
    made = await bridge.compose(picture)
    await server.writer.in_a_piece.wait()
    assert (await bridge.call("POST", f"/v1/compositions/{made}/cancel"))["state"] == "cancelled"
    lines = [line async for line in bridge.lines(made)]
    assert "cancelled" in lines[-1]


async def test_ended_composition_cant_be_cancelled(bridge: RunningBridge, picture: Path) -> None:
    made = await bridge.finished(picture)
    refused = await bridge.call("POST", f"/v1/compositions/{made}/cancel", expect=409)
    assert refused["error"]["reason"] == "COMPOSITION_FINISHED"


async def test_revision_begins_from_an_edited_caption(bridge: RunningBridge, picture: Path) -> None:
    made = await bridge.finished(picture)
    body = {"from_stage": "retrieve", "caption": "A dark and narrow lane.", "keep_seed": True}
    revised = await bridge.call("POST", f"/v1/compositions/{made}/revise", body, expect=201)
    assert (revised["revised_from"], revised["seed"]) == (made, 7)
    lines = [line async for line in bridge.lines(revised["id"])]
    assert [line["caption"]["text"] for line in lines if "caption" in line] == ["A dark and narrow lane."]


async def test_revision_draws_a_new_seed_unless_told_to_keep_it(bridge: RunningBridge, picture: Path) -> None:
    made = await bridge.finished(picture)
    redrawn = await bridge.call(
        "POST", f"/v1/compositions/{made}/revise", {"from_stage": "draft"}, expect=201
    )
    given = {"from_stage": "draft", "seed": 9}
    assert redrawn["seed"] != 7
    assert (await bridge.call("POST", f"/v1/compositions/{made}/revise", given, expect=201))["seed"] == 9


async def test_list_has_pages_and_a_filter(bridge: RunningBridge, picture: Path) -> None:
    made = [await bridge.finished(picture) for _ in range(2)]
    first = await bridge.call("GET", "/v1/compositions?page_size=1&state=finished")
    assert [one["id"] for one in first["compositions"]] == made[:0:-1]
    token = first["next_page_token"]
    second = await bridge.call("GET", f"/v1/compositions?page_size=1&state=finished&page_token={token}")
    assert [one["id"] for one in second["compositions"]] == made[:1]
    assert (await bridge.call("GET", "/v1/compositions?state=failed"))["compositions"] == []


async def test_deleted_composition_is_gone(bridge: RunningBridge, picture: Path) -> None:
    made = await bridge.finished(picture)
    await bridge.call("DELETE", f"/v1/compositions/{made}", expect=204)
    assert (await bridge.call("GET", f"/v1/compositions/{made}", expect=404))["error"]["reason"] == (
        "COMPOSITION_NOT_FOUND"
    )
    await bridge.call("GET", f"/v1/compositions/{made}/events", expect=404)


@pytest.mark.parametrize(
    ("form", "begins"), [("musicxml", b"<?xml"), ("mxl", b"PK\x03\x04"), ("abc", b"X:"), ("midi", b"MThd")]
)
async def test_score_comes_in_every_format(
    bridge: RunningBridge, picture: Path, form: str, begins: bytes
) -> None:
    made = await bridge.finished(picture)
    content = await bridge.call("GET", f"/v1/compositions/{made}/score?format={form}")
    assert content.startswith(begins)


async def test_score_that_is_not_there_yet_is_refused(
    bridge: RunningBridge, server: Running, picture: Path
) -> None:
    server.writer.hold.clear()
    made = await bridge.compose(picture)
    for method, path in (("GET", "score"), ("POST", "save"), ("POST", "open")):
        refused = await bridge.call(method, f"/v1/compositions/{made}/{path}", expect=409)
        assert refused["error"]["reason"] == "COMPOSITION_NOT_FINISHED"


async def test_attention_is_shown_whole_by_section_and_by_bar(bridge: RunningBridge, picture: Path) -> None:
    made = await bridge.finished(picture)
    pictures = await bridge.call("GET", f"/v1/compositions/{made}/pictures")
    plain = np.asarray((await shown(pictures["picture"])).convert("RGB"))
    attention = pictures["attention"]
    assert [section["name"] for section in attention["sections"]] == ["A", "B"]
    assert {bar["bar"] for bar in attention["bars"]} >= {1, 2, 3, 4}
    urls = [attention["whole"], *(one["url"] for one in [*attention["sections"], *attention["bars"]])]
    maps = [np.asarray((await shown(url)).convert("RGB")) for url in urls]
    assert all(one.shape == plain.shape and not np.array_equal(one, plain) for one in maps)
    assert len({one.tobytes() for one in maps}) > len(attention["bars"]) // 2


async def test_drafts_are_engraved_as_soon_as_they_come(
    bridge: RunningBridge, server: Running, picture: Path
) -> None:
    made = await bridge.compose(picture)
    async for line in bridge.lines(made):
        if "draft" in line:
            break
    pictures = await bridge.call("GET", f"/v1/compositions/{made}/pictures")
    first = pictures["drafts"][0]
    assert first["number"] == 1
    assert (await shown(first["png"])).width > 800
    async with httpx.AsyncClient() as client:
        svg = await client.get(first["svg"])
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert ET.fromstring(svg.content).tag == "{http://www.w3.org/2000/svg}svg"


async def test_saved_score_is_the_events_and_is_found_again(bridge: RunningBridge, picture: Path) -> None:
    made = await bridge.finished(picture)
    before = await bridge.call("GET", f"/v1/compositions/{made}")
    saved = await bridge.call("POST", f"/v1/compositions/{made}/save")
    files = saved["files"]
    assert before["files"] is None
    assert set(files) == {"musicxml", "abc", "midi", "attention", "explanation"}
    content = await bridge.call("GET", f"/v1/compositions/{made}/score?format=musicxml")
    assert Path(files["musicxml"]).read_bytes() == content
    assert Path(files["musicxml"]).parent == bridge.scores
    assert (await bridge.call("GET", f"/v1/compositions/{made}"))["files"] == files
    assert (await bridge.call("GET", "/v1/compositions"))["compositions"][0]["files"] == files
    assert await bridge.call("POST", f"/v1/compositions/{made}/save", {}) == saved
    fresh = await bridge.call("POST", f"/v1/compositions/{made}/save", {"fresh": True})
    assert fresh["files"]["musicxml"] == files["musicxml"].replace(".musicxml", "-2.musicxml")


@pytest.fixture
def editor(tmp_path: Path) -> Path:
    """A MuseScore that only writes down what it was asked to open."""
    program = tmp_path / "mscore3"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {tmp_path}/opened\n')
    program.chmod(0o755)
    return program


async def test_score_is_opened_by_the_musescore_that_was_set(
    bridge: RunningBridge, picture: Path, editor: Path
) -> None:
    await bridge.call("PUT", "/v1/settings", {"musescore": str(editor)})
    made = await bridge.finished(picture)
    opened = await bridge.call("POST", f"/v1/compositions/{made}/open")
    assert opened["opened_with"] == str(editor)
    assert (editor.parent / "opened").read_text().splitlines() == [opened["files"]["musicxml"]]


async def test_score_that_may_be_open_already_is_opened_from_new_files(
    bridge: RunningBridge, picture: Path, editor: Path
) -> None:
    await bridge.call("PUT", "/v1/settings", {"musescore": str(editor)})
    made = await bridge.finished(picture)
    for _ in range(3):
        await bridge.call("POST", f"/v1/compositions/{made}/open", {"version": "3"})
    opened = (editor.parent / "opened").read_text().splitlines()
    assert len(set(opened)) == 3
    assert len({Path(path).read_bytes() for path in opened}) == 1


async def test_musescore_that_does_not_start_is_told_and_the_score_is_saved(
    bridge: RunningBridge, picture: Path, editor: Path
) -> None:
    editor.write_text("#!/bin/sh\nexit 3\n")
    await bridge.call("PUT", "/v1/settings", {"musescore": str(editor)})
    made = await bridge.finished(picture)
    refused = await bridge.call("POST", f"/v1/compositions/{made}/open", expect=409)
    assert refused["error"]["reason"] == "MUSESCORE_FAILED"
    assert "status 3" in refused["error"]["message"]
    assert list(bridge.scores.glob("*.musicxml"))


async def test_excerpt_of_ones_own_score_is_sent_by_path_or_as_musicxml(
    bridge: RunningBridge, picture: Path, tmp_path: Path
) -> None:
    made = await bridge.finished(picture)
    saved = await bridge.call("POST", f"/v1/compositions/{made}/save")
    path = saved["files"]["musicxml"]
    excerpts = (
        {"path": path, "use": "continue", "title": "Mine", "first_bar": 1, "last_bar": 2},
        {"musicxml": Path(path).read_text(), "use": "vary"},
    )
    for excerpt in excerpts:
        lines = [line async for line in bridge.lines(await bridge.compose(picture, excerpt=excerpt))]
        references = next(line["references"]["references"] for line in lines if "references" in line)
        assert references[0]["id"] == "excerpt"
        assert "score" in lines[-1]


async def test_answers_are_as_described(bridge: RunningBridge, picture: Path) -> None:
    description = await bridge.call("GET", "/openapi.json")
    made = await bridge.finished(picture)
    asked: list[tuple[str, str, str, Any, int]] = [
        ("GET", "/v1/health", "/v1/health", None, 200),
        ("POST", "/v1/pictures/check", "/v1/pictures/check", {"path": str(picture)}, 200),
        ("GET", "/v1/compositions", "/v1/compositions", None, 200),
        ("GET", f"/v1/compositions/{made}", "/v1/compositions/{id}", None, 200),
        ("GET", f"/v1/compositions/{made}/pictures", "/v1/compositions/{id}/pictures", None, 200),
        ("POST", f"/v1/compositions/{made}/save", "/v1/compositions/{id}/save", {}, 200),
        ("GET", f"/v1/compositions/{made}", "/v1/compositions/{id}", None, 200),
        ("POST", f"/v1/compositions/{made}/cancel", "/v1/compositions/{id}/cancel", None, 409),
        ("GET", "/v1/settings", "/v1/settings", None, 200),
        ("PUT", "/v1/settings", "/v1/settings", {"port": 99999}, 422),
        ("POST", "/v1/leases/a", "/v1/leases/{name}", None, 200),
        ("GET", f"/v1/compositions/{'0' * 32}", "/v1/compositions/{id}", None, 404),
    ]
    registry = Registry().with_resource("urn:api", Resource(description, DRAFT202012))
    for method, path, template, body, status in asked:
        answer = await bridge.call(method, path, body, expect=status)
        described = description["paths"][template][method.lower()]["responses"][str(status)]
        reference = described["content"]["application/json"]["schema"]["$ref"]
        OAS31Validator({"$ref": f"urn:api{reference}"}, registry=registry).validate(answer)
