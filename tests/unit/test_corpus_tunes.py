"""The tunes of the corpus are found, named and described, or refused with a reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hartmann.library.ingest.describing import Piece, Reject, describe, describe_abc
from hartmann.library.ingest.music21_tunes import COLLECTIONS, Tune, all_tunes, tune_files, tunes_of
from hartmann.notation.checking import check

JIG = "X:4\nT:THE LARK.\nR:jig\nM:6/8\nL:1/8\nK:G\nGAB d2B|cde d3|GAB dBG|A3 G3|]\n"


def file_with(folder: Path, collection: str, name: str, content: str) -> Path:
    path = folder / collection / name
    path.parent.mkdir()
    path.write_bytes(content.encode())
    return path


def describe_piece(abc: str) -> Piece:
    piece = describe_abc("id", abc, source="here", licence="free")
    assert isinstance(piece, Piece)
    return piece


def test_a_file_of_many_tunes_is_split_at_their_numbers(tmp_path: Path) -> None:
    path = file_with(
        tmp_path, "airdsAirs", "book1.abc", f"% a book\n\n{JIG}\nX:0007\nK:C\nC|\n\nsome words\n"
    )
    assert [(tune.id, tune.text.splitlines()[-1]) for tune in tunes_of(path)] == [
        ("music21/airdsAirs/book1/4", "GAB d2B|cde d3|GAB dBG|A3 G3|]"),
        ("music21/airdsAirs/book1/7", "C|"),
    ]


def test_a_number_that_comes_twice_makes_two_ids(tmp_path: Path) -> None:
    path = file_with(tmp_path, "miscFolk", "fifes.abc", JIG + "\n" + JIG)
    assert [tune.id for tune in tunes_of(path)] == ["music21/miscFolk/fifes/4", "music21/miscFolk/fifes/4-2"]


def test_foreign_line_ends_and_a_byte_order_mark_do_no_harm(tmp_path: Path) -> None:
    path = file_with(tmp_path, "airdsAirs", "book1.abc", "\ufeff" + JIG.replace("\n", "\r\n"))
    assert [tune.text for tune in tunes_of(path)] == [JIG]


def test_a_tune_says_itself_where_it_is_from_or_its_book_does(tmp_path: Path) -> None:
    path = file_with(
        tmp_path, "essenFolksong", "a.abc", "X:1\nO: China, Shanxi\nK:C\nC|\n\nX:2\nO: ?\nK:C\nC|\n"
    )
    assert [tune.origin for tune in tunes_of(path)] == ["Chinese", "German"]


def test_oneills_book_names_the_kind_by_its_chapter(tmp_path: Path) -> None:
    numbers = (1, 701, 1120, 1200, 1600, 1790, 1850)
    path = file_with(tmp_path, "oneills1850", "a.abc", "\n".join(f"X:{n}\nK:C\nC|\n" for n in numbers))
    kinds = [tune.rhythm for tune in tunes_of(path)]
    assert kinds == ["air", "jig", "slip jig", "reel", "hornpipe", "set dance", "march"]


def test_the_installed_corpus_holds_more_than_ten_thousand_tunes_each_with_its_own_id_and_terms() -> None:
    tunes = list(all_tunes())
    assert len({tune.id for tune in tunes}) == len(tunes) > 10_000
    assert all(tune.source and tune.licence for tune in tunes)
    assert {path.parent.name for path in tune_files()} == COLLECTIONS.keys()


def test_a_piece_keeps_canonical_abc_that_reads_the_same() -> None:
    piece = describe_piece("Here it is:\n" + JIG)
    checked = check(piece.abc)
    assert checked.score is not None
    assert (checked.score.title, checked.score.key.name) == ("The Lark", "G major")
    assert describe_piece(piece.abc).features == piece.features


def test_a_given_title_and_caption_are_kept() -> None:
    piece = describe_abc("id", JIG, source="", licence="", title="Mine", caption="As I say.")
    assert isinstance(piece, Piece)
    assert (piece.title, piece.caption) == ("Mine", "As I say.")


def test_a_sparse_melody_over_a_full_accompaniment_is_a_piece() -> None:
    piece = describe_piece("X:1\nM:4/4\nL:1/4\nK:C\nV:1\nV:2\n[V:1] c4|z4|G4|\n[V:2] CEGE|CEGE|CEGE|\n")
    assert piece.features.notes == 2


def test_instruments_are_named_once_with_the_leading_one_first() -> None:
    piece = describe_piece(
        "X:1\nM:4/4\nL:1/4\nK:C\nV:1\n%%MIDI program 73\nV:2\n%%MIDI program 0\nV:3\n%%MIDI program 73\n"
        "V:4\n%%MIDI channel 10\n[V:1] cdef|gfed|\n[V:2] CEGE|CEGE|\n[V:3] CEGE|CEGE|\n[V:4] CCCC|CCCC|\n"
    )
    assert piece.instruments == ("flute", "piano", "drums")


def test_anything_that_is_stored_of_a_piece_changes_its_digest() -> None:
    piece = describe_piece(JIG)
    changed = [
        replace(piece, licence="other"),
        replace(piece, caption="Other words."),
        replace(piece, picture=b"picture"),
        replace(piece, more={"test_set": True}),
    ]
    assert len({each.content_hash for each in [piece, *changed]}) == 5


def test_a_transposed_copy_has_the_same_melody_and_another_tune_has_not() -> None:
    transposed = JIG.replace("K:G", "K:A").replace(
        "GAB d2B|cde d3|GAB dBG|A3 G3", "ABc e2c|def e3|ABc ecA|B3 A3"
    )
    other = JIG.replace("GAB d2B", "BAG d2B")
    assert describe_piece(transposed).melody == describe_piece(JIG).melody
    assert describe_piece(other).melody != describe_piece(JIG).melody


def test_the_hints_of_a_tune_reach_its_caption() -> None:
    plain = JIG.replace("R:jig\n", "")
    piece = describe(Tune("id", plain, "here", "free", rhythm="slip jig", origin="Irish"))
    assert isinstance(piece, Piece)
    assert "Irish slip jig" in piece.caption


@pytest.mark.parametrize(
    ("abc", "reason"),
    [
        ("", "no"),
        ("X:1\nK:C\n", "no"),
        ("X:1\nM:3/4\nL:1/4\nK:C\nC D E|\n", "it has 3 notes; a piece needs at least 8"),
        ("X:1\nM:3/4\nL:1/4\nK:C\n" + "C D E F|" * 9 + "\n", "bars do not add up"),
        ("X:1\nM:3/4\nL:1/4\nK:C\nz3|z3|z3|\n", "no"),
        ("X:1\nM:4/4\nL:1/4\nK:C\nV:1\n%%MIDI channel 10\n[V:1] CCCC|CCCC|CCCC|\n", "but those of drums"),
    ],
)
def test_what_is_no_music_is_refused_with_a_reason(abc: str, reason: str) -> None:
    refused = describe_abc("id", abc, source="", licence="")
    assert isinstance(refused, Reject)
    assert reason in refused.reason
