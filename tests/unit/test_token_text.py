"""Text as it comes: whole characters, no stop strings, and every token's place."""

from hypothesis import given
from hypothesis import strategies as st

from hartmann.vision.token_text import TokenText


def decode_bytes(tokens: list[int]) -> str:
    """A byte-level tokenizer in its purest form: one token a byte."""
    return bytes(tokens).decode("utf-8", errors="replace")


def stream(text: str, stop: tuple[str, ...] = ()) -> tuple[TokenText, list[str]]:
    pieces: list[str] = []
    growing = TokenText(decode_bytes, stop, pieces.append)
    for byte in text.encode():
        growing.add(byte)
        if growing.stopped:
            break
    growing.finish()
    return growing, pieces


@given(st.text(max_size=40))
def test_the_pieces_are_the_text(text: str) -> None:
    growing, pieces = stream(text.replace("\ufffd", ""))
    assert "".join(pieces) == growing.text == text.replace("\ufffd", "")


@given(st.text(min_size=1, max_size=20))
def test_every_piece_holds_whole_characters(text: str) -> None:
    _, pieces = stream(text.replace("\ufffd", ""))
    assert not any("\ufffd" in piece for piece in pieces)


def test_the_last_token_of_a_character_holds_it() -> None:
    growing, _ = stream("aé")
    assert growing.spans == ((0, 1), (1, 1), (1, 2))


def test_half_a_character_at_the_end_is_left_out() -> None:
    growing = TokenText(decode_bytes, (), lambda _: None)
    for byte in "a€".encode()[:-1]:
        growing.add(byte)
    assert growing.finish() == "a"


@given(st.text(alphabet="ab|]", max_size=30))
def test_a_stop_string_ends_the_text_and_is_never_told(text: str) -> None:
    growing, pieces = stream(text, ("|]",))
    assert "".join(pieces) == growing.text == text.partition("|]")[0]
    assert growing.stopped == ("|]" in text)


def test_what_might_become_a_stop_string_is_held_back_until_it_does_not() -> None:
    pieces: list[str] = []
    growing = TokenText(decode_bytes, ("END",), pieces.append)
    for byte in b"aEN":
        growing.add(byte)
    assert pieces == ["a"]
    growing.add(ord("x"))
    assert pieces == ["a", "ENx"]


def test_the_earliest_of_several_stop_strings_counts() -> None:
    growing, _ = stream("one. two\nthree", ("\n", "."))
    assert growing.text == "one"


@given(st.text(max_size=30))
def test_spans_follow_each_other_over_the_whole_text(text: str) -> None:
    growing, _ = stream(text.replace("\ufffd", ""))
    ends = [end for _, end in growing.spans]
    assert [start for start, _ in growing.spans] == [0, *ends][: len(ends)]
    assert (ends[-1] if ends else 0) == len(growing.text)
