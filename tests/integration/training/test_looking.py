"""What the vision tower is taught before all else: answers that pixels give, in steps that can be interrupted."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from PIL import Image

from hartmann.training.conversations import Conversation, Turn
from hartmann.training.encoding import Encoder, batches
from hartmann.training.gallery import Gallery, fit
from hartmann.training.learning import Plan, Workers, batch_loss
from hartmann.training.looking import hand_over_tower, look, train_tower
from hartmann.training.mini_architecture import make_model
from hartmann.training.pictures import paint
from hartmann.training.seen import Seen
from hartmann.training.tokenizer import train_tokenizer
from hartmann.vision.picture_features import COLOURS, Colour, measure

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return train_tokenizer(["X:1\nK:C\nCDEF|", "Blue at the top."], 300)


def two_halves() -> Image.Image:
    """White sky over blue sea."""
    picture = Image.new("RGB", (280, 224), "white")
    picture.paste((20, 60, 200), (0, 112, 280, 224))
    return picture


def test_squares_say_what_their_own_pixels_hold() -> None:
    picture = two_halves()
    seen = look(fit(picture), measure(picture))
    rows, columns = seen.grid[1] // 2, seen.grid[2] // 2
    white = seen.colours[:, COLOURS.index(Colour.WHITE)].reshape(rows, columns)
    blue = seen.colours[:, COLOURS.index(Colour.BLUE)].reshape(rows, columns)
    assert white[0].min() > 0.99
    assert blue[-1].min() > 0.99
    assert np.allclose(seen.colours.sum(1), 1)
    down, across = seen.measures[:, 9].reshape(rows, columns), seen.measures[:, 10].reshape(rows, columns)
    assert (np.diff(down, axis=0) > 0).all()
    assert (np.diff(across, axis=1) > 0).all()


def test_the_horizon_is_flagged_in_the_row_where_it_runs() -> None:
    picture = two_halves()
    seen = look(fit(picture), measure(picture))
    rows, columns = seen.grid[1] // 2, seen.grid[2] // 2
    flagged = seen.flags[:, 0].reshape(rows, columns)
    assert np.flatnonzero(flagged.all(1)).tolist() == [rows // 2]
    assert flagged.sum() == columns


def test_answers_are_bounded_for_any_picture() -> None:
    for seed in range(20):
        picture = paint(Random(seed))
        seen = look(fit(picture), measure(picture))
        assert np.isfinite(seen.measures).all()
        assert np.abs(seen.measures).max() <= 2
        assert np.isfinite(seen.whole).all()
        assert np.abs(seen.whole).max() <= 2


def test_the_tower_learns_its_answers_goes_on_where_it_stopped_and_is_handed_over(
    gallery: Gallery, tokenizer: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import torch

    def train(folder: Path, *stops: int) -> Any:
        for stop in stops:
            model = make_model(tokenizer, 1)
            plan = Plan(steps=stop, round=2, warm_up=100, keep_every=1)
            train_tower(folder, model, gallery, range(len(gallery)), plan, Workers())
        return model

    whole, parts = train(tmp_path / "whole", 20), train(tmp_path / "parts", 8, 20)
    for one, other in zip(whole.model.visual.parameters(), parts.model.visual.parameters(), strict=True):
        assert torch.allclose(one, other, atol=1e-5)
    fresh = make_model(tokenizer, 2)
    hand_over_tower(tmp_path / "whole", fresh, gallery)
    assert torch.equal(fresh.model.visual.pos_embed.weight, whole.model.visual.pos_embed.weight)
    losses = [float(line.split()[3]) for line in capsys.readouterr().out.splitlines() if "loss" in line]
    assert losses
    assert losses[0] < 4.5


def test_learning_from_what_was_seen_is_learning_from_the_pictures(
    gallery: Gallery, tokenizer: Any, tmp_path: Path
) -> None:
    import torch

    model = make_model(tokenizer, 1).eval()
    for part in (range(0, len(gallery), 2), range(1, len(gallery), 2)):
        Seen(tmp_path, gallery, writable=True).see(model, gallery, part)
    talk = (Turn("user", "Where is what?"), Turn("assistant", "Blue at the top.", True))
    conversations = [Conversation(talk, number) for number in range(len(gallery))]
    losses = []
    for encoder in (Encoder(tokenizer, gallery), Encoder(tokenizer, gallery, Seen(tmp_path, gallery))):
        (batch,) = batches([encoder.example(c) for c in conversations], 10_000, tokenizer.pad_token_id)
        with torch.no_grad():
            losses.append(float(batch_loss(model, batch)[0]))
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)
