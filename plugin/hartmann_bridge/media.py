"""Addresses of pictures that can't be guessed, made without remembering any.

QML's `Image` sends no headers, so its address must carry the right to look: `/media/SIGNATURE/WHAT`, where the
signature is an HMAC-SHA256 of WHAT, cut to 128 bits, under a key derived from the bridge's token. So addresses
live as long as the token does, over restarts too, and knowing one says nothing about another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from http import HTTPStatus
from urllib.parse import quote

from hartmann_bridge.refusals import Refused

_SIGNATURE_BYTES = 16


class MediaAddresses:
    """Signs and checks what comes after `/media/`. `url` tells where the bridge answers."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._key = hmac.digest(token.encode(), b"hartmann bridge: media", "sha256")

    def of(self, what: str) -> str:
        """The whole address of WHAT, such as `compositions/0199…/attention/whole.png`."""
        return f"{self._url}/media/{self._sign(what)}/{quote(what)}"

    def of_file(self, path: str) -> str:
        """The address of the thumbnail of a picture file."""
        coded = base64.urlsafe_b64encode(path.encode("utf-8", "surrogateescape")).decode().rstrip("=")
        return self.of(f"thumbnails/{coded}.png")

    def check(self, signature: str, what: str) -> None:
        """Raises Refused unless the signature is that of WHAT."""
        if not hmac.compare_digest(signature.encode("utf-8", "replace"), self._sign(what).encode()):
            raise Refused(HTTPStatus.NOT_FOUND, "PICTURE_NOT_FOUND", "there is no picture at this address")

    def _sign(self, what: str) -> str:
        digest = hmac.new(self._key, what.encode("utf-8", "surrogateescape"), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest[:_SIGNATURE_BYTES]).decode().rstrip("=")


def file_of(coded: str) -> str:
    """The path behind the last part of a thumbnail's address, without its suffix."""
    try:
        padded = coded + "=" * (-len(coded) % 4)
        return base64.urlsafe_b64decode(padded).decode("utf-8", "surrogateescape")
    except (binascii.Error, ValueError) as error:
        raise Refused(
            HTTPStatus.NOT_FOUND, "PICTURE_NOT_FOUND", "there is no picture at this address"
        ) from error
