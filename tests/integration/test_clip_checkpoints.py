"""LongCLIP in each layout that is published computes its formula, and a checkpoint that is none says what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import clip_checkpoints as made
import numpy as np
import pytest
import torch
from models import photograph

from hartmann.errors import ModelUnavailable
from hartmann.vision.clip import load_embedder
from hartmann.vision.clip_checkpoint import load_checkpoint, one_position_table

pytestmark = pytest.mark.integration

SENTENCE = "A wide and quiet sea lies under a grey sky in the early morning."
TEXTS = ["rain", SENTENCE, f"{SENTENCE} " * 12]
"""Of 3, 17 and about 180 tokens: below the mask at 20, near it, and far beyond CLIP's 77."""


@pytest.fixture(scope="module")
def weights() -> made.Weights:
    return made.openai_weights()


def _pt(weights: made.Weights, place: Path) -> Path:
    return made.save_file(weights | {"context_length": torch.tensor(248)}, place / "longclip-S.pt")


def _one_file(weights: made.Weights, place: Path) -> Path:
    return made.save_file(weights, place / "longclip-S.safetensors")


def _parallel(weights: made.Weights, place: Path) -> Path:
    state = {f"module.{name}": value for name, value in weights.items()}
    torch.save({"epoch": 6, "state_dict": state}, place / "trained.pt")
    return place / "trained.pt"


def _clip_model(weights: made.Weights, place: Path) -> Path:
    return made.save_folder(place / "folder", made.transformers_weights(made.merged(weights)), "clip")


def _clip_model_bin(weights: made.Weights, place: Path) -> Path:
    named = made.transformers_weights(made.merged(weights))
    return made.save_folder(place / "folder", named, "clip", "pytorch_model.bin")


def _both_tables(weights: made.Weights, place: Path) -> Path:
    return made.save_folder(place / "folder", made.transformers_weights(weights, nested=True), "longclip")


@pytest.mark.parametrize("save", [_pt, _one_file, _parallel, _clip_model, _clip_model_bin, _both_tables])
def test_every_published_layout_computes_longclips_formula(
    weights: made.Weights, save: Callable[[made.Weights, Path], Path], tmp_path: Path
) -> None:
    import open_clip

    embedder = load_embedder(str(save(weights, tmp_path)))
    tokens = open_clip.SimpleTokenizer(context_length=made.POSITIONS)(TEXTS)
    pixels = torch.stack([open_clip.image_transform(32, is_train=False)(photograph())])
    np.testing.assert_allclose(
        embedder.embed_texts(TEXTS), made.text_vectors(weights, tokens).numpy(), atol=1e-5
    )
    np.testing.assert_allclose(
        embedder.embed_pictures([photograph()]), made.picture_vectors(weights, pixels).numpy(), atol=1e-5
    )


def test_the_second_table_counts_from_position_20_on(weights: made.Weights) -> None:
    other = weights | {"positional_embedding_res": weights["positional_embedding_res"] + 1}
    before, after = (one_position_table(held)["positional_embedding"] for held in (weights, other))
    assert torch.equal(before[:20], after[:20])
    assert not torch.isclose(before[20:], after[20:]).any()


def test_the_layout_for_transformers_is_the_one_that_transformers_reads(
    weights: made.Weights, tmp_path: Path
) -> None:
    import transformers

    folder = _clip_model(weights, tmp_path)
    tokens = torch.tensor([[49406, 320, 2533, 49407]])
    model = transformers.CLIPModel.from_pretrained(folder).eval()
    with torch.inference_mode():
        theirs = model.get_text_features(input_ids=tokens)
        ours = load_checkpoint(folder).eval()
        padded = torch.nn.functional.pad(tokens, (0, made.POSITIONS - 4))
        found = ours.encode_text(padded)
    theirs = getattr(theirs, "pooler_output", theirs)
    torch.testing.assert_close(found, theirs, atol=1e-5, rtol=1e-4)


def test_half_precision_gives_nearly_the_same_unit_vectors(weights: made.Weights, tmp_path: Path) -> None:
    path = str(_one_file(weights, tmp_path))
    single, half = load_embedder(path), load_embedder(path, dtype="bfloat16")
    for one, other in (
        (single.embed_texts(TEXTS), half.embed_texts(TEXTS)),
        (single.embed_pictures([photograph()]), half.embed_pictures([photograph()])),
    ):
        assert other.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(other, axis=1), 1, atol=1e-5)
        assert (one * other).sum(axis=1).min() > 0.999
    assert half.space == single.space


def test_the_size_of_batches_changes_no_vector(weights: made.Weights, tmp_path: Path) -> None:
    path = str(_one_file(weights, tmp_path))
    texts = [*TEXTS, "a red sun", "snow on a roof"]
    pictures = [photograph(seed=seed) for seed in range(5)]
    whole, pairs = load_embedder(path), load_embedder(path, batch_size=2)
    np.testing.assert_allclose(pairs.embed_texts(texts), whole.embed_texts(texts), atol=1e-5)
    np.testing.assert_allclose(pairs.embed_pictures(pictures), whole.embed_pictures(pictures), atol=1e-5)


def test_other_weights_under_the_same_name_are_another_space(weights: made.Weights, tmp_path: Path) -> None:
    path = _one_file(weights, tmp_path)
    first, again = load_embedder(str(path)).space, load_embedder(str(path)).space
    made.save_file(made.openai_weights(seed=3), path)
    assert first == again != load_embedder(str(path)).space
    assert first.startswith("longclip-S/")


def without(name: str) -> Callable[[made.Weights], made.Weights]:
    return lambda weights: {kept: value for kept, value in weights.items() if kept != name}


def reshaped(name: str, *shape: int) -> Callable[[made.Weights], made.Weights]:
    return lambda weights: weights | {name: torch.zeros(*shape)}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (without("positional_embedding"), "lacks positional_embedding"),
        (without("visual.conv1.weight"), r"lacks visual\.conv1\.weight; expected OpenAI's names"),
        (without("ln_final.bias"), r"ln_final\.bias is missing"),
        (reshaped("positional_embedding_res", 77, 64), r"shapes \(248, 64\) and \(77, 64\)"),
        (reshaped("ln_final.bias", 63), r"ln_final\.bias has the shape \(63,\), expected \(64,\)"),
        (reshaped("transformer.resblocks.0.attn.theta", 4), r"attn\.theta is unknown"),
        (reshaped("token_embedding.weight", 1000, 64), "1000 tokens, expected the 49408"),
    ],
)
def test_weights_that_do_not_fit_are_named_with_what_was_expected(
    weights: made.Weights,
    broken: Callable[[made.Weights], made.Weights],
    said: str,
    tmp_path: Path,
) -> None:
    path = made.save_file(broken(weights), tmp_path / "broken.safetensors")
    with pytest.raises(ModelUnavailable, match=rf"broken\.safetensors .*{said}"):
        load_embedder(str(path))


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_file_that_is_cut_off_is_named(
    weights: made.Weights, suffix: str, share: float, tmp_path: Path
) -> None:
    path = made.save_file(weights, tmp_path / f"cut{suffix}")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelUnavailable, match=rf"cut\{suffix} can't be read as weights, it may be cut off"):
        load_embedder(str(path))


class Hostile:
    """Unpickling it would leave a file behind."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.mark,)


def test_code_in_a_checkpoint_is_refused_and_not_run(tmp_path: Path) -> None:
    mark, path = tmp_path / "was-run", tmp_path / "hostile.pt"
    torch.save({"positional_embedding": Hostile(mark)}, path)
    with pytest.raises(ModelUnavailable, match=r"hostile\.pt holds more than weights"):
        load_embedder(str(path))
    assert not mark.exists()


def test_a_file_of_other_things_is_refused(tmp_path: Path) -> None:
    torch.save([1, 2, 3], tmp_path / "list.pt")
    with pytest.raises(ModelUnavailable, match=r"list\.pt holds no weights by name"):
        load_embedder(str(tmp_path / "list.pt"))


def test_a_folder_without_weights_names_the_files_that_are_expected(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(made.config()))
    with pytest.raises(
        ModelUnavailable, match=r"no weights; expected model\.safetensors or pytorch_model\.bin"
    ):
        load_embedder(str(tmp_path))


def test_a_folder_of_another_architecture_is_refused(tmp_path: Path) -> None:
    made.save_folder(tmp_path, {}, "clip")
    (tmp_path / "config.json").write_text(json.dumps(made.config() | {"model_type": "llama"}))
    with pytest.raises(ModelUnavailable, match="a model of type llama; expected clip or longclip"):
        load_embedder(str(tmp_path))


def test_a_folder_with_one_table_where_two_belong_says_which_is_missing(
    weights: made.Weights, tmp_path: Path
) -> None:
    named = made.transformers_weights(made.merged(weights), nested=True)
    made.save_folder(tmp_path, named, "longclip")
    with pytest.raises(ModelUnavailable, match="lacks positional_embedding_res"):
        load_embedder(str(tmp_path))


def test_a_folder_whose_config_speaks_of_other_weights_is_refused(
    weights: made.Weights, tmp_path: Path
) -> None:
    made.save_folder(tmp_path, made.transformers_weights(made.merged(weights)), "clip")
    text = json.loads((tmp_path / "config.json").read_text())
    text["text_config"]["max_position_embeddings"] = 77
    (tmp_path / "config.json").write_text(json.dumps(text))
    with pytest.raises(ModelUnavailable, match=r"248 text positions, but its config\.json says 77"):
        load_embedder(str(tmp_path))


def test_a_hub_that_must_not_be_asked_is_not_asked() -> None:
    with pytest.raises(ModelUnavailable, match=r"hf-hub:nobody/nothing can't be loaded"):
        load_embedder("hf-hub:nobody/nothing", local_files_only=True)
