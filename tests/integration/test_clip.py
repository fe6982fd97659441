"""CLIP models made on the spot: unit vectors, long texts whole, names that are understood."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from models import photograph

from hartmann.errors import ModelUnavailable
from hartmann.vision.clip import load_embedder
from hartmann.vision.clip_checkpoint import one_position_table
from hartmann.vision.open_clip_embedder import OpenClipEmbedder

pytestmark = pytest.mark.integration

CONFIG = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "patch_size": 16, "head_width": 32},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}
PREPROCESS = {"mean": [0.5] * 3, "std": [0.5] * 3, "interpolation": "bicubic", "resize_mode": "squash"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import open_clip
    from safetensors.torch import save_file

    place = tmp_path_factory.mktemp("tinyclip")
    torch.manual_seed(1)
    model = open_clip.CLIP(
        CONFIG["embed_dim"],
        open_clip.CLIPVisionCfg(**CONFIG["vision_cfg"]),
        open_clip.CLIPTextCfg(**CONFIG["text_cfg"]),
    )
    save_file(model.state_dict(), place / "open_clip_model.safetensors")
    settings = {"model_cfg": CONFIG, "preprocess_cfg": PREPROCESS}
    (place / "open_clip_config.json").write_text(json.dumps(settings))
    return place


@pytest.fixture(scope="module")
def embedder(folder: Path) -> OpenClipEmbedder:
    return load_embedder(str(folder))


def test_a_folder_gives_its_name_to_the_space(embedder: OpenClipEmbedder, folder: Path) -> None:
    name, _, digest = embedder.space.partition("/")
    assert (name, len(digest), embedder.dimensions) == (folder.name, 8, 24)


def test_vectors_have_length_one(embedder: OpenClipEmbedder) -> None:
    texts = embedder.embed_texts(["a warm evening", "rain", "", "a " * 60])
    pictures = embedder.embed_pictures([photograph(), photograph(40, 200)])
    assert (texts.shape, pictures.shape) == ((4, 24), (2, 24))
    assert (texts.dtype, pictures.dtype) == (np.float32, np.float32)
    for rows in (texts, pictures):
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)


def test_nothing_gives_no_rows(embedder: OpenClipEmbedder) -> None:
    assert embedder.embed_texts([]).shape == embedder.embed_pictures([]).shape == (0, 24)


def test_a_batch_gives_what_each_alone_gives(embedder: OpenClipEmbedder) -> None:
    texts = [f"picture number {number}" for number in range(70)]
    together = embedder.embed_texts(texts)
    alone = np.concatenate([embedder.embed_texts([text]) for text in texts[:5]])
    np.testing.assert_allclose(together[:5], alone, atol=1e-5)
    assert together.shape == (70, 24)


def test_leaving_padding_out_changes_nothing(folder: Path) -> None:
    import open_clip

    model, _, _ = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    tokens = open_clip.get_tokenizer(f"local-dir:{folder}", context_length=16)(
        ["rain", "a warm evening by the sea"]
    )
    with torch.inference_mode():
        padded = model.eval().encode_text(tokens, normalize=True).numpy()
    unpadded = load_embedder(str(folder)).embed_texts(["rain", "a warm evening by the sea"])
    np.testing.assert_allclose(unpadded, padded, atol=1e-5)


def test_the_end_of_a_long_text_counts(embedder: OpenClipEmbedder) -> None:
    beginning = "A wide and quiet sea under a grey sky in the early morning. Some boats lie on the shore. "
    one, other = embedder.embed_texts([beginning + "A red sun rises.", beginning + "It snows."])
    assert float(one @ other) < 0.999


def test_a_long_texts_vector_is_the_mean_over_its_sentences(embedder: OpenClipEmbedder) -> None:
    first = "a wide and quiet sea under a grey sky at dawn."
    second = "some boats lie on the shore and wait for the tide."
    parts = embedder.embed_texts([first, second])
    mean = (13 * parts[0] + 13 * parts[1]) / 2
    np.testing.assert_allclose(
        embedder.embed_texts([f"{first} {second}"])[0], mean / np.linalg.norm(mean), atol=1e-4
    )


@pytest.mark.parametrize("text", ["word " * 200, "x" * 900, "no end " * 40 + ". And then."])
def test_a_text_without_sentences_is_split_by_words(embedder: OpenClipEmbedder, text: str) -> None:
    parts = embedder._parts(text)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(embedder._length(part) <= 16 for part in parts)


def test_an_architecture_of_open_clip_takes_weights_by_their_file(folder: Path, tmp_path: Path) -> None:
    import open_clip

    (tmp_path / "tiny-for-tests.json").write_text(json.dumps(CONFIG))
    open_clip.add_model_config(tmp_path)
    named = load_embedder(f"tiny-for-tests:{folder / 'open_clip_model.safetensors'}")
    whole = load_embedder(str(folder))
    np.testing.assert_allclose(named.embed_texts(["rain"]), whole.embed_texts(["rain"]), atol=1e-6)
    assert named.space.startswith("tiny-for-tests/open_clip_model/")


def test_weights_that_open_clip_does_not_know_are_refused() -> None:
    with pytest.raises(ModelUnavailable, match="ViT-B-32:no-such-weights can't be loaded"):
        load_embedder("ViT-B-32:no-such-weights")


def test_a_name_that_names_nothing_is_refused() -> None:
    with pytest.raises(ModelUnavailable, match="names no embedding model"):
        load_embedder("no-such-thing")


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="can't be loaded"):
        load_embedder(str(tmp_path))


def test_a_checkpoint_with_one_table_is_left_as_it_is() -> None:
    weights = {"positional_embedding": torch.ones(4, 2)}
    assert one_position_table(weights) is weights
