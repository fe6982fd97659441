"""The page of documentation: the OpenAPI description as HTML that needs nothing else, no script and no network."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1rem; margin: 0; font-weight: 600; }
section { border-top: 1px solid var(--line); padding: 1rem 0; }
code, pre { font: 0.875rem/1.45 ui-monospace, monospace; }
pre { overflow-x: auto; padding: 0.75rem; border: 1px solid var(--line); border-radius: 6px; }
.method { display: inline-block; min-width: 3.6rem; font-weight: 700; }
.open { font-size: 0.8rem; border: 1px solid var(--line); border-radius: 999px; padding: 0 0.5rem; }
table { border-collapse: collapse; width: 100%; } td { vertical-align: top; padding: 0.2rem 0.8rem 0.2rem 0; }
details { margin-top: 0.5rem; } summary { cursor: pointer; }
"""


def description_page(description: dict[str, Any]) -> str:
    """The whole page."""
    info = description["info"]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style>"
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1>"
        f"<p>{escape(info['description'])}</p>"
        f"<pre>{escape(_example(description['servers'][0]['url']))}</pre>"
        f"<p>The same for programs: <a href=/openapi.json>openapi.json</a></p>"
        f"{''.join(_sections(description))}"
        f"<section><h2>Schemas</h2>{''.join(_schemas(description))}</section>"
    )


def _example(url: str) -> str:
    return (
        "token=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[\"token\"])' "
        "~/.config/hartmann/bridge.json)\n"
        f'curl -H "Authorization: Bearer $token" {url}/v1/health\n'
        f'curl -H "Authorization: Bearer $token" {url}/v1/compositions \\\n'
        '     -d \'{"picture": "/home/ada/holiday.jpg", "prompt": "a calm waltz"}\''
    )


def _sections(description: dict[str, Any]) -> Iterator[str]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            mark = " <span class=open>open</span>" if operation.get("security") == [] else ""
            yield (
                f"<section><h2><span class=method>{method.upper()}</span><code>{escape(path)}</code>{mark}</h2>"
                f"<p>{escape(operation['summary'])}. {escape(operation.get('description', ''))}</p>"
                f"{_parameters(operation)}{_bodies(operation)}</section>"
            )


def _parameters(operation: dict[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{escape(parameter['name'])}</code><td>{escape(parameter['description'])}"
        for parameter in operation.get("parameters", ())
    ]
    return f"<table>{''.join(rows)}</table>" if rows else ""


def _bodies(operation: dict[str, Any]) -> str:
    lines = []
    if body := operation.get("requestBody"):
        lines.append(f"<tr><td>takes<td>{_names(body['content'])}")
    for status, response in operation["responses"].items():
        names = _names(response.get("content", {}))
        lines.append(f"<tr><td>{escape(status)}<td>{escape(response['description'])} {names}")
    return f"<table>{''.join(lines)}</table>"


def _names(content: dict[str, Any]) -> str:
    """Links to schemas, or the media types of what has none."""
    names = []
    for media_type, described in content.items():
        reference = described.get("schema", {}).get("$ref", "")
        name = reference.rpartition("/")[2]
        link = (
            f"<a href='#{escape(name)}'>{escape(name)}</a>" if name else f"<code>{escape(media_type)}</code>"
        )
        names.append(link)
    return ", ".join(names)


def _schemas(description: dict[str, Any]) -> Iterator[str]:
    for name, schema in sorted(description["components"]["schemas"].items()):
        text = json.dumps(schema, indent=2, ensure_ascii=False)
        yield f"<details id='{escape(name)}'><summary><code>{escape(name)}</code></summary>"
        yield f"<pre>{escape(text)}</pre></details>"
