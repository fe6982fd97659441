"""Figures of the mini, each on pieces whose truth is known beforehand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hartmann.composing.wishes import read_wishes
from hartmann.library.ingest.music21_tunes import Tune
from hartmann.notation.checking import check
from hartmann.training.evaluation.bigram_tunes import BigramModel
from hartmann.training.evaluation.captions import caption_figures
from hartmann.training.evaluation.distance import METRICS, distance_figures
from hartmann.training.evaluation.exhibition import held_out_picture, is_photograph
from hartmann.training.evaluation.explanations import faithfulness_figures, motivation_figures
from hartmann.training.evaluation.gathering import Commissioning, gather
from hartmann.training.evaluation.pieces import Commission, Explanation, Piece, Told, add_piece, read_pieces
from hartmann.training.evaluation.report import ROWS, as_table
from hartmann.training.evaluation.shelf import tune_of
from hartmann.training.evaluation.steering import commission_figures, heard, implied_figures, wished
from hartmann.training.evaluation.validity import validity
from hartmann.training.tunes import Lesson, read_lesson
from hartmann.vision.picture_features import measure

BODY = "% [A]\nGABc d2B2|c2A2 F2A2|GABc d2g2|f2d2 c2A2|\nBcde f2d2|e2c2 A2c2|BAGF A2F2|G4 G4|]"


def tune(key: str = "G", tempo: int = 60, meter: str = "4/4", body: str = BODY) -> str:
    return f"X:1\nT:Plain\nR:song\nM:{meter}\nL:1/8\nQ:1/4={tempo}\nK:{key}\n{body}"


def piece(number: int, colour: tuple[int, int, int], draft: str, *, caption: str = "") -> Piece:
    features = measure(Image.new("RGB", (60, 40), colour))
    return Piece(number, features, False, Told(caption, caption), draft, draft)


BRIGHT, DARK = (250, 240, 120), (25, 20, 30)


def test_true_and_false_claims_of_captions_are_told_apart() -> None:
    honest = piece(0, BRIGHT, tune(), caption="A very bright picture in yellow.")
    liar = piece(1, DARK, tune(), caption="A very bright picture in black.")
    found = caption_figures([honest, replace(liar, is_photograph=True)])
    assert found["written"] == {"all": 0.75, "light": 0.5, "palette": 1.0, "claims": 4}
    assert found["written, photographs"]["light"] == 0.0


def test_mode_and_tempo_follow_their_pictures_or_not() -> None:
    glad, sad = tune("G", 160), tune("Gm", 50)
    pieces = [piece(0, BRIGHT, glad), piece(1, DARK, sad), piece(2, BRIGHT, sad), piece(3, DARK, glad)]
    right, wrong = (
        implied_figures(pieces[:2], lambda p: p.draft),
        implied_figures(pieces[2:], lambda p: p.draft),
    )
    assert (right["mode"], wrong["mode"]) == (1.0, 0.0)
    assert (right["valence, rank correlation"], wrong["valence, rank correlation"]) == (1.0, -1.0)


@pytest.mark.parametrize(
    ("meter", "tempo", "said"),
    [
        ("4/4", 73, "slow"),
        ("4/4", 74, "moderate"),
        ("4/4", 100, "fast"),
        ("6/8", 105, "slow"),
        ("6/8", 150, "fast"),
    ],
)
def test_tempo_is_counted_in_the_beats_that_people_tap(meter: str, tempo: int, said: str) -> None:
    body = "GAB d2B|AFD DFA|GAB d2B|A3 G3|]" if meter == "6/8" else BODY
    found = heard(tune("G", tempo, meter, body))
    assert found is not None
    assert found.tempo == said


def test_what_was_asked_for_is_looked_for_in_the_tune() -> None:
    kept = Commission("a slow air in minor", "minor", ("4/4",), "slow", tune("Gm", 60))
    missed = replace(kept, tune=tune("G", 60))
    loose = Commission("a waltz", "", ("3/4",), "", tune())
    found = commission_figures([kept, missed, loose])
    assert found == {
        "mode": 0.5,
        "meter": pytest.approx(0.667),
        "tempo": 1.0,
        "everything": 0.333,
        "tunes": 3,
    }


def test_wishes_are_playable_and_fit_what_is_then_looked_for() -> None:
    for number in range(60):
        wishes, commission = wished(number)
        read = read_wishes(wishes)
        assert read.key is not None
        assert (read.key[1], wishes.meter) == (commission.mode, commission.meters[0])


def test_a_tune_without_music_keeps_nothing() -> None:
    assert commission_figures([Commission("a slow air", "", (), "slow", "no music at all")])["tempo"] == 0.0


def test_motivations_are_held_against_their_tunes() -> None:
    honest, liar = "G major, in 4/4.", "E minor, in 4/4."
    found = motivation_figures([Explanation(tune(), Told(liar, honest), 1.0, 1.0)])
    assert (found["written"]["key"], found["written"]["meter"]) == (0.0, 1.0)
    assert found["kept"]["key"] == 1.0


def test_faithfulness_is_the_median_where_hiding_matters() -> None:
    falls = [(2.0, 1.0), (9.0, 3.0), (4.0, 1.0), (1.0, 0.01)]
    found = faithfulness_figures([Explanation("", Told("", ""), *fall) for fall in falls])
    assert (found["median ratio"], found["pictures with a ratio"], found["pictures"]) == (3.0, 3, 4)


def test_validity_counts_tunes_and_bars() -> None:
    broken = tune(body="GABc d2B2|GABc d2B2A2|GABc d2B2|G8|]")
    assert validity([tune(), broken]) == {
        "tunes without errors": 0.5,
        "bars without errors": pytest.approx(1 - 1 / 12, abs=1e-3),
        "tunes": 2,
    }


def lessons() -> list[Lesson]:
    found = []
    for number, key in enumerate(("G", "D", "Am", "Em")):
        text = tune(key, 90)
        lesson = read_lesson(Tune(f"music21/test/made/{number}", text, "", "", "", ""))
        assert isinstance(lesson, Lesson)
        found.append(lesson)
    return found


def test_bigram_tunes_have_exact_bars_and_follow_from_their_seed() -> None:
    model = BigramModel(lessons())
    tunes = [model.tune(seed) for seed in range(8)]
    assert tunes == [model.tune(seed) for seed in range(8)]
    assert len(set(tunes)) > 1
    assert all(check(text).ok for text in tunes)


def test_the_corpus_is_nearer_to_itself_than_noise_is() -> None:
    corpus = [tune_of(lesson) for lesson in lessons()]
    noise = [tune(body="G,^f'b_A,2 c'|" * 4 + "G8|]"), tune("C", 60, body="C,c''C,c''|" * 4 + "C8|]")]
    found = distance_figures({"itself": corpus, "noise": noise, "nothing": ["", ""]}, corpus)
    assert set(found) == {"itself", "noise"}
    assert set(METRICS) < set(found["itself"])
    assert found["itself"]["mean"] > found["noise"]["mean"]


def test_pieces_are_read_as_they_were_written_and_a_line_cut_off_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "pieces.jsonl"
    whole = replace(
        piece(1, BRIGHT, tune()),
        asked=wished(1)[1],
        explanation=Explanation(tune(), Told("a", "b"), 1.5, 0.5),
    )
    for each in (whole, piece(2, DARK, tune("Gm"))):
        add_piece(file, each)
    with file.open("ab") as lines:
        lines.write(b'{"number": 3')
    assert list(read_pieces(file)) == [whole, piece(2, DARK, tune("Gm"))]
    assert list(read_pieces(tmp_path / "none.jsonl")) == []


def test_pieces_that_are_there_are_not_made_again(tmp_path: Path) -> None:
    made = [piece(number, BRIGHT, tune()) for number in (1, 0)]
    explained = replace(made[1], explanation=Explanation("", Told("", ""), 1.0, 1.0))
    for each in (made[0], made[1], explained):
        add_piece(tmp_path / "pieces.jsonl", each)
    assert gather(Commissioning(tmp_path, (), pictures=1, tunes=2)) == [explained, made[0]]


def test_held_out_pictures_are_the_same_every_time(tmp_path: Path) -> None:
    Image.new("RGB", (300, 200), (10, 200, 30)).save(tmp_path / "a.png")
    photographs = (tmp_path / "a.png",)
    assert [is_photograph(number, photographs) for number in range(4)] == [True, False, False, True]
    assert not is_photograph(0, ())
    for number in (0, 1):
        assert (
            held_out_picture(number, photographs).tobytes() == held_out_picture(number, photographs).tobytes()
        )


def test_every_row_of_the_report_shows_its_figure_and_others_are_left_out() -> None:
    figures: dict[str, Any] = {}
    for row in ROWS:
        for path in filter(None, (row.path, row.of)):
            place = figures
            for name in path[:-1]:
                place = place.setdefault(name, {})
            place[path[-1]] = 0.125
    assert as_table(figures).count("| 0.12 |") == len(ROWS)
    assert as_table(json.loads('{"loss": {"tune": 1.44}}')).splitlines()[2:] == ["| … tunes | 1.44 |  |  |"]
