"""Pictures: whatever people send becomes upright RGB pixels, or is refused with a sentence."""

import contextlib
import hashlib
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from hartmann.errors import InvalidPicture, PictureTooLarge
from hartmann.vision.pictures import PictureLimits, read_picture


def encoded(image: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format, **options)
    return buffer.getvalue()


def two_halves(mode: str = "RGB") -> Image.Image:
    """Left half red, right half blue, 40 × 20."""
    image = Image.new("RGB", (40, 20), (255, 0, 0))
    image.paste((0, 0, 255), (20, 0, 40, 20))
    return image.convert(mode)


def png_header(width: int, height: int) -> bytes:
    """A PNG whose header states a size and whose one data chunk holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP"])
def test_every_format_is_read_as_rgb_with_its_colours(format: str) -> None:
    picture = read_picture(encoded(two_halves(), format))
    assert (picture.format, picture.width, picture.height, picture.image.mode) == (format, 40, 20, "RGB")
    left, right = np.array(picture.image.getpixel((5, 10))), np.array(picture.image.getpixel((35, 10)))
    assert np.abs(left - (255, 0, 0)).max() < 10
    assert np.abs(right - (0, 0, 255)).max() < 10


def test_the_hash_is_of_the_files_bytes() -> None:
    data = encoded(two_halves(), "PNG")
    assert read_picture(data).sha256 == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("format", ["JPEG", "TIFF"])
def test_cmyk_keeps_its_colours(format: str) -> None:
    picture = read_picture(encoded(two_halves("CMYK"), format))
    assert np.abs(np.array(picture.image.getpixel((5, 10))) - (255, 0, 0)).max() < 12


def test_sixteen_bit_grey_keeps_its_brightness() -> None:
    grey = Image.fromarray(np.full((4, 6), 32896, np.uint16))
    assert read_picture(encoded(grey, "PNG")).image.getpixel((2, 2)) == (128, 128, 128)


def test_floating_point_grey_spans_black_to_white() -> None:
    ramp = Image.fromarray(np.linspace(-1, 3, 5, dtype=np.float32)[None, :])
    image = read_picture(encoded(ramp, "TIFF")).image
    assert [image.getpixel((x, 0))[0] for x in range(5)] == [0, 64, 128, 191, 255]


def test_black_and_white_bits_become_black_and_white() -> None:
    assert read_picture(encoded(Image.new("1", (3, 3), 1), "PNG")).image.getpixel((1, 1)) == (255, 255, 255)


def test_transparency_is_laid_onto_white() -> None:
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    clear.putpixel((0, 0), (0, 128, 0, 255))
    image = read_picture(encoded(clear, "PNG")).image
    assert image.getpixel((0, 0)) == (0, 128, 0)
    assert image.getpixel((3, 3)) == (255, 255, 255)


def test_a_palettes_transparent_colour_is_laid_onto_white() -> None:
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([0, 0, 0, 200, 0, 0])
    palette.putpixel((1, 1), 1)
    image = read_picture(encoded(palette, "PNG", transparency=0)).image
    assert image.getpixel((0, 0)) == (255, 255, 255)
    assert image.getpixel((1, 1)) == (200, 0, 0)


def test_grey_with_alpha_is_laid_onto_white() -> None:
    assert read_picture(encoded(Image.new("LA", (2, 2), (0, 0)), "PNG")).image.getpixel((0, 0)) == (255,) * 3


def test_an_animation_shows_its_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert read_picture(data).image.getpixel((4, 4)) == (255, 0, 0)


@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [(1, (40, 20), (5, 10)), (3, (40, 20), (35, 10)), (6, (20, 40), (10, 5)), (8, (20, 40), (10, 35))],
)
def test_exif_orientation_is_applied(
    orientation: int, size: tuple[int, int], red_at: tuple[int, int]
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = read_picture(encoded(two_halves(), "JPEG", exif=exif))
    assert (picture.width, picture.height) == size
    assert picture.image.getpixel(red_at)[0] > 240


def test_one_pixel_is_a_picture() -> None:
    assert read_picture(encoded(Image.new("RGB", (1, 1), "blue"), "PNG")).image.getpixel((0, 0)) == (
        0,
        0,
        255,
    )


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "BMP", "TIFF"])
def test_a_truncated_file_is_refused(format: str) -> None:
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8))
    data = encoded(noise, format)
    with pytest.raises(InvalidPicture):
        read_picture(data[: len(data) // 2])


def test_a_damaged_picture_is_named_with_its_format() -> None:
    with pytest.raises(InvalidPicture, match="the PNG picture is damaged or cut short"):
        read_picture(png_header(20, 20))


def test_nothing_is_refused_as_empty() -> None:
    with pytest.raises(InvalidPicture, match="the picture is empty"):
        read_picture(b"")


@pytest.mark.parametrize("data", [b"X:1\nT:no picture\n", b"%PDF-1.7\n", b"<svg/>", b"\0" * 100, b"GIF89a"])
def test_other_files_are_refused_with_the_formats_that_are_read(data: bytes) -> None:
    with pytest.raises(InvalidPicture, match="send one of JPEG, PNG, WEBP, TIFF, GIF, BMP") as caught:
        read_picture(data)
    assert caught.value.field == "picture"


@pytest.mark.parametrize(("width", "height"), [(10_000, 10_000), (65_000, 65_000), (100_000_000, 1)])
def test_a_header_that_claims_too_many_pixels_is_refused_before_decoding(width: int, height: int) -> None:
    with pytest.raises(PictureTooLarge, match="at most 64,000,000 are taken"):
        read_picture(png_header(width, height))


def test_too_many_bytes_are_refused_with_both_numbers() -> None:
    with pytest.raises(PictureTooLarge, match="has 1,001 bytes, and at most 1,000"):
        read_picture(b"x" * 1001, PictureLimits(max_bytes=1000))


def test_the_limit_itself_is_allowed() -> None:
    data = encoded(two_halves(), "PNG")
    assert read_picture(data, PictureLimits(max_bytes=len(data), max_pixels=800)).width == 40


@given(st.binary(max_size=200), st.integers(0, 400))
def test_mutated_bytes_give_a_picture_or_a_refusal(noise: bytes, at: int) -> None:
    data = encoded(two_halves(), "PNG")
    mutated = data[:at] + noise + data[at + len(noise) :]
    with contextlib.suppress(InvalidPicture, PictureTooLarge):
        assert read_picture(mutated).image.mode == "RGB"
