"""The page that explains a score."""

from __future__ import annotations

from io import BytesIO

from composed_events import events, record_of, section
from PIL import Image

from hartmann.results.contents import contents_of
from hartmann.results.explanation_page import escaped, explanation_page
from hartmann.v1 import composition_pb2 as pb


def page() -> str:
    return explanation_page(record_of(events()))


def test_title_is_the_scores() -> None:
    assert page().startswith("# Harbour Lights\n")


def test_prompt_and_description_are_shown_without_being_markup() -> None:
    assert "“a \\*sad\\* waltz”" in page()
    assert "A low sun over \\[dark\\] water." in page()


def test_each_section_names_the_region_it_looked_at() -> None:
    assert "- **A**: most at the upper left\n- **B**: most at the lower right" in page()


def explained(*spans: pb.ExplainedSpan, reading: str = "") -> str:
    happened = events()
    for event in happened:
        if event.WhichOneof("event") == "explanation":
            event.explanation.spans.extend(spans)
            event.explanation.attention_reading = reading
    return explanation_page(record_of(happened))


def test_sections_of_several_voices_name_their_voice() -> None:
    upper, lower = section("C", 0, 1), section("C", 2, 1)
    upper.voice, lower.voice = 1, 2
    assert "- **C, voice 1**: most at the top\n- **C, voice 2**: most at the bottom" in explained(
        upper, lower
    )


def test_each_sentence_of_description_and_motivation_names_its_region() -> None:
    seen, why = section("A low sun.", 0, 1), section("It asks for long notes.", 2, 1)
    seen.kind, why.kind = pb.SPAN_KIND_CAPTION, pb.SPAN_KIND_MOTIVATION
    text = explained(seen, why)
    assert "described the picture:\n\n- “A low sun.”: most at the top\n" in text
    assert "gave its reasons:\n\n- “It asks for long notes.”: most at the bottom\n" in text


def test_maps_that_are_no_plain_mean_say_so() -> None:
    assert "The maps are of layers 8–11, all heads; sinks damped." in explained(
        reading="layers 8–11, all heads; sinks damped"
    )
    assert "The maps are of" not in page()


def test_the_attention_picture_has_a_panel_for_each_sentence_too() -> None:
    photograph = BytesIO()
    Image.new("RGB", (90, 60), "navy").save(photograph, "PNG")
    happened = events()
    few = contents_of(record_of(happened), photograph.getvalue())[".attention.png"]
    for event in happened:
        if event.WhichOneof("event") == "explanation":
            for kind in (pb.SPAN_KIND_CAPTION, pb.SPAN_KIND_MOTIVATION):
                said = section("A sentence.", 1, 1)
                said.kind = kind
                event.explanation.spans.append(said)
    many = contents_of(record_of(happened), photograph.getvalue())[".attention.png"]
    assert Image.open(BytesIO(many)).width > Image.open(BytesIO(few)).width


def test_references_stand_with_both_similarities_and_their_licence() -> None:
    assert (
        "| 1 | Tune 1 | 0.71 | 0.64 | longest run shared: 4 notes; 25% of the short figures "
        "| a songbook | public domain |" in page()
    )


def test_similarity_that_was_not_asked_is_a_dash() -> None:
    assert "| 2 | Tune 2 | – | 0.50 | – |" in page()


def test_drafts_stand_with_problems_and_metrics() -> None:
    assert "| 1 | the first | 1 error | – | – |" in page()
    assert "| 2 | a repair | no problems | 7 semitones | 100% |" in page()


def test_problem_of_a_draft_is_told_with_its_place() -> None:
    assert "- error in voice 1, bar 3 (line 6): the bar lasts 7/8 where the meter is 6/8" in page()


def test_rule_that_chose_the_draft_is_named() -> None:
    assert "Which became the score, and why: Draft 2 of 2: it has no errors." in page()


def test_faithfulness_is_said_in_words() -> None:
    assert "takes away 2.5 times as much" in page()


def test_provenance_is_a_table() -> None:
    assert "| seed | 7 |" in page()


def test_time_of_each_stage_is_told() -> None:
    assert "describing the picture 1.5 s" in page()


def test_page_without_explanation_and_references_has_no_such_headings() -> None:
    happened = [e for e in events() if e.WhichOneof("event") not in ("explanation", "references")]
    text = explanation_page(record_of(happened))
    assert "## Why this music" not in text
    assert "## References" not in text


def test_escaped_text_stays_on_one_line() -> None:
    assert escaped("a\n# b | c") == "a \\# b \\| c"


def test_contents_hold_the_scores_bytes_and_every_event() -> None:
    happened = [e for e in events() if e.WhichOneof("event") != "explanation"]
    contents = contents_of(record_of(happened), b"")
    assert contents[".musicxml"] == b"<score-partwise/>"
    assert contents[".mid"] == b"MThd"
    assert contents[".events.jsonl"].count(b"\n") == len(happened)


def test_without_attention_there_is_no_attention_picture() -> None:
    happened = [e for e in events() if e.WhichOneof("event") != "explanation"]
    assert ".attention.png" not in contents_of(record_of(happened), b"")
