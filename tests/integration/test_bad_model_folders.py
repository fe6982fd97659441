"""A folder that is no model that sees and writes is refused with what is wrong in it; each is made from a good one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from models import save_tiny_model, tiny_tokenizer
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from hartmann.errors import ModelUnavailable
from hartmann.vision.model_hub import needs_hub
from hartmann.vision.transformers_model import TransformersModel

pytestmark = pytest.mark.integration

Spoil = Callable[[Path], None]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def folder(good: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(good, tmp_path / "model"))


def removed(*names: str) -> Spoil:
    def spoil(folder: Path) -> None:
        for name in names:
            (folder / name).unlink(missing_ok=True)

    return spoil


def cut(share: float) -> Spoil:
    def spoil(folder: Path) -> None:
        content = (folder / "model.safetensors").read_bytes()
        (folder / "model.safetensors").write_bytes(content[: int(len(content) * share)])

    return spoil


def with_config(**changes: object) -> Spoil:
    def spoil(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | changes))

    return spoil


def with_weights(change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> Spoil:
    def spoil(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        save_file(change(weights), folder / "model.safetensors", {"format": "pt"})

    return spoil


def without_norms(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: value for name, value in weights.items() if not name.endswith("input_layernorm.weight")}


def with_wider_norms(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {
        name: torch.ones(len(value) + 8) if name.endswith("input_layernorm.weight") else value
        for name, value in weights.items()
    }


def of_type(kind: str, architecture: str) -> Spoil:
    def spoil(folder: Path) -> None:
        (folder / "config.json").write_text(json.dumps({"model_type": kind, "architectures": [architecture]}))

    return spoil


def with_a_missing_part(folder: Path) -> None:
    index = {"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def without_the_image_token(folder: Path) -> None:
    """A tokenizer of another model: plain bytes and the end of the text."""
    import transformers

    tokenizer = tiny_tokenizer()
    core = json.loads(tokenizer.backend_tokenizer.to_str())
    core["added_tokens"] = [token for token in core["added_tokens"] if "image" not in token["content"]]
    core["model"]["vocab"].pop("<|image_pad|>", None)
    plain = transformers.PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(core)), eos_token="<|im_end|>"
    )
    plain.chat_template = tokenizer.chat_template
    plain.save_pretrained(folder)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(
            removed("config.json"), "has no config.json, so it is no model's folder", id="no config"
        ),
        pytest.param(removed("model.safetensors"), "no weights; expected model.safetensors", id="no weights"),
        pytest.param(
            with_a_missing_part, "lacks model-00001-of-00002.safetensors, which its index names", id="a part"
        ),
        pytest.param(cut(0.5), r"is cut off: [\d,]+ of [\d,]+ bytes are there", id="half the weights"),
        pytest.param(cut(0.0001), "is no safetensors file, or cut off", id="hardly any weights"),
        pytest.param(
            with_weights(without_norms),
            r"lacks weights .*: \S+\.0\.input_layernorm\.weight, .*download it again",
            id="tensors missing",
        ),
        pytest.param(
            with_weights(with_wider_norms),
            r"of other shapes .*: \S+input_layernorm\.weight is \(\d+,\), expected \(\d+,\)",
            id="tensors of another shape",
        ),
        pytest.param(
            of_type("llama", "LlamaForCausalLM"),
            r"of type llama \(LlamaForCausalLM\), which does not read pictures and write; use",
            id="a text model",
        ),
        pytest.param(of_type("clip", "CLIPModel"), r"of type clip \(CLIPModel\)", id="a CLIP"),
        pytest.param(of_type("wav2vec2", "Wav2Vec2Model"), "of type wav2vec2", id="an audio model"),
        pytest.param(
            of_type("from_tomorrow", "TomorrowModel"),
            "from_tomorrow .* the installed transformers does not know; a newer one may",
            id="an unknown type",
        ),
        pytest.param(
            removed("processor_config.json", "preprocessor_config.json"),
            r"no processor of pictures; expected processor_config\.json or",
            id="no processor",
        ),
        pytest.param(
            without_the_image_token, r"a tokenizer without the model's image token", id="no image token"
        ),
        pytest.param(
            removed("chat_template.jinja"), "no chat template; use an instruction", id="no template"
        ),
    ],
)
def test_what_is_wrong_with_a_folder_is_said(folder: Path, spoil: Spoil, said: str) -> None:
    spoil(folder)
    with pytest.raises(ModelUnavailable, match=said):
        TransformersModel.load(folder, threads=1)


@pytest.mark.parametrize("name", ["/nowhere/at/all", "./model", "two words", "a/b/c"])
def test_a_name_that_is_neither_folder_nor_a_hubs_is_refused(name: str) -> None:
    with pytest.raises(
        ModelUnavailable, match=f"{re.escape(name)} is no folder, and no name of a model on a hub"
    ):
        needs_hub(name, None, local_files_only=False)


def test_a_model_that_was_never_downloaded_is_not_looked_for_where_that_is_forbidden() -> None:
    with pytest.raises(
        ModelUnavailable, match="nobody/nothing was not downloaded before, and local_files_only"
    ):
        needs_hub("nobody/nothing", None, local_files_only=True)


def test_a_hub_that_can_not_be_reached_is_said_with_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with pytest.raises(
        ModelUnavailable, match=r"the hub can't be reached \(http://127\.0\.0\.1:9: .*network"
    ):
        needs_hub("nobody/nothing", None, local_files_only=False)


def test_serve_says_it_in_a_sentence_and_ends(good: Path, tmp_path: Path) -> None:
    bad = Path(shutil.copytree(good, tmp_path / "model"))
    with_weights(without_norms)(bad)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HARTMANN_", "DATA"))}
    done = subprocess.run(
        [Path(sys.executable).parent / "hartmann", "serve", "--listen", "127.0.0.1:0"],
        env={
            **kept,
            "HOME": str(tmp_path),
            "HARTMANN_VISION_MODEL": str(bad),
            "HARTMANN_DATA_DIR": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 3
    assert f"{bad} lacks weights that its config.json asks for" in done.stderr
    assert "Traceback" not in done.stderr
