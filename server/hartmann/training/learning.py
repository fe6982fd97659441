"""Training of the mini model: from conversations to weights, in steps that can be interrupted at any time.

A step is one round of `ROUND` conversations, cut into batches of like length whose gradients add up, so that every
learned token weighs the same. Round `n` is the same in every run with the same seed; a checkpoint holds weights,
optimiser and the number of the round, so a resumed run goes on as if nothing had happened. AdamW, warm-up and cosine,
bfloat16 autocast (four times as fast as float32 where the processor has AVX-512 BF16).

Several processes may share the work (`Workers`): each takes every n-th conversation of a round, and the gradients are
added up over gloo. On a busy machine two processes of one thread outrun one of two, which waits for its slower thread
at every operation.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hartmann.training import checkpoints
from hartmann.training.conversations import Teacher
from hartmann.training.encoding import Batch, Encoder, batches
from hartmann.training.fast_attention import use_fast_attention


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast. `tokens` bounds one forward pass; `round` is the number of conversations a step. Layers
    that are `compiled` run faster, and take a C++ compiler and a minute to make."""

    steps: int = 2200
    round: int = 16
    tokens: int = 4096
    rate: float = 1.5e-3
    last_rate: float = 3e-5
    warm_up: int = 100
    decay: float = 0.05
    keep_every: int = 50
    compiled: bool = False


@dataclass(frozen=True, slots=True)
class Workers:
    """The processes that train together: this one's number, from 0, and how many there are."""

    rank: int = 0
    count: int = 1

    def meet(self, file: Path) -> None:
        """Wait for the others; `file`, which all name and none may have used before, is where they find each other."""
        import torch.distributed

        if self.count > 1:
            torch.distributed.init_process_group(
                "gloo", init_method=f"file://{file.resolve()}", rank=self.rank, world_size=self.count
            )

    def add_up(self, values: Any) -> None:
        """Replace a tensor by its sum over all workers."""
        import torch.distributed

        if self.count > 1:
            torch.distributed.all_reduce(values)


def train(
    folder: Path,
    model: Any,
    teacher: Teacher,
    encoder: Encoder,
    plan: Plan,
    *,
    pad: int,
    workers: Workers = Workers(),
) -> None:
    """Train from the checkpoint in `folder`, or from the start, to `plan.steps`, printing the loss."""
    use_fast_attention(model)
    if plan.compiled:
        for layer in model.model.language_model.layers:
            layer.compile(dynamic=True)

    def one_round(step: int) -> Round:
        numbers = range(step * plan.round + workers.rank, (step + 1) * plan.round, workers.count)
        examples = [encoder.example(teacher.conversation(n)) for n in numbers]
        totals = _learned_from(model, batches(examples, plan.tokens // workers.count, pad))
        return Round(totals, sum(len(e.ids) for e in examples))

    run_rounds(folder, model, plan, workers, one_round, "tokens")


@dataclass(frozen=True, slots=True)
class Round:
    """What one worker did in a round, its gradients aside: the summed loss and what it was summed over, shape (2,),
    and how much it read."""

    totals: Any
    read: int


def run_rounds(
    folder: Path,
    model: Any,
    plan: Plan,
    workers: Workers,
    one_round: Callable[[int], Round],
    unit: str,
) -> None:
    """Go from the checkpoint in `folder`, or from the start, to `plan.steps`.

    `one_round` leaves this worker's gradients in the weights of `model`; `unit` names what it reads, for the report.
    """
    import torch

    optimizer = _optimizer(model, plan)
    step = checkpoints.resume(folder / "checkpoint.pt", model, optimizer)
    model.train()
    began, first, read, smooth = time.time(), step, 0, 0.0
    while step < plan.steps:
        for group in optimizer.param_groups:
            group["lr"] = rate_at(plan, step)
        done = one_round(step)
        loss = _add_gradients(model, done.totals, workers)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1
        read += done.read * workers.count
        smooth = loss if step == first + 1 else 0.97 * smooth + 0.03 * loss
        if workers.rank:
            continue
        if step % 20 == 0:
            seconds = time.time() - began
            print(f"step {step} loss {smooth:.3f} {read / seconds:.0f} {unit}/s {seconds:.0f} s", flush=True)
        if step % plan.keep_every == 0 or step == plan.steps:
            checkpoints.keep(folder / "checkpoint.pt", model, optimizer, step)


def rate_at(plan: Plan, step: int) -> float:
    """The learning rate of a step: a straight warm-up, then half a cosine down to `last_rate`."""
    if step < plan.warm_up:
        return plan.rate * (step + 1) / plan.warm_up
    done = min(1.0, (step - plan.warm_up) / max(1, plan.steps - plan.warm_up))
    return plan.last_rate + (plan.rate - plan.last_rate) * (1 + math.cos(math.pi * done)) / 2


def batch_loss(model: Any, batch: Batch) -> tuple[Any, int]:
    """The summed cross entropy of a batch's learned tokens, and their number."""
    import torch
    from torch.nn import functional

    ids, labels = torch.from_numpy(batch.ids), torch.from_numpy(batch.labels)
    embedded = model.get_input_embeddings()(ids)
    cells = _image_tokens(model, batch)
    if cells is not None:
        mask = (ids == model.config.image_token_id).unsqueeze(-1)
        embedded = embedded.masked_scatter(mask, cells.to(embedded.dtype))
    hidden = model.model.language_model(
        inputs_embeds=embedded, position_ids=torch.from_numpy(batch.positions), use_cache=False
    ).last_hidden_state
    learned = labels[:, 1:] != -100
    logits = model.lm_head(hidden[:, :-1][learned])
    return functional.cross_entropy(logits.float(), labels[:, 1:][learned], reduction="sum"), int(
        learned.sum()
    )


def _image_tokens(model: Any, batch: Batch) -> Any:
    """The pictures' tokens, shape (squares, 256): those that were kept, or the tower's; None without pictures."""
    import torch

    if batch.seen is not None:
        return torch.from_numpy(batch.seen)
    if batch.patches is None:
        return None
    seen = model.model.get_image_features(torch.from_numpy(batch.patches), torch.from_numpy(batch.grids))
    return torch.cat(tuple(seen.pooler_output))


def _learned_from(model: Any, parts: Iterable[Batch]) -> Any:
    """Add up the gradients of a worker's batches; returns their summed loss and number of learned tokens."""
    import torch

    totals = torch.zeros(2)
    for part in parts:
        with torch.autocast("cpu", torch.bfloat16):
            loss, learned = batch_loss(model, part)
        loss.backward()
        totals += torch.tensor([float(loss.detach()), float(learned)])
    return totals


def _add_gradients(model: Any, totals: Any, workers: Workers) -> float:
    """Let every worker hold the gradients of all. `totals` is this worker's summed loss and what it was summed over;
    returns the loss for each of the latter, over all workers."""
    import torch

    weights = [p for p in model.parameters() if p.requires_grad]
    flat: Any = torch.cat([totals, *(_gradient(p) for p in weights)])
    workers.add_up(flat)
    flat[2:] /= flat[1]
    for weight, gradient in zip(weights, flat[2:].split([w.numel() for w in weights]), strict=True):
        weight.grad = gradient.view_as(weight)
    return float(flat[0] / flat[1])


def _gradient(weight: Any) -> Any:
    """A weight's gradient as a row; zeros where no picture was in the batch."""
    import torch

    return torch.zeros(weight.numel()) if weight.grad is None else weight.grad.flatten()


def _optimizer(model: Any, plan: Plan) -> Any:
    """AdamW over what is not frozen; matrices decay, vectors don't."""
    import torch

    wide, narrow = list(_split(model, True)), list(_split(model, False))
    groups = [{"params": wide, "weight_decay": plan.decay}, {"params": narrow, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=plan.rate, betas=(0.9, 0.95), fused=True)


def _split(model: Any, wide: bool) -> Iterator[Any]:
    """Matrices, which decay, or vectors, which don't."""
    return (p for p in model.parameters() if p.requires_grad and (p.ndim > 1) == wide)
