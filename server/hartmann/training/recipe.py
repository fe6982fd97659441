"""The recipe: what is made from what, in which file of the work folder, with which seed.

gallery/          pixels.bin, index.json         the last 1,000 pictures are held out
lessons.pickle    tunes that fit, and why others did not
taught.pickle     (training, held out): tunes that the grammar of bodies accepts, as they are and in other modes
tokenizer/        trained on the first 6,000 conversations
tower/, vlm/, clip/   checkpoint.pt
seen/             tokens.bin: every picture as the tower sees it
"""

from __future__ import annotations

import json
import multiprocessing
import pickle
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from hartmann.training.contrastive import MusicCaption
from hartmann.training.gallery import Gallery, build_gallery
from hartmann.training.seen import Seen
from hartmann.training.tunes import Lesson, accepted, gather_lessons, with_variants

STEPS: Final = ("gallery", "tunes", "tokenizer", "tower", "seen", "vlm", "clip", "export", "evaluate")
HELD_OUT_PICTURES: Final = 1000
TOKENIZER_CONVERSATIONS: Final = 6000
IMAGINED_CAPTIONS: Final = 12_000
WEIGHTS: Final = Path(__file__).parent.parent / "vision" / "mini" / "weights"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Sizes, seeds and folders; each method is a step of `STEPS`."""

    work: Path
    photographs: tuple[Path, ...] = ()
    held_out: tuple[Path, ...] = ()
    pictures: int = 14_000
    tower_steps: int = 1500
    seeing_steps: int = 2500
    vlm_steps: int = 4700
    clip_steps: int = 700
    measured_pictures: int = 100
    measured_tunes: int = 500
    workers: int = 2
    seed: int = 1

    def gallery(self) -> None:
        """Paint the pictures; about two minutes on two cores."""
        build_gallery(self.work / "gallery", self.pictures, self.photographs)

    def tunes(self) -> None:
        """Clean the corpus, and turn its tunes into other modes; about four minutes on two cores."""
        if (self.work / "taught.pickle").exists():
            return
        from hartmann.training.tokenizer import train_tokenizer
        from hartmann.training.tune_text import write_body

        lessons, dropped = gather_lessons(self.work / "lessons.pickle")
        good = list(accepted(lessons, train_tokenizer(write_body(x.melody) for x in lessons[::2])))
        apart = [x for x in good if not x.held_out], [x for x in good if x.held_out]
        taught = tuple(with_variants(part, self.workers) for part in apart)
        (self.work / "taught.pickle").write_bytes(pickle.dumps(taught))
        print(
            f"{len(taught[0])} tunes to learn, {len(taught[1])} held out, dropped: {dropped.most_common(8)}"
        )

    def tokenizer(self) -> None:
        """Train the vocabulary on conversations as the model will see them."""
        from hartmann.training.tokenizer import train_tokenizer

        if (self.work / "tokenizer").exists():
            return
        teacher = self._teacher()
        conversations = (teacher.conversation(n) for n in range(TOKENIZER_CONVERSATIONS))
        made = train_tokenizer([turn.text for c in conversations for turn in c.turns])
        made.save_pretrained(self.work / "tokenizer")

    def tower(self) -> None:
        """Train the vision tower alone, in `workers` processes of one thread each; twenty minutes on two cores."""
        self._together("tower", self.train_tower)

    def train_tower(self, rank: int, meeting: Path) -> None:
        """One worker's part of `tower`; the workers find each other by the file `meeting`."""
        from hartmann.training.learning import Plan
        from hartmann.training.looking import train_tower
        from hartmann.training.mini_architecture import make_model

        workers, gallery = self._worker(rank, meeting), Gallery(self.work / "gallery")
        train_tower(
            self.work / "tower",
            make_model(self._tokenizer(), self.seed),
            gallery,
            range(len(gallery) - HELD_OUT_PICTURES),
            Plan(steps=self.tower_steps, round=32, rate=2e-3, last_rate=5e-5, warm_up=60),
            workers,
        )

    def seen(self) -> None:
        """Let the tower look at every picture once; three minutes on two cores."""
        gallery = Gallery(self.work / "gallery")
        Seen(self.work / "seen", gallery, writable=True)
        self._together("seen", self.see)

    def see(self, rank: int, meeting: Path) -> None:
        """One worker's part of `seen`."""
        self._worker(rank, meeting)
        gallery = Gallery(self.work / "gallery")
        seen = Seen(self.work / "seen", gallery, writable=True)
        seen.see(self._with_tower(gallery), gallery, range(rank, len(gallery), self.workers))

    def vlm(self) -> None:
        """Train the mini VLM in `workers` processes of one thread each; an hour and a half on two cores."""
        self._together("vlm", self.train_vlm)

    def train_vlm(self, rank: int, meeting: Path) -> None:
        """One worker's part of `vlm`; the workers find each other by the file `meeting`."""
        from hartmann.training.encoding import Encoder
        from hartmann.training.learning import Plan, train

        workers, gallery = self._worker(rank, meeting), Gallery(self.work / "gallery")
        tokenizer, plan = self._tokenizer(), Plan(steps=self.vlm_steps, compiled=_has_compiler())
        model = self._with_tower(gallery)
        model.model.visual.requires_grad_(False)
        train(
            self.work / "vlm",
            model,
            self._teacher(self.seeing_steps * plan.round),
            Encoder(tokenizer, gallery, Seen(self.work / "seen", gallery)),
            plan,
            pad=tokenizer.pad_token_id,
            workers=workers,
        )

    def clip(self) -> None:
        """Train the mini CLIP; about twenty minutes on two free cores."""
        from hartmann.training.contrastive import Plan, train
        from hartmann.training.imagined_music import imagine

        rng = Random(self.seed)
        imagined = [imagine(rng) for _ in range(IMAGINED_CAPTIONS)]
        train(
            self.work / "clip",
            Gallery(self.work / "gallery"),
            imagined + real_captions(self.lessons()[0]),
            Plan(steps=self.clip_steps, seed=self.seed),
        )

    def export(self) -> None:
        """Write the latest checkpoints where the program looks for them."""
        import torch

        from hartmann.training.contrastive import export as export_clip
        from hartmann.training.mini_architecture import make_model, save_folder

        tokenizer = self._tokenizer()
        model = make_model(tokenizer, self.seed)
        model.load_state_dict(torch.load(self.work / "vlm" / "checkpoint.pt", weights_only=True)["model"])
        save_folder(WEIGHTS / "vlm", model, tokenizer)
        export_clip(self.work / "clip" / "checkpoint.pt", WEIGHTS / "clip")

    def evaluate(self) -> None:
        """Measure the exported weights and print the figures of the model card, as JSON and as its table."""
        from hartmann.training.evaluation.measuring import Sizes, evaluate
        from hartmann.training.evaluation.report import as_table

        sizes = Sizes(self.measured_pictures, self.measured_tunes, workers=self.workers)
        figures = evaluate(self.work / "evaluation", self.lessons(), self.held_out, sizes)
        if (self.work / "vlm" / "checkpoint.pt").exists():
            figures["loss"] = self.loss()
        print(json.dumps(figures, indent=1), as_table(figures), sep="\n\n")

    def loss(self) -> dict[str, float]:
        """The loss on held-out pictures and tunes of the latest checkpoint."""
        import torch

        from hartmann.training.conversations import Teacher
        from hartmann.training.encoding import Encoder
        from hartmann.training.evaluation.held_out_loss import held_out_loss
        from hartmann.training.mini_architecture import make_model

        tokenizer, gallery = self._tokenizer(), Gallery(self.work / "gallery")
        model = make_model(tokenizer, self.seed).eval()
        model.load_state_dict(torch.load(self.work / "vlm" / "checkpoint.pt", weights_only=True)["model"])
        unseen = range(len(gallery) - HELD_OUT_PICTURES, len(gallery))
        teacher = Teacher(gallery, unseen, self.lessons()[1], self.seed)
        return held_out_loss(model, Encoder(tokenizer, gallery), teacher)

    def lessons(self) -> tuple[list[Lesson], list[Lesson]]:
        """Tunes to learn and held out."""
        taught: tuple[list[Lesson], list[Lesson]] = pickle.loads((self.work / "taught.pickle").read_bytes())
        return taught

    def _together(self, name: str, work: Callable[[int, Path], None]) -> None:
        """Let `workers` processes do `work` in a folder of that name, this one among them."""
        (self.work / name).mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.work) as folder:
            spawn = multiprocessing.get_context("spawn")
            meeting = Path(folder) / "meet"
            others = [spawn.Process(target=work, args=(rank, meeting)) for rank in range(1, self.workers)]
            for other in others:
                other.start()
            work(0, meeting)
            for other in others:
                other.join()

    def _worker(self, rank: int, meeting: Path) -> Any:
        import torch

        from hartmann.training.learning import Workers

        torch.set_num_threads(1)
        workers = Workers(rank, self.workers)
        workers.meet(meeting)
        return workers

    def _with_tower(self, gallery: Gallery) -> Any:
        """A model with random weights, but for the tower."""
        from hartmann.training.looking import hand_over_tower
        from hartmann.training.mini_architecture import make_model

        model = make_model(self._tokenizer(), self.seed)
        hand_over_tower(self.work / "tower", model, gallery)
        return model

    def _teacher(self, seeing: int = 0) -> Any:
        from hartmann.training.conversations import Teacher

        gallery = Gallery(self.work / "gallery")
        pictures = range(len(gallery) - HELD_OUT_PICTURES)
        return Teacher(gallery, pictures, self.lessons()[0], self.seed, seeing)

    def _tokenizer(self) -> Any:
        from hartmann.training.tokenizer import load_tokenizer

        return load_tokenizer(self.work / "tokenizer")


def _has_compiler() -> bool:
    """Whether torch finds a C++ compiler to compile layers with."""
    return sys.platform == "linux" and bool(shutil.which("g++") or shutil.which("clang++"))


def real_captions(lessons: Sequence[Lesson]) -> list[MusicCaption]:
    """The captions of real tunes with their moods."""
    return [MusicCaption(x.caption, x.features.valence, x.features.arousal) for x in lessons]
