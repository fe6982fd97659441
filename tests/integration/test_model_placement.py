"""Where weights go and what they are kept as: what `from_pretrained` is given, what loads, what is refused."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest
import torch
from model_families import save_family
from models import photograph, save_tiny_model
from transformers import AutoModelForImageTextToText

from hartmann.errors import MissingExtra, ModelUnavailable
from hartmann.settings import Settings
from hartmann.vision.language_model import GenerationRequest, Message, Role, Sampling
from hartmann.vision.model_placement import Placement, Quantisation, device_of, read_device_map
from hartmann.vision.transformers_model import TransformersModel

pytestmark = pytest.mark.integration

PICTURE = photograph()
ASKED = (Message(Role.USER, "What do you see?", picture=True),)
ANSWERED = (*ASKED, Message(Role.ASSISTANT, "a bright picture"))
WISH = GenerationRequest(ASKED, Sampling(seed=5, max_tokens=12), PICTURE, "start: /[a-z ]{12}/\n")
SPREAD = json.dumps({"model.visual": "cpu", "model.language_model": "cpu", "lm_head": "cpu"})
COMMITS = ("a" * 40, "b" * 40)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def plain(folder: Path) -> Iterator[TransformersModel]:
    loaded = TransformersModel.load(folder, threads=1)
    yield loaded
    loaded.close()


def bytes_of(model: TransformersModel) -> int:
    return int(model._model.get_memory_footprint())


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_halves_the_weights_and_changes_little(
    folder: Path, plain: TransformersModel, dtype: str
) -> None:
    model = TransformersModel.load(folder, threads=1, dtype=dtype)
    assert model.info.details["dtype"] == dtype
    assert bytes_of(model) < 0.51 * bytes_of(plain)
    assert model.log_probability(ANSWERED, PICTURE) == pytest.approx(
        plain.log_probability(ANSWERED, PICTURE), rel=0.02
    )


def test_the_dtype_auto_is_that_of_the_checkpoint(folder: Path) -> None:
    saved = json.loads((folder / "config.json").read_text(encoding="utf-8"))["dtype"]
    assert TransformersModel.load(folder, threads=1, dtype="auto").info.details["dtype"] == saved == "float16"


@pytest.mark.parametrize("device_map", ["auto", "balanced", SPREAD])
def test_a_model_spread_by_accelerate_writes_the_same(
    folder: Path, plain: TransformersModel, device_map: str
) -> None:
    model = TransformersModel.load(folder, threads=1, device_map=device_map)
    assert model.info.device == "cpu"
    assert model.generate(WISH).text == plain.generate(WISH).text


@pytest.mark.parametrize(
    ("quantisation", "layer", "share"), [("8bit", "Linear8bitLt", 0.3), ("4bit", "Linear4bit", 0.2)]
)
def test_quantised_weights_are_small_and_still_see_and_write(
    folder: Path, plain: TransformersModel, quantisation: str, layer: str, share: float
) -> None:
    model = TransformersModel.load(folder, threads=1, quantisation=quantisation)
    assert model.info.details["quantisation"] == quantisation
    assert layer in {type(module).__name__ for module in model._model.modules()}
    assert bytes_of(model) < share * bytes_of(plain)
    assert len(model.generate(WISH).text) == 12
    assert model.log_probability(ANSWERED, PICTURE) == pytest.approx(
        plain.log_probability(ANSWERED, PICTURE), rel=0.02
    )
    assert model.attend(ANSWERED, PICTURE).weights.shape == plain.attend(ANSWERED, PICTURE).weights.shape


def test_four_bits_are_nf4_with_quantised_constants_computed_in_the_dtype() -> None:
    options = Placement(dtype="bfloat16", quantisation=Quantisation.FOUR_BIT).options()
    config = options["quantization_config"]
    assert (config.load_in_4bit, config.bnb_4bit_quant_type, config.bnb_4bit_use_double_quant) == (
        True,
        "nf4",
        True,
    )
    assert config.bnb_4bit_compute_dtype is torch.bfloat16
    assert options["device_map"] == {"": "cpu"}


def test_a_gpu_is_chosen_by_auto_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert Placement("auto", dtype="auto").options() == {"dtype": "auto", "device_map": {"": "cuda"}}
    assert Placement("cuda:1").options()["device_map"] == {"": "cuda:1"}
    with pytest.raises(ModelUnavailable, match=r"there is no device cuda:2: .* sees 2 GPUs"):
        device_of("cuda:2")


def test_on_a_plain_cpu_nothing_is_asked_of_accelerate() -> None:
    assert Placement().options() == {"dtype": "float32"}


def test_a_device_that_is_not_there_is_refused_before_anything_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(
        ModelUnavailable, match=r"there is no device cuda: .* sees no GPUs; set HARTMANN_DEVICE"
    ):
        TransformersModel.load(folder, device="cuda")
    with pytest.raises(ModelUnavailable, match="'gpu' is no device of torch's"):
        TransformersModel.load(folder, device="gpu")


@pytest.mark.parametrize(
    ("placement", "package", "command"),
    [
        (Placement(device_map="auto"), "accelerate", r"pip install 'hartmann\[server\]'"),
        (
            Placement(quantisation=Quantisation.EIGHT_BIT),
            "bitsandbytes",
            r"pip install 'hartmann\[quantisation\]'",
        ),
    ],
)
def test_a_package_that_is_missing_is_named_with_its_command(
    placement: Placement, package: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=f"{package} is not installed; run: {command}"):
        placement.options()


@pytest.mark.parametrize("text", ["all", "{", '["cuda:0"]', '{"lm_head": null}', '{"lm_head": true}'])
def test_what_is_no_device_map_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ModelUnavailable, match=r"is no device map .* such as"):
        read_device_map(text)


def test_a_device_map_names_devices_or_their_numbers() -> None:
    assert read_device_map('{"model.visual": 0, "lm_head": "cpu"}') == {"model.visual": 0, "lm_head": "cpu"}


def test_the_settings_say_all_of_it() -> None:
    settings = Settings(dtype="auto", device_map="auto", quantisation="4bit", picture_pixels=262144)
    fields = type(settings).model_fields
    for name in ("dtype", "device", "device_map", "quantisation", "picture_pixels", "vision_revision"):
        assert fields[name].description


@pytest.fixture
def hub(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A hub's cache with two commits of one model, the second of them its main branch."""
    repository = tmp_path / "models--somebody--seer"
    shutil.copytree(folder, repository / "snapshots" / COMMITS[0])
    save_tiny_model(repository / "snapshots" / COMMITS[1], seed=2)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMITS[1])
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    return "somebody/seer"


def test_a_pinned_revision_is_the_one_that_is_loaded(hub: str, plain: TransformersModel) -> None:
    pinned = TransformersModel.load(hub, threads=1, revision=COMMITS[0], local_files_only=True)
    newest = TransformersModel.load(hub, threads=1, local_files_only=True)
    assert (pinned.info.name, pinned.info.revision, newest.info.revision) == (hub, *COMMITS)
    assert pinned.generate(WISH).text == plain.generate(WISH).text != newest.generate(WISH).text


def test_with_local_files_only_a_model_that_is_not_there_is_not_asked_for(
    hub: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the hub was asked")

    monkeypatch.setattr("httpx.Client.send", refuse)
    with pytest.raises(ModelUnavailable, match="somebody/else was not downloaded"):
        TransformersModel.load("somebody/else", local_files_only=True)
    with pytest.raises(ModelUnavailable, match="was not downloaded"):
        TransformersModel.load(hub, revision="c" * 40, local_files_only=True)


def test_weights_that_do_not_fit_are_refused_with_what_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 16.00 GiB.")

    monkeypatch.setattr(AutoModelForImageTextToText, "from_pretrained", full)
    with pytest.raises(ModelUnavailable, match=r"does not fit .*HARTMANN_QUANTISATION=4bit"):
        TransformersModel.load(folder)


def test_a_picture_is_shown_no_larger_than_the_setting_says(tmp_path: Path) -> None:
    pixels = PICTURE.width * PICTURE.height // 4
    model = TransformersModel.load(save_family("qwen2-vl", tmp_path), threads=1, picture_pixels=pixels)
    grid = model.attend(ANSWERED, PICTURE).grid
    assert 0.7 * pixels < grid.rows * grid.columns * 28 * 28 < 1.3 * pixels
