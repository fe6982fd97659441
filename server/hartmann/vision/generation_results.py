"""What a model hands over: a finished text with its counts, and its attention on the cells of the picture."""

from __future__ import annotations

from hartmann.errors import AttentionUnavailable
from hartmann.vision.chat_prompt import Prompt
from hartmann.vision.continuation import Continuation
from hartmann.vision.image_attention import AttentionRecorder
from hartmann.vision.language_model import AttentionRecord, Generation
from hartmann.vision.token_text import TokenText


def generation(
    text: Continuation, prompt: Prompt, reused: int, recorder: AttentionRecorder | None
) -> Generation:
    """The result of a text that is finished; `reused` counts tokens of its prompt that needed no reading."""
    assert text.finish is not None, "a text is finished when it is handed over"
    written = text.text.finish()
    return Generation(
        text=written,
        finish=text.finish,
        tokens=len(text.tokens),
        prompt_tokens=len(prompt.ids),
        reused_tokens=reused,
        attention=record(recorder, prompt, text.text) if recorder else None,
    )


def record(recorder: AttentionRecorder, prompt: Prompt, text: TokenText) -> AttentionRecord:
    """The rows of the text's own tokens as cells of the picture; those of thoughts and of its end are left out."""
    layout, rows, kept = prompt.layout, recorder.weights(), list(text.kept)
    if kept and len(rows) <= kept[-1]:
        raise AttentionUnavailable("the model's layers passed over the attention that should be recorded")
    return AttentionRecord(weights=layout.on_cells(rows[kept]), spans=text.spans, grid=layout.grid)
