"""Gathering: pieces made in several processes of one thread each, kept one by one, with what is there made no more.

The folder is named by the weights' revision, so other weights begin anew. Whoever changes prompts, grammars or stages
and keeps the weights deletes `pieces.jsonl`.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hartmann.training.evaluation.exhibition import held_out_picture, is_photograph
from hartmann.training.evaluation.pieces import Piece, add_piece, read_pieces
from hartmann.training.evaluation.shelf import open_shelf
from hartmann.training.evaluation.studio import Studio

SAY_EVERY = 10


@dataclass(frozen=True, slots=True)
class Commissioning:
    """What is made: pieces of `tunes` pictures, the first `pictures` of them whole; by `workers` processes."""

    folder: Path
    photographs: tuple[Path, ...]
    pictures: int = 100
    tunes: int = 500
    workers: int = 2

    def is_whole(self, number: int) -> bool:
        """Whether piece `number` has everything."""
        return number < self.pictures


def gather(asked: Commissioning) -> list[Piece]:
    """Every piece, by number; those that the folder does not hold are made. The shelf must stand there."""
    file = asked.folder / "pieces.jsonl"
    found = {piece.number: piece for piece in read_pieces(file) if _suffices(piece, asked)}
    missing = [number for number in range(max(asked.tunes, asked.pictures)) if number not in found]
    if missing:
        began = time.perf_counter()
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(asked.workers, spawn, _open_studio, (asked,)) as pool:
            made = [pool.submit(_make, number) for number in missing]
            for count, done in enumerate(as_completed(made), 1):
                piece = done.result()
                add_piece(file, piece)
                found[piece.number] = piece
                _say(count, len(missing), time.perf_counter() - began)
    return [found[number] for number in range(max(asked.tunes, asked.pictures))]


@contextmanager
def load_studio(shelf: Path, threads: int) -> Iterator[Studio]:
    """The shipped models, with so many threads for torch, and the shelf; freed afterwards."""
    from hartmann.vision.clip import load_embedder
    from hartmann.vision.mini import vlm_folder
    from hartmann.vision.model_thread import EmbedderThread, ModelThread
    from hartmann.vision.transformers_model import TransformersModel

    model = ModelThread(TransformersModel.load(vlm_folder(), profile="compact", threads=threads))
    embedder = EmbedderThread(load_embedder("mini"))
    try:
        yield Studio(model, embedder, open_shelf(shelf))
    finally:
        model.close()
        embedder.close()


_here: list[tuple[Commissioning, Studio]] = []
"""A worker's own studio, as long as the worker lives."""
_opened = ExitStack()


def _open_studio(asked: Commissioning) -> None:
    studio = _opened.enter_context(load_studio(asked.folder / "shelf.pickle", threads=1))
    _here.append((asked, studio))


def _make(number: int) -> Piece:
    asked, studio = _here[0]
    picture = held_out_picture(number, asked.photographs)
    is_one = is_photograph(number, asked.photographs)
    return asyncio.run(studio.piece(number, picture, is_photograph=is_one, whole=asked.is_whole(number)))


def _suffices(piece: Piece, asked: Commissioning) -> bool:
    return piece.explanation is not None or not asked.is_whole(piece.number)


def _say(done: int, of: int, seconds: float) -> None:
    if done % SAY_EVERY == 0 or done == of:
        left = seconds / done * (of - done)
        print(f"{done} of {of} pieces, {seconds:.0f} s, {left:.0f} s to go", file=sys.stderr, flush=True)


def all_photographs(paths: Sequence[Path]) -> tuple[Path, ...]:
    """The photographs that these paths are or, where they are folders, hold; by name."""
    return tuple(file for path in paths for file in (sorted(path.glob("*.jpg")) if path.is_dir() else [path]))
