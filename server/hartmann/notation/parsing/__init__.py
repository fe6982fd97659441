"""Reading ABC: from a text to voices with bars and notes, and problems on the side.

`tune.Parser` goes over the lines. What a line sets (`fields`, `directives`) lies in `state`; what it plays goes
sign by sign (`tokens`, `line` with `note_signs`, `mark_signs`, `bar_signs`, `odd_signs`) into a voice that is being
built (`voice`, `drafts`); `aligning` puts syllables and symbols under notes, `macros` writes out shorthands, and
`assembling` makes the score of it all. Nothing here raises for what a text says, nothing judges whether bars
add up (`tune_balance` does), and the front door is `hartmann.notation.checking.check`.
"""
