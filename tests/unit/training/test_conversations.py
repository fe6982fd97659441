"""Conversations to learn from: shaped as the pipeline's, and true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tune_samples import lessons

from hartmann.composing.claims import false_claims
from hartmann.composing.events import Wishes
from hartmann.composing.facts import facts_of
from hartmann.composing.headers import header_of, programs_of
from hartmann.composing.prompts import Prompts
from hartmann.composing.voices import voice_lines
from hartmann.composing.wishes import in_words, read_wishes
from hartmann.notation.checking import check
from hartmann.notation.score import Score
from hartmann.training.conversations import Conversation, Kind, Teacher
from hartmann.training.gallery import Gallery, build_gallery
from hartmann.training.surveys import QUESTION
from hartmann.training.tunes import variants
from hartmann.vision.picture_features import Region
from hartmann.vision.picture_words import claims, is_true

PICTURES = 8


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Gallery:
    folder = tmp_path_factory.mktemp("gallery")
    build_gallery(folder, PICTURES, (), workers=1)
    return Gallery(folder)


@pytest.fixture(scope="module")
def teacher(gallery: Gallery) -> Teacher:
    taught = [variant for lesson in lessons() for variant in variants(lesson)]
    return Teacher(gallery, range(PICTURES), taught, seed=1)


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


def wished(text: str) -> Wishes:
    """The wishes that a compact prompt states, as a person would have typed them."""
    line = next((line for line in text.splitlines() if line.startswith("Wish:")), "")
    said = [part.strip() for part in line.removeprefix("Wish:").split(";") if part.strip()]
    found: dict[str, str] = {}
    for part in said:
        field = next((f for f in ("key", "meter", "tempo", "mood", "for") if part.startswith(f"{f} ")), "")
        found[field or ("bars" if part.endswith(" bars") else "difficulty")] = part.removeprefix(f"{field} ")
    return Wishes(
        key=found.get("key", ""),
        meter=found.get("meter", ""),
        tempo_bpm=float(found.get("tempo", "0")),
        mood=found.get("mood", ""),
        ensemble=found.get("for", ""),
        bars=int(found.get("bars", "0 bars").removesuffix(" bars")),
        difficulty=found.get("difficulty", ""),
    )


def test_asking_is_what_the_pipeline_would_write_for_these_wishes(teacher: Teacher) -> None:
    prompts = Prompts("compact")
    for number in range(60):
        asked = teacher.conversation(number, Kind.TUNE).turns[2].text
        words = in_words(read_wishes(wished(asked)))
        again = prompts.compose(caption="", prompt="", wishes=words, references=())
        assert again.removesuffix("Compose.") in asked


def test_two_voices_come_with_a_wish_for_their_two_instruments_and_only_then(teacher: Teacher) -> None:
    duets = 0
    for number in range(80):
        conversation = teacher.conversation(number, Kind.WHOLE)
        programs = read_wishes(wished(conversation.turns[2].text)).programs
        tune = tune_of(conversation)
        assert (len(programs) > 1) == ("[V:2]" in tune)
        if len(programs) > 1:
            assert programs_of(tune) == programs
            assert voice_lines(programs) in tune
            duets += 1
    assert 5 < duets < 40


def test_some_tunes_have_chord_symbols_and_words_ask_for_them_only_then(teacher: Teacher) -> None:
    with_chords = 0
    for number in range(120):
        conversation = teacher.conversation(number, Kind.TUNE)
        has_chords = bool(re.search(r'"[A-G]', tune_of(conversation).partition("K:")[2].partition("% [")[2]))
        with_chords += has_chords
        assert has_chords or not re.search(r"\bchords?\b", conversation.turns[2].text)
    assert 5 < with_chords < 60


def test_refined_tune_has_the_header_of_its_draft_and_most_of_its_bars(teacher: Teacher) -> None:
    kept = []
    for number in range(60):
        turns = teacher.conversation(number, Kind.REFINE).turns
        draft, better = (turn.text for turn in turns if turn.text.startswith("X:1"))
        if "T:Variation on" in better:
            assert header_of(better).splitlines()[2:] == header_of(draft).splitlines()[2:]
            continue
        assert header_of(draft) == header_of(better)
        bars = [text.removeprefix(header_of(text)).replace("\n", "|").split("|") for text in (draft, better)]
        kept.append(sum(a == b for a, b in zip(*bars, strict=True)) / len(bars[0]))
    assert 0.6 < sum(kept) / len(kept) < 1
    assert min(kept) > 0


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
