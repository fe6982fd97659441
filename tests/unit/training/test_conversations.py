"""Conversations to learn from: shaped as the pipeline's, and true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hartmann.composing.claims import false_claims
from hartmann.composing.facts import facts_of
from hartmann.library.ingest.music21_tunes import Tune
from hartmann.notation.checking import check
from hartmann.notation.score import Score
from hartmann.training.conversations import Conversation, Kind, Teacher
from hartmann.training.gallery import Gallery, build_gallery
from hartmann.training.surveys import QUESTION
from hartmann.training.tunes import Lesson, read_lesson
from hartmann.vision.picture_features import Region
from hartmann.vision.picture_words import claims, is_true

JIG = "|:D|GAB d2B|c3 c2d|edc BAG|A3 A2D|GAB d2B|c3 c2d|edc BAF|G3 G2:|\n"
SONG = "C2 E2|G2 E2|F2 D2|C4|E2 G2|c2 G2|A2 F2|G4|" * 2 + "\n"
LAMENT = "A2 c2 e2|d2 c2 B2|A4 E2|A6|c2 e2 a2|g2 e2 d2|e6|A6|\n"
PICTURES = 8


def lesson(name: str, head: str, body: str) -> Lesson:
    read = read_lesson(Tune(f"music21/test/{name}/1", f"X:1\nT:{name}\n{head}\n{body}", "", "", "", ""))
    assert isinstance(read, Lesson)
    return read


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    folder = tmp_path_factory.mktemp("gallery")
    build_gallery(folder, PICTURES, (), workers=1)
    return Gallery(folder)


@pytest.fixture(scope="module")
def teacher(gallery: Gallery) -> Teacher:
    lessons = [
        lesson("Jig", "R:jig\nM:6/8\nL:1/8\nK:G", JIG),
        lesson("Song", "M:2/4\nL:1/8\nK:C", SONG),
        lesson("Lament", "R:lament\nM:3/4\nL:1/8\nK:Am", LAMENT),
    ]
    return Teacher(gallery, range(PICTURES), lessons, seed=1)


def tune_of(conversation: Conversation) -> str:
    return next(t.text for t in reversed(conversation.turns) if t.text.startswith("X:1"))


def written_bars(score: Score) -> int:
    """Bars as people count them: a section's pickup is none of them."""
    bars, full = score.voices[0].bars, score.meter.bar_duration
    pickups = sum(bars[s.first].duration < full and s.last > s.first for s in score.sections)
    return len(bars) - pickups


def test_caption_conversation_is_a_picture_and_a_true_description(teacher: Teacher, gallery: Gallery) -> None:
    for number in range(20):
        conversation = teacher.conversation(number, Kind.CAPTION)
        asked, answer = conversation.turns
        assert (asked.role, asked.text, asked.learned) == ("user", "Describe the picture.", False)
        assert (answer.role, answer.learned) == ("assistant", True)
        assert conversation.picture is not None
        features = gallery.exhibits[conversation.picture].features
        assert all(is_true(claim, features) for claim in claims(answer.text))


def test_whole_conversation_goes_caption_tune_motivation(teacher: Teacher) -> None:
    conversation = teacher.conversation(3, Kind.WHOLE)
    assert [t.role for t in conversation.turns] == ["user", "assistant"] * 3
    assert conversation.turns[2].text.endswith("Compose.")
    assert conversation.turns[4].text.endswith("\nWhy?")
    assert all(t.learned == (t.role == "assistant") for t in conversation.turns)


def test_every_tune_is_free_of_problems(teacher: Teacher) -> None:
    for number in range(40):
        assert check(tune_of(teacher.conversation(number, Kind.TUNE))).problems == ()


def test_refinement_learns_only_the_better_tune(teacher: Teacher) -> None:
    turns = teacher.conversation(5, Kind.REFINE).turns
    assert turns[-2].text.startswith("Measured: pitch range ")
    tunes = [t for t in turns if t.text.startswith("X:1")]
    assert [t.learned for t in tunes] == [False, True]
    assert [len(check(t.text).problems) for t in tunes] == [0, 0]


@pytest.mark.parametrize(
    ("wish", "field"), [(r"key (\w)(#|b)? (\w+);", "K"), (r"meter (\S+);", "M"), (r"(\d+) bars;", "bars")]
)
def test_wishes_are_fulfilled_by_the_tune(teacher: Teacher, wish: str, field: str) -> None:
    met = 0
    for number in range(150):
        conversation = teacher.conversation(number, Kind.TUNE)
        asked = re.search(wish, conversation.turns[2].text)
        if not asked:
            continue
        tune = tune_of(conversation)
        if field == "K":
            assert f"K:{asked[1]}{asked[2] or ''}{asked[3][:3]}\n" in tune
        elif field == "M":
            assert f"M:{asked[1]}\n" in tune
        else:
            score = check(tune).score
            assert score is not None
            assert written_bars(score) == int(asked[1])
        met += 1
    assert met > 5


def test_motivation_names_what_the_prompt_states_and_nothing_that_the_score_refutes(teacher: Teacher) -> None:
    for number in range(40):
        conversation = teacher.conversation(number, Kind.WHOLE)
        if len(conversation.turns) < 6:
            continue
        score = check(tune_of(conversation)).score
        assert score is not None
        facts, asked, why = facts_of(score), conversation.turns[4].text, conversation.turns[-1].text
        assert asked.startswith(f"Written: {facts.key}, {facts.meter}, {facts.tempo}, ")
        assert facts.key in why
        assert facts.meter in why
        said = re.findall(r"Section (\w+), bars (\d+)-(\d+), (\w+)", why)
        meant = [(s.name, str(s.first), str(s.last), s.moves.split()[0]) for s in facts.sections[:3]]
        assert said == meant
        assert not [c for sentence in re.split(r"(?<=[.]) ", why) for c in false_claims(sentence, score)]


def test_same_number_gives_the_same_conversation_and_another_number_another(teacher: Teacher) -> None:
    assert teacher.conversation(7) == teacher.conversation(7)
    assert len({teacher.conversation(n) for n in range(30)}) == 30


def test_gallery_is_painted_once_and_alike_every_time(gallery: Gallery, tmp_path: Path) -> None:
    build_gallery(tmp_path, PICTURES, (), workers=1)
    again = Gallery(tmp_path)
    for number in range(PICTURES):
        assert (again.pixels(number) == gallery.pixels(number)).all()
        assert again.exhibits[number].features == gallery.exhibits[number].features


def test_the_first_lessons_are_of_pictures_alone_and_surveys_name_every_region(gallery: Gallery) -> None:
    teacher = Teacher(gallery, range(PICTURES), [], seed=1, seeing=40)
    talks = [teacher.conversation(number) for number in range(40)]
    surveys = [talk.turns[1] for talk in talks if talk.turns[0].text == QUESTION]
    assert all(len(talk.turns) == 2 and talk.picture is not None for talk in talks)
    assert 10 < len(surveys) < 30
    assert all(f"{region}: " in turn.text and turn.learned for turn in surveys for region in Region)
