"""What tests of training share: a small gallery."""

from __future__ import annotations

import pytest

from hartmann.training.gallery import Gallery, build_gallery

PICTURES = 6


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    """Six painted pictures."""
    folder = tmp_path_factory.mktemp("gallery")
    build_gallery(folder, PICTURES, (), workers=1)
    return Gallery(folder)
