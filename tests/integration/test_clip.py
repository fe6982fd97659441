"""CLIP models made on the spot: unit vectors, long texts whole, and LongCLIP's two position tables as one."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from models import photograph

from hartmann.errors import ModelUnavailable
from hartmann.vision.clip import OpenClipEmbedder, load_embedder, one_position_table

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
    assert (embedder.space, embedder.dimensions) == (folder.name, 24)


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


def test_a_name_that_names_nothing_is_refused() -> None:
    with pytest.raises(ModelUnavailable, match="names no embedding model"):
        load_embedder("no-such-thing")


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="can't be loaded"):
        load_embedder(str(tmp_path))


def long_clip_weights() -> dict[str, torch.Tensor]:
    """Random weights in the published format: OpenAI's names, 248 positions, two position tables."""
    import open_clip

    torch.manual_seed(2)
    model = open_clip.CLIP(
        32,
        open_clip.CLIPVisionCfg(image_size=32, layers=2, width=64, patch_size=16, head_width=64),
        open_clip.CLIPTextCfg(context_length=248, vocab_size=49408, width=64, heads=1, layers=2),
        quick_gelu=True,
    )
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    weights["positional_embedding"] = torch.randn(248, 64) * 0.1
    weights["positional_embedding_res"] = torch.randn(248, 64) * 0.1
    return weights | {"context_length": torch.tensor(248)}


def long_clip_text(weights: dict[str, torch.Tensor], tokens: torch.Tensor) -> torch.Tensor:
    """LongCLIP's text encoder written out: both tables, masked at 20, then CLIP's layers with QuickGELU."""
    kept = (torch.arange(248) < 20).float()[:, None]
    x = weights["token_embedding.weight"][tokens]
    x = x + weights["positional_embedding"] * kept + weights["positional_embedding_res"] * (1 - kept)
    for layer in range(2):
        at = f"transformer.resblocks.{layer}."
        h = torch.layer_norm(x, (64,), weights[at + "ln_1.weight"], weights[at + "ln_1.bias"])
        q, k, v = (h @ weights[at + "attn.in_proj_weight"].T + weights[at + "attn.in_proj_bias"]).chunk(3, -1)
        scores = (q @ k.transpose(-1, -2) / 8).masked_fill(torch.ones(248, 248).triu(1).bool(), -torch.inf)
        mixed = scores.softmax(-1) @ v
        x = x + mixed @ weights[at + "attn.out_proj.weight"].T + weights[at + "attn.out_proj.bias"]
        h = torch.layer_norm(x, (64,), weights[at + "ln_2.weight"], weights[at + "ln_2.bias"])
        h = h @ weights[at + "mlp.c_fc.weight"].T + weights[at + "mlp.c_fc.bias"]
        h = h * torch.sigmoid(1.702 * h)
        x = x + h @ weights[at + "mlp.c_proj.weight"].T + weights[at + "mlp.c_proj.bias"]
    x = torch.layer_norm(x, (64,), weights["ln_final.weight"], weights["ln_final.bias"])
    ends = x[torch.arange(len(x)), tokens.argmax(-1)] @ weights["text_projection"]
    return ends / ends.norm(dim=-1, keepdim=True)


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_longclip_checkpoint_computes_its_formula(tmp_path: Path, suffix: str) -> None:
    import open_clip
    from safetensors.torch import save_file

    weights, path = long_clip_weights(), tmp_path / f"long{suffix}"
    if suffix == ".pt":
        torch.save(weights, path)
    else:
        save_file(weights, path)
    embedder = load_embedder(str(path))
    texts = ["a short text", "a text of many words " * 30]
    tokens = open_clip.SimpleTokenizer(context_length=248)(texts)
    np.testing.assert_allclose(
        embedder.embed_texts(texts), long_clip_text(weights, tokens).numpy(), atol=1e-5
    )
    assert embedder.space.startswith("long/")
    assert embedder.embed_pictures([photograph()]).shape == (1, 32)


def test_a_checkpoint_with_one_table_is_left_as_it_is() -> None:
    weights = {"positional_embedding": torch.ones(4, 2)}
    assert one_position_table(weights) is weights


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "hostile.pt"
    torch.save({"positional_embedding": Path("/")}, path)
    with pytest.raises(ModelUnavailable, match="can't be loaded"):
        load_embedder(str(path))
