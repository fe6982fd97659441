"""What goes over the wire as JSON, in both directions: the models that are checked, answered and described.

Every request is checked against its model, every answer is built from one, and `/openapi.json` is generated from
the same models, so that the three can't differ. Unknown keys are refused, so that a typing error is noticed.
Fields of an answer that the server does not know are left out.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

StageName = Literal["caption", "retrieve", "draft", "refine", "explain", "engrave"]
StateName = Literal["queued", "running", "finished", "failed", "cancelled"]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1, description="The same seed gives the same score.")]


class Body(BaseModel):
    """A JSON object whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ErrorDetail(Body):
    """Why something was refused."""

    reason: str = Field(description="Stable name, UPPER_SNAKE.")
    message: str = Field(description="A sentence for a person, with what to do.")
    field: str | None = Field(default=None, description="The part of the request at fault.")


class ErrorAnswer(Body):
    """Every refusal looks like this."""

    error: ErrorDetail


class BridgeHealth(Body):
    """The bridge itself."""

    version: str
    url: str


class ServerHealthAnswer(Body):
    """The server behind it."""

    address: str
    state: Literal["ready", "starting", "away"]
    message: str = Field(description="A sentence, with the command that starts what is missing.")


class MuseScoreAnswer(Body):
    """The MuseScore that scores are opened with."""

    path: str
    version: str = Field(description="Such as `3.2.3`, or `4`; empty where it is not known.")


class Health(Body):
    """What works and what is missing."""

    bridge: BridgeHealth
    server: ServerHealthAnswer
    musescore: MuseScoreAnswer | None = Field(description="null: none was found.")


class PicturePath(Body):
    """A picture file on this machine."""

    path: str = Field(max_length=8192, description="Whole path, `~/…`, or a `file://` address.")


class CheckedPicture(Body):
    """A picture that can be composed for."""

    path: str = Field(description="The file, links followed.")
    format: str = Field(description="JPEG, PNG, WEBP, TIFF, GIF or BMP.")
    width: int = Field(description="Pixels, upright.")
    height: int = Field(description="Pixels, upright.")
    bytes: int
    url: str = Field(description="A thumbnail (PNG); needs no header.")


class Wishes(Body):
    """What the music should be. Everything left out is as the picture suggests."""

    ensemble: str = Field(default="", description="Instruments: `flute, cello`.")
    bars: int = Field(default=0, ge=0, le=256, description="How many; 0 for no wish.")
    key: str = Field(default="", description="`G`, `E minor`, `D dorian`.")
    meter: str = Field(default="", description="`4/4`, `6/8`, `C|`.")
    tempo: float = Field(default=0.0, ge=0, le=300, description="Quarter notes a minute; 0 for no wish.")
    mood: str = Field(default="", description="A word or a few: `calm`.")
    difficulty: Literal["", "easy", "medium", "hard"] = ""


class Excerpt(Body):
    """Bars of one's own score: a file on this machine, or the MusicXML itself."""

    path: str = Field(default="", max_length=8192, description="MusicXML (.musicxml, .mxl) or ABC file.")
    musicxml: str = Field(default="", description="The MusicXML itself, in place of a path.")
    use: Literal["continue", "vary"] = Field(description="Go on where the bars end, or vary them.")
    title: str = Field(default="", max_length=200, description="What the score is called.")
    first_bar: int = Field(default=0, ge=0, description="Counted from 1 in the order of the file; 0: first.")
    last_bar: int = Field(default=0, ge=0, description="Inclusive; 0: the last.")
    staves: tuple[int, ...] = Field(default=(), description="Counted from 1 at the top; empty: all.")


class NewComposition(Body):
    """What to compose."""

    picture: str = Field(max_length=8192, description="Whole path of a picture file on this machine.")
    prompt: str = Field(default="", description="What the music should be about.")
    wishes: Wishes = Wishes()
    seed: Seed | None = Field(default=None, description="null: one is drawn.")
    request_id: str = Field(
        default="", max_length=128, description="The same one again gives the same composition."
    )
    excerpt: Excerpt | None = None


class Revision(Body):
    """What to do differently, from which stage on."""

    from_stage: StageName = Field(description="The first stage that is done anew.")
    caption: str = Field(default="", description="Another description of the picture.")
    reference_ids: tuple[str, ...] = Field(default=(), description="Other references, in this order.")
    abc: str = Field(default="", description="Another draft, whole.")
    instruction: str = Field(default="", description="What should be different: `slower`.")
    wishes: Wishes | None = Field(default=None, description="In place of the earlier ones.")
    seed: Seed | None = Field(default=None, description="null: see keep_seed.")
    keep_seed: bool = Field(default=False, description="With no seed: keep the earlier one, or draw anew.")
    request_id: str = Field(default="", max_length=128)


class Failure(Body):
    """Why a composition failed."""

    reason: str
    message: str


class Files(Body):
    """Files of a saved composition; whole paths. What was removed since is left out."""

    musicxml: str | None = None
    abc: str | None = None
    midi: str | None = None
    attention: str | None = Field(default=None, description="The picture with the maps, PNG.")
    explanation: str | None = Field(default=None, description="Why the score is as it is, Markdown.")


class Composition(Body):
    """One request and where it stands."""

    id: str
    state: StateName
    stage: StageName | None = Field(
        default=None,
        description="What is being worked on; of an ended one, the last stage that was finished.",
    )
    title: str | None = None
    prompt: str
    instruction: str | None = Field(default=None, description="What revisions asked for.")
    wishes: Wishes
    seed: int
    created: str = Field(description="RFC 3339, UTC.")
    revised_from: str | None = Field(default=None, description="Id of the composition that it revises.")
    last_sequence: int = Field(description="Number of the last event.")
    picture_url: str = Field(description="A thumbnail (PNG); needs no header.")
    error: Failure | None
    files: Files | None = Field(description="null until it is saved.")


class CompositionPage(Body):
    """Compositions, newest first."""

    compositions: tuple[Composition, ...]
    next_page_token: str = Field(description="Empty on the last page.")


class SectionPicture(Body):
    """Where the model looked while it wrote a section."""

    name: str
    label: str = Field(description="The name with the region looked at most: `A · the upper left`.")
    url: str


class BarPicture(Body):
    """Where the model looked while it wrote a bar."""

    voice: int
    bar: int = Field(description="The first full bar is 1, an anacrusis 0.")
    url: str


class Attention(Body):
    """The picture with heat over it."""

    whole: str
    sections: tuple[SectionPicture, ...]
    bars: tuple[BarPicture, ...]


class DraftPicture(Body):
    """A draft, engraved."""

    number: int
    svg: str
    png: str


class Pictures(Body):
    """Addresses of everything that can be looked at; they need no header."""

    picture: str
    attention: Attention | None = Field(description="null until it is explained, or where none is recorded.")
    drafts: tuple[DraftPicture, ...]


class Saving(Body):
    """How to save."""

    fresh: bool = Field(
        default=False,
        description="Write a new set of files although the same score is there: MuseScore 3 does not open one "
        "file twice.",
    )


class Opening(Saving):
    """How to open."""

    version: Literal["", "3", "4"] = Field(default="", description="Which MuseScore, where there are both.")


class Saved(Body):
    """Where the files are."""

    files: Files


class Opened(Body):
    """Where the files are, and what opened the score."""

    files: Files
    opened_with: str


class SettingsAnswer(Body):
    """The settings as they count now."""

    scores_folder: str
    musescore: str
    server: str
    api_key: str = Field(description="Never shown: asterisks stand for it.")
    host: str
    port: int
    log_level: str
    log_format: str
    fixed: tuple[str, ...] = Field(description="Decided by the command line or the environment.")


class SettingsChange(Body):
    """Settings to change; those left out stay."""

    scores_folder: str | None = None
    musescore: str | None = None
    server: str | None = None
    api_key: str | None = None
    host: str | None = None
    port: int | None = None
    log_level: str | None = None
    log_format: str | None = None


class Lease(Body):
    """How long a lease holds."""

    seconds: float
