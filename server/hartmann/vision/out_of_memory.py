"""When a device has no memory left: everything kept is let go, and the work is done once more with less.

The first try may have the caches of several conversations beside the weights, and reads a prompt at once. The second
has nothing but the weights: the prompt is read in short stretches, its picture is shown smaller, a batch is halved. A
text that was half written goes on from its last token. Where that is too much as well, ModelFailed says what to
change, and the memory is free again for the next call.

PyTorch raises its own OutOfMemoryError for CUDA alone; on Apple's chips and on CPUs the message is all there is.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import TypeVar

import structlog
from PIL import Image

from hartmann.errors import ModelFailed

STRETCH = 128
"""Tokens of a prompt, or of a replayed answer, that the second try reads at once."""
LEAST_PIXELS = 224 * 224
"""No picture is made smaller than what the common vision towers were trained on."""
FEWER = 0.75
"""A smaller picture is worth showing when it takes at most this share of the image tokens."""
SMALLER = (
    "load it with a smaller dtype (HARTMANN_DTYPE=bfloat16) or quantised (HARTMANN_QUANTISATION=4bit), "
    "spread it over several GPUs (HARTMANN_DEVICE_MAP=auto)"
)
"""What makes weights take less of one device."""
_SIGNS = ("out of memory", "can't allocate memory", "not enough memory")

Result = TypeVar("Result")
log = structlog.get_logger(__name__)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory is what was missing, on whatever device."""
    import torch

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in _SIGNS)


def with_less_at_need(
    who: str, work: Callable[[], Result], less: Callable[[], Result], let_go: Callable[[], None]
) -> Result:
    """`work()`; where memory runs out `let_go()`, and `less()`. Raises ModelFailed when it runs out again."""
    for attempt in (work, less):
        try:
            return attempt()
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            reason = str(error).partition("\n")[0]
        # Only here, behind the handler, is the failed pass let go, and with it its tensors.
        let_go()
        _give_back()
        log.warning("out_of_memory", model=who, reason=reason, second_try=attempt is less)
    raise ModelFailed(
        f"{who} ran out of memory twice, the second time with nothing kept and less at once; {SMALLER}, show smaller "
        "pictures (HARTMANN_PICTURE_PIXELS=262144), or use a smaller model"
    )


def _give_back() -> None:
    """Return freed memory to the device, for whoever shares it."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


class FittedPictures:
    """Pictures of at most `most` pixels (0: any size); one that is larger is scaled down once and kept."""

    def __init__(self, most: int = 0) -> None:
        self.most = most
        self._last: tuple[Image.Image, int, Image.Image] | None = None

    def fit(self, picture: Image.Image) -> Image.Image:
        """The picture as it is shown; the same object for the same picture, so that it is read once."""
        if not self.most or picture.width * picture.height <= self.most:
            return picture
        if self._last is None or self._last[0] is not picture or self._last[1] != self.most:
            self._last = (picture, self.most, scaled(picture, self.most))
        return self._last[2]

    def show_less(self, picture: Image.Image, tokens_of: Callable[[Image.Image], int]) -> None:
        """Halve the limit until the picture takes notably fewer tokens; let it be where no size does."""
        shown = self.fit(picture)
        enough = FEWER * tokens_of(shown)
        pixels = shown.width * shown.height // 2
        while pixels >= LEAST_PIXELS:
            if tokens_of(scaled(picture, pixels)) <= enough:
                self.most = pixels
                return
            pixels //= 2


def scaled(picture: Image.Image, pixels: int) -> Image.Image:
    """The picture with at most so many pixels, in its proportions."""
    share = (pixels / (picture.width * picture.height)) ** 0.5
    size = (max(1, int(picture.width * share)), max(1, int(picture.height * share)))
    return picture.resize(size, Image.Resampling.LANCZOS)
