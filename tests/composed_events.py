"""A whole composition as its events tell it, made by hand: two sections, a repair, two references."""

from __future__ import annotations

import numpy as np

from hartmann.results.record import Record
from hartmann.v1 import composition_pb2 as pb
from hartmann.v1 import library_pb2, notation_pb2, tensor_pb2

ABC = "X:1\nT:Harbour Lights\nM:6/8\nL:1/8\nK:G\nGAB d2B|]\n"


def tensor(values: np.ndarray, name: str = "heat") -> tensor_pb2.Tensor:
    """An FP32 tensor of the wire."""
    return tensor_pb2.Tensor(
        name=name,
        datatype=tensor_pb2.TENSOR_DATATYPE_FP32,
        shape=list(values.shape),
        contents=values.astype("<f4").tobytes(),
    )


def section(label: str, row: int, column: int) -> pb.ExplainedSpan:
    """A section that looks at one cell of a 3 × 3 grid alone."""
    heat = np.zeros((3, 3), np.float32)
    heat[row, column] = 1
    return pb.ExplainedSpan(kind=pb.SPAN_KIND_SECTION, label=label, heat=tensor(heat))


def reference(number: int, **fields: object) -> library_pb2.Reference:
    """One retrieved piece."""
    return library_pb2.Reference(
        id=f"folk/{number}",
        title=f"Tune {number}",
        caption="A calm waltz.",
        source="a songbook",
        licence="public domain",
        rank=number,
        **fields,  # type: ignore[arg-type]
    )


def problem() -> notation_pb2.Problem:
    """A bar that is too long."""
    return notation_pb2.Problem(
        code="bar-too-long",
        severity=notation_pb2.SEVERITY_ERROR,
        message="the bar lasts 7/8 where the meter is 6/8",
        line=6,
        column=1,
        voice=1,
        bar=3,
    )


def events() -> list[pb.CompositionEvent]:
    """All events of the composition, numbered from 1, half a second apart."""
    explanation = pb.Explanation(
        motivation="The low sun asks for long notes.",
        draft=2,
        spans=[section("A", 0, 0), section("B", 2, 2)],
        faithfulness=2.5,
    )
    score = pb.Score(
        musicxml=b"<score-partwise/>",
        midi=b"MThd",
        abc=ABC,
        title="Harbour Lights",
        draft=2,
        rule="Draft 2 of 2: it has no errors.",
        originality=[pb.Overlap(reference_id="folk/1", longest_run=4, ngram_overlap=0.25)],
        provenance=[pb.ProvenanceField(name="seed", value="7")],
    )
    bodies: list[dict[str, object]] = [
        {"accepted": pb.Accepted(seed=7, vision_model="mini", embedding_space="mini/v1")},
        {"stage": pb.STAGE_CAPTION, "stage_started": pb.StageStarted()},
        {"stage": pb.STAGE_CAPTION, "text_delta": pb.TextDelta(text="A low sun")},
        {"stage": pb.STAGE_CAPTION, "caption": pb.Caption(text="A low sun over [dark] water.")},
        {"stage": pb.STAGE_RETRIEVE, "stage_started": pb.StageStarted()},
        {
            "stage": pb.STAGE_RETRIEVE,
            "references": pb.References(
                references=[
                    reference(1, similarity_to_image=0.71, similarity_to_text=0.64),
                    reference(2, similarity_to_text=0.5),
                ]
            ),
        },
        {"stage": pb.STAGE_DRAFT, "stage_started": pb.StageStarted()},
        {
            "stage": pb.STAGE_DRAFT,
            "draft": pb.Draft(number=1, kind=pb.DRAFT_KIND_INITIAL, abc=ABC, problems=[problem()]),
        },
        {
            "stage": pb.STAGE_DRAFT,
            "draft": pb.Draft(
                number=2,
                kind=pb.DRAFT_KIND_REPAIR,
                abc=ABC,
                metrics=notation_pb2.Metrics(pitch_range=7, scale_consistency=1.0),
                changed_bars=[pb.ChangedBar(voice=1, bar=3)],
            ),
        },
        {"stage": pb.STAGE_EXPLAIN, "stage_started": pb.StageStarted()},
        {"stage": pb.STAGE_EXPLAIN, "explanation": explanation},
        {"stage": pb.STAGE_ENGRAVE, "score": score},
    ]
    made = []
    for number, body in enumerate(bodies, 1):
        event = pb.CompositionEvent(sequence=number, **body)  # type: ignore[arg-type]
        event.time.FromMilliseconds(1_000_000 + number * 500)
        made.append(event)
    return made


def record_of(happened: list[pb.CompositionEvent]) -> Record:
    """A record that has taken the events."""
    record = Record("sunset.jpg", prompt="a *sad* waltz")
    for event in happened:
        record.add(event)
    return record
