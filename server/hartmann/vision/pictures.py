"""From the bytes of a picture file to upright RGB pixels, with everything checked that can be checked first.

The number of bytes, the format and the size in pixels are checked before anything is decoded, so that a small
file that claims to be a huge picture costs nothing. Then the first frame is decoded whole (a truncated file is
refused, not half shown), turned as its EXIF orientation says, and brought to 8-bit RGB: CMYK and palettes are
converted, 16-bit greys scaled, transparency laid onto white, because that is what paper would show.
"""

from __future__ import annotations

import hashlib
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps

from hartmann.errors import InvalidPicture, PictureTooLarge

FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP")
"""What is read. No other decoder of Pillow's is ever given the bytes."""
_WHITE = (255, 255, 255, 255)
_WARNINGS = threading.Lock()


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """How large a picture may be (section 4 of the design): 20 MiB and 64 megapixels."""

    max_bytes: int = 20 * 2**20
    max_pixels: int = 64_000_000


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture ready to be looked at. `sha256` (hex) is of the file's bytes; width and height are the upright ones."""

    image: Image.Image
    sha256: str
    format: str
    width: int
    height: int


def read_picture(data: bytes, limits: PictureLimits = PictureLimits()) -> Picture:
    """Check and decode. Raises PictureTooLarge or InvalidPicture, each with a sentence that says what to do."""
    _check_bytes(data, limits)
    with _silence():
        file = _open(data, limits)
        image = _decode(file)
    return Picture(image, hashlib.sha256(data).hexdigest(), _format(file), *image.size)


def check_picture(data: bytes, limits: PictureLimits = PictureLimits()) -> None:
    """Check all that can be checked without decoding. Raises as `read_picture` does."""
    _check_bytes(data, limits)
    with _silence():
        _open(data, limits)


@contextmanager
def _silence() -> Iterator[None]:
    """Decoders warn about odd metadata; catch_warnings changes the whole process, hence the lock."""
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _check_bytes(data: bytes, limits: PictureLimits) -> None:
    if not data:
        raise InvalidPicture("the picture is empty; send the bytes of an image file", field="picture")
    if len(data) > limits.max_bytes:
        raise PictureTooLarge(
            f"the picture has {len(data):,} bytes, and at most {limits.max_bytes:,} are taken; make it smaller",
            field="picture",
        )


def _open(data: bytes, limits: PictureLimits) -> Image.Image:
    """Read the header alone and check the size it states."""
    try:
        file = Image.open(BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_many_pixels("more than 178,956,970", limits) from error
    except Exception as error:
        # Any exception: the bytes are a stranger's, and decoders raise whatever they run into.
        raise InvalidPicture(
            f"the file is no picture that can be read here; send one of {', '.join(FORMATS)}", field="picture"
        ) from error
    if file.width * file.height > limits.max_pixels:
        raise _too_many_pixels(f"{file.width:,} × {file.height:,}", limits)
    return file


def _too_many_pixels(found: str, limits: PictureLimits) -> PictureTooLarge:
    return PictureTooLarge(
        f"the picture has {found} pixels, and at most {limits.max_pixels:,} are taken; make it smaller",
        field="picture",
    )


def _decode(file: Image.Image) -> Image.Image:
    try:
        file.seek(0)
        file.load()
        return _to_rgb(ImageOps.exif_transpose(file))
    except Exception as error:
        # Any exception, as above.
        raise InvalidPicture(
            f"the {_format(file)} picture is damaged or cut short ({error}); send it again whole",
            field="picture",
        ) from error


def _format(file: Image.Image) -> str:
    """The format's name; a phone's multi-picture JPEG is a JPEG."""
    return "JPEG" if file.format == "MPO" else str(file.format)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return _grey_to_8_bits(image).convert("RGB")
    if image.has_transparency_data:
        upper = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", upper.size, _WHITE), upper).convert("RGB")
    return image.convert("RGB")


def _grey_to_8_bits(image: Image.Image) -> Image.Image:
    """Greys of more than 8 bits: integers up to 65,535 keep their brightness, anything else spans black to white."""
    values = np.asarray(image, dtype=np.float64)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if image.mode.startswith("I") and low >= 0 and high <= 65535:
        low, high = 0.0, 65535.0
    scaled = np.nan_to_num((values - low) / max(high - low, 1e-12)) * 255
    return Image.fromarray(np.rint(np.clip(scaled, 0, 255)).astype(np.uint8))
