"""Models that follow a script: what the server does with models can be tested without weights.

They stand at the protocol's boundary (`composing.tools`): the writer answers by what it is asked for, word by
word, and can be held in the middle of a draft.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from hartmann.library.ingest.describing import Piece, describe_abc
from hartmann.serving.startup import Engine, Models, OnProgress, Sources
from hartmann.settings import Settings
from hartmann.vision.language_model import (
    AttentionRecord,
    Finish,
    Generation,
    GenerationRequest,
    ImageGrid,
    Message,
    ModelInfo,
    ignore_text,
)

SPACE = "scripted/v1"
GRID = ImageGrid(2, 3)
CAPTION = "A wide bright field under a pale sky. A path leads to the horizon."
MOTIVATION = "The wide field asks for long notes. The path leads the melody upwards."
TUNES = (
    "X:1\nT:Field Path\nM:4/4\nL:1/4\nQ:1/4=90\nK:Gmaj\n% [A]\nGABc|d2B2|cBAG|A4|\n% [B]\nd2cB|A2G2|FGAB|G4|]\n",
    "X:1\nT:Pale Sky\nM:3/4\nL:1/4\nQ:1/4=80\nK:Emin\n% [A]\nEFG|A2B|cBA|B3|\n% [B]\nedc|B2A|GFD|E3|]\n",
    "X:1\nT:Low Sun\nM:6/8\nL:1/8\nQ:3/8=70\nK:Dmaj\n% [A]\nDEF AFD|E3 A3|FED BAG|A6|\n"
    "% [B]\ndcB AGF|G3 E3|AFD EFE|D6|]\n",
)
PIECE_TOKENS = 1000
"""Whoever allows at least this many tokens asks for a whole piece."""


@dataclass
class ScriptedWriter:
    """A `SeeingWriter` with a script. `hold` stops it before each word of a piece until it is set;
    `seconds_per_word` is how slowly it writes a piece otherwise."""

    hold: asyncio.Event = field(default_factory=asyncio.Event)
    words_written: int = 0
    pieces_begun: int = 0
    in_a_piece: asyncio.Event = field(default_factory=asyncio.Event)
    fault: Exception | None = None
    seconds_per_word: float = 0.0

    def __post_init__(self) -> None:
        self.hold.set()

    @property
    def info(self) -> ModelInfo:
        return ModelInfo("scripted", "1", "cpu", 8192, "full", constrains=False)

    async def generate(
        self, request: GenerationRequest, on_text: Callable[[str], None] = ignore_text
    ) -> Generation:
        """Write the caption, a piece or the motivation, as the conversation asks."""
        if self.fault is not None:
            raise self.fault
        is_piece = request.sampling.max_tokens >= PIECE_TOKENS
        text = self._answer(request, is_piece)
        self.pieces_begun += is_piece
        if is_piece:
            self.in_a_piece.set()
        for word in text.split(" "):
            on_text(word if word == text.split(" ")[-1] else f"{word} ")
            self.words_written += 1
            await asyncio.sleep(self.seconds_per_word if is_piece else 0)
            if is_piece:
                await self.hold.wait()
        return Generation(text, Finish.STOP, len(text.split(" ")), 100)

    async def attend(self, conversation: tuple[Message, ...], picture: Image) -> AttentionRecord:
        """Attention that depends on the text: four characters a token."""
        del picture
        text = conversation[-1].text
        spans = tuple((start, min(start + 4, len(text))) for start in range(0, len(text), 4))
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
        weights = np.random.default_rng(seed).random((len(spans), GRID.rows * GRID.columns), np.float32)
        return AttentionRecord(weights / weights.sum(axis=1, keepdims=True), spans, GRID)

    def count_tokens(self, text: str) -> int:
        """Four characters a token."""
        return len(text) // 4

    async def log_probability(self, conversation: tuple[Message, ...], picture: Image) -> float:
        """Brighter pictures make every text likelier."""
        return -float(len(conversation[-1].text)) + float(np.asarray(picture).mean()) / 255

    def close(self) -> None:
        """Nothing to free."""

    @staticmethod
    def _answer(request: GenerationRequest, is_piece: bool) -> str:
        if is_piece:
            return TUNES[request.sampling.seed % len(TUNES)]
        return CAPTION if len(request.conversation) == 1 else MOTIVATION


class ScriptedEmbedder:
    """Texts by their words, pictures by their mean colour, in eight dimensions."""

    space = SPACE

    async def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (texts, 8), unit rows."""
        return np.stack([self._vector(text) for text in texts])

    async def embed_pictures(self, pictures: Sequence[Image]) -> NDArray[np.float32]:
        """Shape (pictures, 8), unit rows."""
        return np.stack([self._vector(str(picture.resize((1, 1)).getpixel((0, 0)))) for picture in pictures])

    def close(self) -> None:
        """Nothing to free."""

    @staticmethod
    def _vector(text: str) -> NDArray[np.float32]:
        vector = np.full(8, 0.1, np.float32)
        for word in text.lower().split():
            vector[hashlib.sha256(word.encode()).digest()[0] % 8] += 1
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


def scripted(writer: ScriptedWriter) -> Sources:
    """Sources with this writer, and a library of a few tunes."""

    def load(settings: Settings, with_vision: bool) -> Models:
        del settings
        return Models(writer if with_vision else None, ScriptedEmbedder())

    return Sources(load, fill_with_a_few_tunes)


async def fill_with_a_few_tunes(engine: Engine, on_progress: OnProgress) -> None:
    """Four captioned pieces in the scripted space."""
    pieces = [library_piece(number) for number in range(4)]
    vectors = await engine.models.embedder.embed_texts([piece.caption for piece in pieces])
    await engine.library.add(pieces, SPACE, vectors)
    on_progress("Filling the library", len(pieces), len(pieces))


def library_piece(number: int) -> Piece:
    """A short tune with a caption of its own."""
    mood = ("calm", "bright", "sad", "lively")[number]
    notes = " ".join("CDEFGABc"[(step * (number + 2) + number) % 8] for step in range(16))
    abc = f"X:1\nT:Tune {number}\nM:4/4\nL:1/4\nK:C\n" + "|".join(
        notes[start : start + 7] for start in range(0, 32, 8)
    )
    piece = describe_abc(
        f"test/{number}", f"{abc}|]\n", source="test tunes", licence="CC0", caption=f"a {mood} tune"
    )
    assert isinstance(piece, Piece), piece
    return piece
