"""`hartmann attention PICTURE SCORE`: where a model looks in a picture as it reads a score written for it.

The model of the settings is loaded into this process; no server and no database are needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hartmann.cli.compose_command import read_picture_file
from hartmann.errors import InvalidNotation, InvalidRequest

if TYPE_CHECKING:
    from hartmann.composing.replaying import Finished, Heat
    from hartmann.library.reference import Reference
    from hartmann.notation.score import Score
    from hartmann.results.record import Record
    from hartmann.settings import Settings
    from hartmann.vision.pictures import Picture
    from hartmann.vision.transformers_model import TransformersModel

WHICH = "Whose attention counts"
RAW = "Raw attention"
MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to write: maps of `parts` to `maps`, raw attention to `raw` within `limit` bytes."""

    maps: Path | None
    parts: str
    damp_sinks: bool
    raw: Path | None
    raw_type: str
    limit: int


def attention(
    image: Annotated[Path, typer.Argument(metavar="PICTURE", help="The picture's file.", show_default=False)],
    score: Annotated[
        Path,
        typer.Argument(
            metavar="SCORE",
            help="An ABC file, or the .events.jsonl of a composition, which tells description and references too.",
            show_default=False,
        ),
    ],
    caption: Annotated[
        str, typer.Option(help="The picture's description; without one, the model writes it.")
    ] = "",
    prompt: Annotated[str, typer.Option(help="What the music was to be about.")] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="PNG", help="Write maps over the picture.")
    ] = None,
    by: Annotated[
        str, typer.Option(help="A map for each: section, voice, bar or caption (sentence).")
    ] = "section",
    layers: Annotated[
        str | None,
        typer.Option(help="all, numbers such as 0,3,8-11, or a part: 'last third'.", rich_help_panel=WHICH),
    ] = None,
    heads: Annotated[str | None, typer.Option(help="The same of the heads.", rich_help_panel=WHICH)] = None,
    damp_sinks: Annotated[
        bool,
        typer.Option(
            "--damp-sinks",
            help="Draw maps without what a few cells get from every token alike.",
            rich_help_panel=WHICH,
        ),
    ] = False,
    raw: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write every token's attention by layer, head and image token as safetensors.",
            rich_help_panel=RAW,
        ),
    ] = None,
    raw_type: Annotated[str, typer.Option(help="float16 or float32.", rich_help_panel=RAW)] = "float16",
    limit: Annotated[
        int, typer.Option(min=1, metavar="MIB", help="Refuse to write more than this.", rich_help_panel=RAW)
    ] = 2048,
) -> None:
    """Show where a model looks in PICTURE as it reads SCORE: maps, and the raw attention.

    The model is the one of the settings (vision_model; for a remote one, attention_model). It reads picture,
    description and score once; wishes that a composition had are not shown to it again.
    """
    if output is None and raw is None:
        raise InvalidRequest("say what to write: -o MAPS.png, --raw FILE.safetensors, or both")
    for path in filter(None, (output, raw)):
        _check_free(path)
    wanted = Wanted(output, _part(by), damp_sinks, raw, _raw_type(raw_type), limit * MEBIBYTE)
    body = read_picture_file(image)
    from hartmann.cli.configuration import load_settings
    from hartmann.cli.server_extra import server_extra

    settings = load_settings(attention_layers=layers, attention_heads=heads)
    with server_extra():
        _attend(settings, body, _finished(score, caption, prompt), wanted)
    for path in filter(None, (output, raw)):
        typer.echo(str(path))


def _check_free(path: Path) -> None:
    """Before a model is loaded. Raises InvalidRequest for a name that is taken or a folder that is not there."""
    if path.exists():
        raise InvalidRequest(f"{path} exists already; choose another name")
    if not path.parent.is_dir():
        raise InvalidRequest(f"there is no folder {path.parent}")


def _part(name: str) -> str:
    known = ("section", "voice", "bar", "caption")
    if name not in known:
        raise InvalidRequest(f"{name!r} is nothing to draw maps of; choose {', '.join(known)}")
    return name


def _raw_type(name: str) -> str:
    if name not in ("float16", "float32"):
        raise InvalidRequest(f"raw attention is written as float16 or float32, not {name!r}")
    return name


def _finished(path: Path, caption: str, prompt: str) -> Finished:
    """The piece in a file. Raises InvalidRequest where there is none."""
    from hartmann.composing.replaying import Finished

    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{path} can't be read: {getattr(error, 'strerror', None) or error}") from error
    if path.suffix != ".jsonl":
        return Finished(caption, text.strip(), prompt)
    from hartmann.results.record import Record, events_from

    record = Record("")
    for event in events_from(text):
        record.add(event)
    draft = record.explanation.draft if record.explanation else len(record.drafts)
    abc = next((each.abc for each in record.drafts if each.number == draft), "")
    told = record.caption.text if record.caption else ""
    return Finished(caption or told, abc, prompt, _references(record))


def _references(record: Record) -> tuple[Reference, ...]:
    from hartmann.library.reference import Reference

    shown = record.references.references if record.references else ()
    return tuple(
        Reference(each.id, each.title, each.caption, each.abc, each.source, each.licence, rank=each.rank)
        for each in shown
    )


def _attend(settings: Settings, body: bytes, piece: Finished, wanted: Wanted) -> None:
    """Load, read, write."""
    from dataclasses import replace

    from hartmann.composing.replaying import describe
    from hartmann.notation.checking import check
    from hartmann.notation.limits import limits_from
    from hartmann.vision.pictures import PictureLimits, read_picture

    picture = read_picture(body, PictureLimits(settings.max_picture_bytes, settings.max_picture_pixels))
    score = check(piece.abc, limits_from(settings)).score
    if score is None:
        raise InvalidNotation("the score holds no music; see what is wrong with: hartmann check")
    model = _load(settings)
    if not piece.caption:
        piece = replace(piece, caption=describe(model, picture.image, piece.prompt))
    if wanted.maps is not None:
        _write_maps(wanted.maps, model, picture, piece, score, wanted)
    if wanted.raw is not None:
        _write_raw(wanted.raw, model, picture, piece, score, wanted)


def _load(settings: Settings) -> TransformersModel:
    from hartmann.serving.startup import load_local_model

    name = settings.vision_model
    if name.startswith(("http://", "https://")):
        name = settings.attention_model
    if not name:
        raise InvalidRequest(
            "a remote model does not tell its attention; name a local one that reads the score in its place: "
            "HARTMANN_ATTENTION_MODEL=mini"
        )
    return load_local_model(settings, name)


def _write_maps(
    path: Path, model: TransformersModel, picture: Picture, piece: Finished, score: Score, wanted: Wanted
) -> None:
    from hartmann.results.whole_files import write_whole
    from hartmann.vision.heatmap import panels

    heats = _heats(model, picture, piece, score, wanted)
    if not heats:
        raise InvalidRequest(f"the score has no {wanted.parts} to draw a map of")
    write_whole(path, panels(picture.image, heats, score.title))


def _heats(
    model: TransformersModel, picture: Picture, piece: Finished, score: Score, wanted: Wanted
) -> list[Heat]:
    from hartmann.composing.replaying import PartKind, composed, described, heats_of, heats_of_sentences
    from hartmann.vision.attention_sinks import damped

    kind, profile = PartKind(wanted.parts), model.info.prompt_profile
    conversation = (described if kind is PartKind.CAPTION else composed)(piece, profile)
    record = model.attend(conversation, picture.image)
    if wanted.damp_sinks:
        record = damped(record)
    if kind is PartKind.CAPTION:
        return list(heats_of_sentences(conversation[-1], record))
    return list(heats_of(score, record, kind))


def _write_raw(
    path: Path, model: TransformersModel, picture: Picture, piece: Finished, score: Score, wanted: Wanted
) -> None:
    """Under a name of its own first, so that a file with the name asked for is whole."""
    from hartmann.composing.replaying import composed, tokens_of_score
    from hartmann.results.whole_files import link
    from hartmann.vision.raw_attention import RawType, write_raw

    raw = model.attend_each(composed(piece, model.info.prompt_profile), picture.image)
    about = {
        "model": model.info.name,
        "revision": model.info.revision,
        "picture_sha256": picture.sha256,
        "caption": piece.caption,
        "prompt": piece.prompt,
        "parts": list(tokens_of_score(score, raw.spans)),
    }
    staged = path.with_name(f".{path.name}.part")
    try:
        write_raw(raw, staged, about, RawType(wanted.raw_type), wanted.limit)
        link(staged, path)
    finally:
        staged.unlink(missing_ok=True)
