"""What a generated score says about where it comes from."""

from __future__ import annotations

from hartmann.notation.provenance import Provenance, ReferenceUsed

MADE = Provenance(
    picture_sha256="ab" * 32,
    models=("mini 3", "mini/v1"),
    seed=7,
    prompt="a storm",
    references=(ReferenceUsed("music21/ryan/12", "Ryan's", "public domain"), ReferenceUsed("own/1", "", "")),
    draft=2,
    program_version="0.1.0",
)


def test_every_part_of_the_making_is_named() -> None:
    assert MADE.fields() == (
        ("hartmann-version", "0.1.0"),
        ("hartmann-picture-sha256", "ab" * 32),
        ("hartmann-model-1", "mini 3"),
        ("hartmann-model-2", "mini/v1"),
        ("hartmann-seed", "7"),
        ("hartmann-prompt", "a storm"),
        ("hartmann-draft", "2"),
        ("hartmann-reference-1", "music21/ryan/12 (source: Ryan's; licence: public domain)"),
        ("hartmann-reference-2", "own/1"),
    )


def test_what_is_empty_is_left_out() -> None:
    bare = Provenance("ab", ("",), 0, "", (), 1, "0.1.0")
    names = [name for name, _ in bare.fields()]
    assert names == ["hartmann-version", "hartmann-picture-sha256", "hartmann-seed", "hartmann-draft"]
