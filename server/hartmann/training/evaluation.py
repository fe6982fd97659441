"""The exported weights measured, through the same code path as a composition: the figures of the model card.

- `captions`: share of true claims (`picture_words.is_true`) by kind, over held-out scenes and held-out photographs.
- `held_out_loss`: mean cross entropy a token of held-out captions, tunes and motivations.
- `constrained`, `free`: shares of tunes and of bars without an error, under the grammars and when nothing constrains.
- `implied`: with pictures alone, whether the mode is major or minor as the picture's valence asks (|valence| > 0.25),
  and rank correlations of picture and tune in valence and arousal, each by its own formula.
- `copies`: share of tunes with a run of 12 notes that stands in a corpus tune (intervals and duration ratios).
- `motivation`: share of motivations whose key, meter and bars of the first section are the tune's.
- `clip`: recall@10 of a picture's own description among 1,000, and the correlation of mood between a picture and the
  captions of held-out tunes that it retrieves.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from hartmann.composing.prompts import Prompts
from hartmann.library.features import MusicFeatures, measure_features
from hartmann.notation.checking import check
from hartmann.notation.score import Score
from hartmann.training.conversations import Kind, Teacher
from hartmann.training.encoding import Encoder, batches
from hartmann.training.gallery import HELD_OUT_SEED
from hartmann.training.learning import batch_loss
from hartmann.training.melodies import read_melody
from hartmann.training.motivations import LONG_MODES, stretches
from hartmann.training.pictures import crop, paint
from hartmann.training.tunes import Lesson
from hartmann.vision.bar_grammar import body_grammar
from hartmann.vision.header_grammar import HeaderWishes, header_grammar
from hartmann.vision.language_model import GenerationRequest, Message, Role, Sampling
from hartmann.vision.picture_features import PictureFeatures, measure
from hartmann.vision.picture_words import claims, describe, is_true

COPY_NOTES: Final = 12
QUARTERS: Final = 4
"""Quarter notes in a whole: scores count in quarters, `L:` in wholes."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What the model made of one picture."""

    features: PictureFeatures
    caption: str
    tune: str
    motivation: str


def evaluate(held_out: Sequence[Lesson], photographs: Sequence[Path], pictures: int = 100) -> dict[str, Any]:
    """Every figure, for the weights in `vision/mini/weights`. About ten minutes on two cores."""
    from hartmann.vision.clip import load_embedder
    from hartmann.vision.mini import vlm_folder
    from hartmann.vision.transformers_model import TransformersModel

    model = TransformersModel.load(vlm_folder(), profile="compact")
    shown = list(exhibition(pictures, photographs))
    pieces = [compose(model, picture, number) for number, picture in enumerate(shown)]
    free = [free_tune(model, picture, number) for number, picture in enumerate(shown[: pictures // 3])]
    return {
        "captions": caption_truth(pieces),
        "constrained": validity([p.tune for p in pieces]),
        "free": validity(free),
        "implied": implied(pieces),
        "copies": copied_share([p.tune for p in pieces], held_out),
        "motivation": motivation_truth(pieces),
        "clip": clip_figures(load_embedder("mini"), held_out),
    }


def exhibition(count: int, photographs: Sequence[Path]) -> Iterator[Image.Image]:
    """Held-out pictures: two thirds scenes of unseen seeds, one third parts of the held-out photographs."""
    opened = [Image.open(path).convert("RGB") for path in photographs]
    for number in range(count):
        rng = Random(HELD_OUT_SEED + number)
        if opened and number % 3 == 0:
            yield crop(opened[number // 3 % len(opened)], rng)
        else:
            yield paint(rng)


def compose(model: Any, picture: Image.Image, seed: int) -> Piece:
    """Caption, tune under the grammars, motivation: what the pipeline does, without references."""
    prompts = Prompts("compact")
    nothing = dict.fromkeys(("key", "meter", "tempo_bpm", "mood", "ensemble", "bars", "difficulty"), "")
    talk: tuple[Message, ...] = (Message(Role.USER, prompts.caption(""), picture=True),)

    def say(text: str, *, temperature: float, grammar: str | None = None, most: int = 400) -> str:
        conversation = (*talk, Message(Role.ASSISTANT, text)) if text else talk
        sampling = Sampling(seed, temperature, 0.95, most)
        return str(model.generate(GenerationRequest(conversation, sampling, picture, grammar)).text)

    caption = say("", temperature=0.3, most=160).strip()
    ask = prompts.compose(caption="", prompt="", wishes=nothing, references=())
    talk = (*talk, Message(Role.ASSISTANT, caption), Message(Role.USER, ask))
    header = say("", temperature=0.9, grammar=header_grammar(HeaderWishes(any_program=True)))
    score = check(header + "C|]").score
    assert score is not None
    grammar = body_grammar(score.meter, score.unit / QUARTERS, min_bars=8, max_bars=32)
    tune = header + say(header, temperature=0.9, grammar=grammar, most=700)
    talk = (*talk, Message(Role.ASSISTANT, tune), Message(Role.USER, prompts.motivation("")))
    return Piece(measure(picture), caption, tune, say("", temperature=0.5, most=200).strip())


def free_tune(model: Any, picture: Image.Image, seed: int) -> str:
    """A tune that nothing constrains, after a true caption."""
    prompts = Prompts("compact")
    nothing = dict.fromkeys(("key", "meter", "tempo_bpm", "mood", "ensemble", "bars", "difficulty"), "")
    talk = (
        Message(Role.USER, prompts.caption(""), picture=True),
        Message(Role.ASSISTANT, describe(measure(picture), Random(seed))),
        Message(Role.USER, prompts.compose(caption="", prompt="", wishes=nothing, references=())),
    )
    return str(model.generate(GenerationRequest(talk, Sampling(seed, 0.9, 0.95, 700), picture)).text)


def caption_truth(pieces: Sequence[Piece]) -> dict[str, float]:
    """Share of true claims, over all and by kind."""
    said, true = Counter[str](), Counter[str]()
    for piece in pieces:
        for claim in claims(piece.caption):
            said.update((claim.kind, "all"))
            true.update((claim.kind, "all") if is_true(claim, piece.features) else ())
    return {kind: round(true[kind] / n, 3) for kind, n in said.items()} | {"claims": said["all"]}


def validity(tunes: Sequence[str]) -> dict[str, float]:
    """Shares of tunes without errors and of bars without errors."""
    checked = [check(tune) for tune in tunes]
    bars = sum(len(voice.bars) for c in checked if c.score for voice in c.score.voices)
    faulty = sum(len({(p.voice, p.bar) for p in c.errors}) for c in checked)
    return {
        "tunes without errors": round(sum(c.ok for c in checked) / max(1, len(checked)), 3),
        "bars without errors": round(1 - faulty / max(1, bars), 3),
    }


def held_out_loss(model: Any, encoder: Encoder, teacher: Teacher, count: int = 100) -> dict[str, float]:
    """Mean cross entropy a token, by what is written: caption, tune, motivation. The teacher's pictures and tunes
    must be held out."""
    import torch

    lost: defaultdict[str, float] = defaultdict(float)
    learned: Counter[str] = Counter()
    for number in range(count):
        conversation = teacher.conversation(number, Kind.WHOLE)
        for place, name in ((1, "caption"), (3, "tune"), (5, "motivation")):
            if place >= len(conversation.turns):
                continue
            turns = tuple(replace(turn, learned=i == place) for i, turn in enumerate(conversation.turns))
            (batch,) = batches([encoder.example(replace(conversation, turns=turns))], 4096, 0)
            with torch.no_grad():
                loss, tokens = batch_loss(model, batch)
            lost[name] += float(loss)
            learned[name] += tokens
    return {name: round(lost[name] / learned[name], 3) for name in learned}


def implied(pieces: Sequence[Piece]) -> dict[str, float]:
    """How well the tunes follow their pictures."""
    both = [(p.features, m) for p in pieces if (m := _music(p.tune))]
    clear = [(f, m) for f, m in both if abs(f.valence) > 0.25]
    right = sum((f.valence > 0) == (m.mode in {"major", "mixolydian"}) for f, m in clear)
    return {
        "mode as implied": round(right / max(1, len(clear)), 3),
        "valence": _rank_correlation([f.valence for f, _ in both], [m.valence for _, m in both]),
        "arousal": _rank_correlation([f.arousal for f, _ in both], [m.arousal for _, m in both]),
        "distinct tunes": round(len({p.tune.split("K:")[1] for p in pieces}) / max(1, len(pieces)), 3),
    }


def copied_share(tunes: Sequence[str], held_out: Sequence[Lesson]) -> float:
    """Share of tunes with a run of 12 notes from any tune of the corpus, training and held out alike."""
    from hartmann.library.ingest.music21_tunes import all_tunes

    known: set[int] = set()
    for tune in all_tunes():
        score = check(tune.text).score
        if score is not None:
            known.update(_runs(_line(score)))
    for lesson in held_out:
        known.update(_runs([(e.midi, e.sounding) for e in lesson.melody.events() if e.step >= 0]))
    drafts = [check(tune).score for tune in tunes]
    copied = sum(any(run in known for run in _runs(_line(s))) for s in drafts if s is not None)
    return round(copied / max(1, len(drafts)), 3)


def motivation_truth(pieces: Sequence[Piece]) -> dict[str, float]:
    """Shares of motivations that name the tune's key, its meter, and the bars of its first section."""
    found: Counter[str] = Counter()
    for piece in pieces:
        score = check(piece.tune).score
        if score is None:
            continue
        melody = read_melody(score, most_bars=40, fewest_bars=1)
        first = stretches(melody)[0]
        key = f"{score.key.tonic} {LONG_MODES.get(score.key.mode, score.key.mode)}"
        found["key"] += key in piece.motivation
        found["meter"] += melody.meter in piece.motivation
        said = re.search(r"Section (\w+), bars (\d+)-(\d+), (\w+)", piece.motivation)
        found["section bars"] += bool(said and (int(said[2]), int(said[3])) == (first.first, first.last))
        found["section contour"] += bool(said and first.moves.startswith(said[4]))
    return {
        name: round(found[name] / max(1, len(pieces)), 3)
        for name in ("key", "meter", "section bars", "section contour")
    }


def clip_figures(embedder: Any, held_out: Sequence[Lesson], pictures: int = 1000) -> dict[str, float]:
    """Retrieval by the mini CLIP: of a picture's own description, and of music by mood."""
    shown = [paint(Random(HELD_OUT_SEED + 50_000 + n)) for n in range(pictures)]
    features = [measure(p) for p in shown]
    seen = embedder.embed_pictures(shown)
    told = embedder.embed_texts([describe(f, Random(n)) for n, f in enumerate(features)])
    ranks = np.argsort(-(seen @ told.T), axis=1)[:, :10]
    recall = float(np.mean([n in row for n, row in enumerate(ranks)]))
    music = embedder.embed_texts([x.caption for x in held_out])
    nearest = np.argsort(-(seen @ music.T), axis=1)[:, :3]
    return {
        "recall@10": round(recall, 3),
        "valence": _mood_correlation(
            [f.valence for f in features], [x.features.valence for x in held_out], nearest
        ),
        "arousal": _mood_correlation(
            [f.arousal for f in features], [x.features.arousal for x in held_out], nearest
        ),
    }


def _mood_correlation(wanted: Sequence[float], moods: Sequence[float], nearest: NDArray[Any]) -> float:
    found = np.asarray(moods)[nearest].mean(axis=1)
    return round(float(np.corrcoef(wanted, found)[0, 1]), 3)


def _rank_correlation(first: Sequence[float], second: Sequence[float]) -> float:
    """Spearman's; ties take the mean of their ranks."""
    one, other = _ranks(np.asarray(first, np.float64)), _ranks(np.asarray(second, np.float64))
    return round(float(np.corrcoef(one, other)[0, 1]), 3)


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[inverse], np.float64)


def _music(tune: str) -> MusicFeatures | None:
    score = check(tune).score
    try:
        return measure_features(score) if score else None
    except ValueError:
        return None


def _line(score: Score) -> list[tuple[int, Any]]:
    """(MIDI pitch, duration) of the first voice's notes."""
    notes = (note for bar in score.voices[0].bars for note in bar.notes)
    return [(note.pitches[-1].midi, note.duration) for note in notes if note.pitches]


def _runs(line: Sequence[tuple[int, Any]]) -> Iterator[int]:
    """A hash of every run of 12 notes, by intervals and duration ratios."""
    steps = [(b[0] - a[0], b[1] / a[1]) for a, b in pairwise(line) if a[1]]
    for start in range(len(steps) - COPY_NOTES + 2):
        yield hash(tuple(steps[start : start + COPY_NOTES - 1]))
