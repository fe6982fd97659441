"""Addresses of pictures: each shows one thing, and none helps to guess another."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hartmann_bridge.media import MediaAddresses, file_of
from hartmann_bridge.refusals import Refused

MEDIA = MediaAddresses("http://127.0.0.1:50071", "token")


def taken_apart(url: str) -> tuple[str, str]:
    """Signature and what is shown."""
    _, media, signature, what = urlsplit(url).path.split("/", 3)
    assert media == "media"
    return signature, unquote(what)


def test_address_made_by_the_bridge_is_good_after_a_restart() -> None:
    url = MEDIA.of("compositions/1/picture.png")
    MediaAddresses("http://127.0.0.1:1", "token").check(*taken_apart(url))


def test_address_of_one_picture_opens_no_other() -> None:
    signature, _ = taken_apart(MEDIA.of("compositions/1/picture.png"))
    with pytest.raises(Refused):
        MEDIA.check(signature, "compositions/2/picture.png")


@pytest.mark.parametrize("signature", ["", "A" * 22, "ä", "null"])
def test_guessed_signature_is_refused_as_if_nothing_were_there(signature: str) -> None:
    with pytest.raises(Refused) as caught:
        MEDIA.check(signature, "compositions/1/picture.png")
    assert caught.value.status == 404


def test_signature_has_128_bits_and_depends_on_the_token() -> None:
    other = MediaAddresses("http://127.0.0.1:50071", "another token")
    signature, what = taken_apart(MEDIA.of("x.png"))
    assert len(signature) == 22
    assert taken_apart(other.of(what))[0] != signature


@given(st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=200))
def test_every_path_comes_back_from_its_address(path: str) -> None:
    try:
        path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return  # no path: a file system's undecodable bytes become low surrogates alone
    signature, what = taken_apart(MEDIA.of_file(path))
    MEDIA.check(signature, what)
    coded = what.removeprefix("thumbnails/").removesuffix(".png")
    assert file_of(coded).encode("utf-8", "surrogateescape") == path.encode("utf-8", "surrogateescape")
