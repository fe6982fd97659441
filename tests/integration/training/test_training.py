"""Training of the mini: what it feeds the model is what the model's own processor would, and it can be interrupted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hartmann.library.ingest.music21_tunes import Tune
from hartmann.training.conversations import Kind, Teacher
from hartmann.training.encoding import Encoder, batches
from hartmann.training.gallery import Gallery, patches
from hartmann.training.learning import Plan, batch_loss, train
from hartmann.training.mini_architecture import make_image_processor, make_model, save_folder
from hartmann.training.tokenizer import train_tokenizer
from hartmann.training.tunes import Lesson, read_lesson

pytestmark = pytest.mark.integration

JIG = "X:1\nT:A\nR:jig\nM:6/8\nL:1/8\nK:G\n|:D|GAB d2B|c3 c2d|edc BAG|A3 A2D|GAB d2B|c3 c2d|edc BAF|G3 G2:|\n"


@pytest.fixture(scope="module")
def teacher(gallery: Gallery) -> Teacher:
    lesson = read_lesson(Tune("music21/test/jig/1", JIG, "", "", "", ""))
    assert isinstance(lesson, Lesson)
    return Teacher(gallery, range(len(gallery)), [lesson], seed=1)


@pytest.fixture(scope="module")
def tokenizer(teacher: Teacher) -> Any:
    return train_tokenizer([t.text for n in range(50) for t in teacher.conversation(n).turns], 512)


def test_patches_are_those_of_the_image_processor(gallery: Gallery) -> None:
    processor = make_image_processor()
    for number in range(len(gallery)):
        ours, grid = patches(gallery.pixels(number))
        theirs = processor(images=[Image.fromarray(gallery.pixels(number))], return_tensors="np")
        assert np.abs(ours - theirs["pixel_values"]).max() < 1e-5
        assert theirs["image_grid_thw"].tolist() == [list(grid)]


def test_loss_is_the_one_that_transformers_computes(
    gallery: Gallery, teacher: Teacher, tokenizer: Any
) -> None:
    import torch

    model = make_model(tokenizer, 1).eval()
    example = Encoder(tokenizer, gallery).example(teacher.conversation(1, Kind.WHOLE))
    (batch,) = batches([example], 10_000, tokenizer.pad_token_id)
    ids = torch.from_numpy(batch.ids)
    with torch.no_grad():
        ours, learned = batch_loss(model, batch)
        theirs = model(
            input_ids=ids,
            mm_token_type_ids=(ids == model.config.image_token_id).int(),
            pixel_values=torch.from_numpy(batch.patches),
            image_grid_thw=torch.from_numpy(batch.grids),
            labels=torch.from_numpy(batch.labels),
        ).loss
    assert float(ours) / learned == pytest.approx(float(theirs), rel=1e-5)


def test_padding_to_a_batch_changes_no_loss(gallery: Gallery, teacher: Teacher, tokenizer: Any) -> None:
    import torch

    model, encoder = make_model(tokenizer, 1).eval(), Encoder(tokenizer, gallery)
    examples = [encoder.example(teacher.conversation(n)) for n in range(6)]
    with torch.no_grad():
        alone = sum(float(batch_loss(model, b)[0]) for e in examples for b in batches([e], 9999, 0))
        (together,) = batches(examples, 99_999, 0)
        assert float(batch_loss(model, together)[0]) == pytest.approx(alone, rel=1e-4)


def test_interrupted_training_ends_with_the_weights_of_an_uninterrupted_one(
    gallery: Gallery, teacher: Teacher, tokenizer: Any, tmp_path: Path
) -> None:
    import torch

    def run(folder: Path, *stops: int) -> dict[str, Any]:
        for stop in stops:
            plan = Plan(steps=stop, round=2, warm_up=100, keep_every=1)
            model = make_model(tokenizer, 1)
            train(folder, model, teacher, Encoder(tokenizer, gallery), plan, pad=0)
        return dict(model.state_dict())

    whole, parts = run(tmp_path / "whole", 4), run(tmp_path / "parts", 2, 4)
    assert all(torch.allclose(whole[name], parts[name], atol=1e-6) for name in whole)


def test_saved_folder_is_loaded_by_the_auto_classes(tokenizer: Any, tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForImageTextToText, AutoProcessor

    model = make_model(tokenizer, 1)
    save_folder(tmp_path, model, tokenizer)
    loaded = AutoModelForImageTextToText.from_pretrained(tmp_path, dtype=torch.float32)
    processor = AutoProcessor.from_pretrained(tmp_path)
    assert torch.allclose(loaded.lm_head.weight, model.lm_head.weight, atol=1e-3)
    assert processor.tokenizer.get_vocab() == tokenizer.get_vocab()
