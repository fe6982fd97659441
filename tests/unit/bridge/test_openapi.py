"""The description: valid OpenAPI, all that is served and nothing else, and a page that needs nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from hartmann_bridge.description_page import description_page
from hartmann_bridge.openapi import openapi_of
from hartmann_bridge.routes import OPERATIONS

DESCRIPTION = openapi_of(OPERATIONS, "http://127.0.0.1:50071", "1.2.3")


def test_description_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(DESCRIPTION).validate()  # type: ignore[arg-type]


def test_every_operation_is_described_with_its_own_name() -> None:
    described = [operation for path in DESCRIPTION["paths"].values() for operation in path.values()]
    assert len(described) == len(OPERATIONS)
    assert len({operation["operationId"] for operation in described}) == len(described)


def test_every_parameter_of_a_path_is_described() -> None:
    for path, methods in DESCRIPTION["paths"].items():
        for operation in methods.values():
            named = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))


def test_only_descriptions_and_unguessable_pictures_are_open() -> None:
    opened = {
        path
        for path, methods in DESCRIPTION["paths"].items()
        for one in methods.values()
        if one.get("security") == []
    }
    assert opened == {"/", "/docs", "/openapi.json", "/media/{signature}/{what}"}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: f"{one.method} {one.path}")
def test_refusals_are_described_with_their_json(operation: object) -> None:
    for methods in DESCRIPTION["paths"].values():
        for one in methods.values():
            for status, response in one["responses"].items():
                if int(status) >= 400:
                    schema = response["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/ErrorAnswer"}


class Page(HTMLParser):
    """Collects links, anchors and what a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.links += [str(values["href"])] if tag == "a" else []
        self.ids += [str(values["id"])] if "id" in values else []
        self.loaded += (
            [tag] if tag in ("script", "link", "img", "iframe", "object") or "src" in values else []
        )


def test_page_loads_nothing_and_its_links_lead_somewhere() -> None:
    page = Page()
    page.feed(description_page(DESCRIPTION))
    assert page.loaded == []
    assert set(page.links) <= {"/openapi.json", *(f"#{name}" for name in page.ids)}


def test_page_tells_every_path() -> None:
    page = description_page(DESCRIPTION)
    assert all(f"<code>{path}</code>" in page for path in DESCRIPTION["paths"])
