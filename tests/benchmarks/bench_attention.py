"""What recording attention costs while a model writes: time beside plain decoding, memory beside eager matrices.

    python tests/benchmarks/bench_attention.py [--repetitions 7] [--threads 0] [--layers 12] [--width 512]

A Qwen2.5-VL of some 50 million parameters (random weights, made on the spot) reads a picture and text, 700 tokens
together, and writes 128. Time: plain and recorded generation take turns with the same seed, the prompt being read
already; medians, and the median of each pair's ratio. Memory: the most bytes of tensors alive at once, counted by
torch's own dispatch, above the same run without attention; and the peak of the process, which is noisy by some
megabytes and may lie at the loading. The eager figure is
`generate(output_attentions=True)` with every matrix of the prompt and of the new tokens kept.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.utils._python_dispatch import TorchDispatchMode

from hartmann.training.tokenizer import SPECIAL, train_tokenizer
from hartmann.vision.language_model import Generation, GenerationRequest, Message, Role, Sampling
from hartmann.vision.transformers_model import TransformersModel

NEW_TOKENS = 128
PROMPT_TOKENS = 700
VOCABULARY = 32_000
TIME_TARGET, MEMORY_TARGET = 1.10, 40
MEBIBYTE = 1 << 20


def save_model(folder: Path, layers: int, width: int) -> None:
    """The folder of a model with a vocabulary of 32,000, of which its tokenizer writes the bytes alone."""
    import transformers as hf
    from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor

    torch.manual_seed(1)
    tokenizer = train_tokenizer(["X:1"] * 9, vocabulary=256 + len(SPECIAL))
    names = {
        "image": "image_pad",
        "video": "video_pad",
        "vision_start": "vision_start",
        "vision_end": "vision_end",
    }
    text = {
        "vocab_size": VOCABULARY,
        "hidden_size": width,
        "intermediate_size": 11 * width // 4,
        "num_hidden_layers": layers,
        "num_attention_heads": width // 64,
        "num_key_value_heads": max(1, width // 256),
        "max_position_embeddings": 4096,
        "tie_word_embeddings": True,
        "rope_parameters": {"rope_type": "default", "mrope_section": [8, 12, 12], "rope_theta": 1e6},
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
    }
    vision = {
        "depth": 4,
        "hidden_size": 128,
        "intermediate_size": 256,
        "num_heads": 4,
        "out_hidden_size": width,
        "fullatt_block_indexes": [1, 3],
    }
    tokens = {
        f"{key}_token_id": tokenizer.convert_tokens_to_ids(f"<|{name}|>") for key, name in names.items()
    }
    config = hf.Qwen2_5_VLConfig(text_config=text, vision_config=vision, tie_word_embeddings=True, **tokens)
    hf.Qwen2_5_VLForConditionalGeneration(config).save_pretrained(folder)
    images = hf.Qwen2VLImageProcessor(size={"shortest_edge": 784 * 16, "longest_edge": 784 * 1024})
    template = tokenizer.chat_template
    hf.Qwen2_5_VLProcessor(
        images, tokenizer, Qwen2VLVideoProcessor(), chat_template=template
    ).save_pretrained(folder)


def asked(model: TransformersModel, recorded: bool, seed: int) -> GenerationRequest:
    """A picture of 20 × 20 image tokens, and so much text that the prompt has 700 tokens."""
    pixels = np.random.default_rng(3).integers(0, 255, (560, 560, 3), np.uint8)
    picture = Image.fromarray(pixels)
    empty = (Message(Role.USER, "", picture=True),)
    missing = PROMPT_TOKENS - len(model._prompter.build(empty, picture).ids)
    conversation = (Message(Role.USER, "a" * missing, picture=True),)
    sampling = Sampling(seed, max_tokens=NEW_TOKENS)
    return GenerationRequest(conversation, sampling, picture, record_attention=recorded)


def long_seed(model: TransformersModel) -> int:
    """The first seed with which the random model writes as much as it may."""
    return next(
        seed for seed in range(1, 1000) if model.generate(asked(model, False, seed)).tokens == NEW_TOKENS
    )


def timed(model: TransformersModel, recorded: bool, seed: int) -> tuple[float, Generation]:
    """Seconds of one generation whose prompt is in the cache."""
    request = asked(model, recorded, seed)
    began = time.perf_counter()
    written = model.generate(request)
    return time.perf_counter() - began, written


def compare_time(model: TransformersModel, repetitions: int) -> None:
    """Plain and recorded in turns; what comes first changes with every pair."""
    seed = long_seed(model)
    timed(model, True, seed)
    plain, recorded, ratios = [], [], []
    for turn in range(repetitions):
        took = {kind: timed(model, kind, seed) for kind in ((False, True) if turn % 2 else (True, False))}
        (slow, with_maps), (quick, without) = took[True], took[False]
        assert with_maps.text == without.text, "recording must not change what is written"
        assert with_maps.attention is not None
        assert with_maps.attention.weights.shape == (NEW_TOKENS, 400)
        plain.append(quick)
        recorded.append(slow)
        ratios.append(slow / quick)
    for name, seconds in (("plain", plain), ("recorded", recorded)):
        median = statistics.median(seconds)
        print(f"decoding, {name:<10} median {median:6.2f} s, {NEW_TOKENS / median:6.1f} tokens/s")
    print(
        f"time, recorded over plain: {statistics.median(ratios):.3f} (median of {repetitions} pairs; "
        f"of the medians {statistics.median(recorded) / statistics.median(plain):.3f}; aim ≤ {TIME_TARGET:.2f})"
    )


class LiveBytes(TorchDispatchMode):
    """Counts the bytes of tensors made while it is on and not yet gone; `peak` is the most there were."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._seen: dict[int, weakref.ref[Any]] = {}

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        for leaf in torch.utils._pytree.tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self._count(leaf.untyped_storage())
        return result

    def _count(self, storage: Any) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._seen:
            return

        def gone(_: Any) -> None:
            del self._seen[key]
            self.now -= size

        self._seen[key] = weakref.ref(storage, gone)
        self.now += size
        self.peak = max(self.peak, self.now)


def peak_of(run: Callable[[], object]) -> int:
    """The most bytes of new tensors alive at once during a run whose result is kept to its end."""
    with LiveBytes() as live:
        result = run()
        del result
    return live.peak


def measure_memory(kind: str, folder: Path, threads: int) -> dict[str, float]:
    """In a process of its own: most bytes of tensors above the same run without attention, and the process's peak."""
    model = TransformersModel.load(folder, threads=threads)
    if kind in ("plain", "recorded"):
        seed = long_seed(model)
        live = peak_of(lambda: model.generate(asked(model, kind == "recorded", seed)))
    else:
        run = eager_generation(model, folder, kind == "matrices")
        model.close()
        live = peak_of(run)
    return {"live": live, "resident": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def eager_generation(model: TransformersModel, folder: Path, matrices: bool) -> Callable[[], object]:
    """transformers' own generation with its slow attention, with or without all matrices kept."""
    from transformers import AutoModelForImageTextToText

    request = asked(model, False, 1)
    prompt = model._prompter.build(request.conversation, request.picture)
    kinds = [*prompt.per_token["mm_token_type_ids"], *[0] * len(prompt.ids)][: len(prompt.ids)]
    eager = AutoModelForImageTextToText.from_pretrained(
        folder, attn_implementation="eager", dtype="float32"
    ).eval()
    return lambda: eager.generate(
        input_ids=torch.tensor([prompt.ids]),
        mm_token_type_ids=torch.tensor([kinds]),
        **prompt.tensors,
        min_new_tokens=NEW_TOKENS,
        max_new_tokens=NEW_TOKENS,
        do_sample=False,
        output_attentions=matrices,
        return_dict_in_generate=True,
    )


def compare_memory(folder: Path, threads: int) -> None:
    """Four processes: our decoding without and with recording, eager generation without and with matrices."""
    found = {}
    for kind in ("plain", "recorded", "eager", "matrices"):
        arguments = [
            sys.executable,
            __file__,
            "--memory",
            kind,
            "--folder",
            str(folder),
            "--threads",
            str(threads),
        ]
        output = subprocess.run(arguments, capture_output=True, text=True, check=True).stdout
        found[kind] = json.loads(output.splitlines()[-1])
    for what, name in (("live", "tensors alive"), ("resident", "peak of the process")):
        ours = found["recorded"][what] - found["plain"][what]
        eager = found["matrices"][what] - found["eager"][what]
        ratio = f"1/{eager / ours:.0f}" if ours > 0 else "nothing"
        print(
            f"extra memory, {name:<20} recorded {ours / MEBIBYTE:7.2f} MiB, matrices kept {eager / MEBIBYTE:7.1f} MiB: "
            f"{ratio} (aim ≤ 1/{MEMORY_TARGET})"
        )


def main() -> None:
    """Make the model, compare times, compare memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--threads", type=int, default=0, help="CPU threads of torch; 0: its own choice")
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument(
        "--memory", choices=("plain", "recorded", "eager", "matrices"), help=argparse.SUPPRESS
    )
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory:
        print(json.dumps(measure_memory(options.memory, options.folder, options.threads)))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_model(folder, options.layers, options.width)
        model = TransformersModel.load(folder, threads=options.threads)
        parameters = sum(parameter.numel() for parameter in model._model.parameters())
        print(
            f"{parameters / 1e6:.0f} million parameters, {torch.get_num_threads()} threads, 700 tokens + 128"
        )
        compare_time(model, options.repetitions)
        model.close()
        compare_memory(folder, options.threads)


if __name__ == "__main__":
    main()
