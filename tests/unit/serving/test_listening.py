"""Addresses, and who may listen on which."""

from __future__ import annotations

from pathlib import Path

import pytest

from hartmann.errors import Conflict, InvalidRequest
from hartmann.serving.listening import Address, check_access, read_address
from hartmann.settings import Settings


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:50061", Address("127.0.0.1", 50061)),
        ("localhost:0", Address("localhost", 0)),
        ("[::1]:80", Address("::1", 80)),
    ],
)
def test_an_address_reads_back_as_it_is_written(text: str, address: Address) -> None:
    assert read_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize("text", ["", "50061", ":50061", "localhost", "localhost:http", "localhost:70000"])
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidRequest, match=r"127\.0\.0\.1:50061"):
        read_address(text)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "::1"])
def test_loopback_needs_nothing(host: str) -> None:
    check_access(Address(host, 1), Settings())


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org"])
def test_anything_else_needs_tls_and_keys(host: str) -> None:
    with pytest.raises(Conflict, match="tls_certificate and tls_key and api_keys"):
        check_access(Address(host, 1), Settings())


def test_a_certificate_without_its_key_is_refused_everywhere() -> None:
    with pytest.raises(Conflict, match="go together"):
        check_access(Address("127.0.0.1", 1), Settings(tls_certificate=Path("certificate.pem")))
