"""Da capo and dal segno: what is played after the jump back.

Conventions of players: the jump is taken once, after the last time that its bar is played; after it repeats are
not played again and the last ending is taken; `fine` ends the piece with its bar; at the first coda sign (or
behind a bar with `dacoda`) playing goes on at the last coda sign. A sign in any voice counts for all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hartmann.notation.jumps import Jump, jump_named
from hartmann.notation.score import Bar, Score, Voice


@dataclass(frozen=True, slots=True)
class _Route:
    """The jump of a piece: taken behind bar `leaves`, to bar `lands`; then to the end, `fine` or over the coda.

    `coda` is the bar where the coda begins and `to_coda` the bar before which one goes there, or -1.
    """

    leaves: int
    lands: int
    fine: int = -1
    to_coda: int = -1
    coda: int = -1


def with_jumps(score: Score, order: Sequence[int]) -> list[int]:
    """The `order` of playing without jumps, made longer by what the first D.C. or D.S. sends back to."""
    route = _route(_found(score))
    if route is None or route.leaves not in order:
        return list(order)
    last_time = len(order) - 1 - list(reversed(order)).index(route.leaves)
    return [*order[: last_time + 1], *_after_the_jump(score, route)]


def unfollowed_jumps(score: Score) -> list[tuple[Voice, int, str]]:
    """(voice, bar index, what is missing) of a D.S. without segno, and of an `al fine` or `al coda` without one."""
    found = _found(score)
    return [
        (voice, index, message)
        for voice in score.voices
        for index, message in _unfollowed(replace(score, voices=(voice,)), found)
    ]


def _unfollowed(score: Score, found: dict[Jump, list[int]]) -> list[tuple[int, str]]:
    missing = []
    for index, jump, name in _written(score):
        lacks_segno = jump is Jump.DAL_SEGNO and not found[Jump.SEGNO]
        plain = name.lower()
        if lacks_segno:
            missing.append((index, f"`!{name}!` goes back to a segno, but there is none"))
        elif plain.endswith("fine") and jump is not Jump.FINE and not found[Jump.FINE]:
            missing.append((index, f"`!{name}!` ends at a `!fine!`, but there is none"))
        elif plain.endswith("coda") and jump in {Jump.DA_CAPO, Jump.DAL_SEGNO} and not found[Jump.CODA]:
            missing.append((index, f"`!{name}!` goes to a coda, but there is none"))
    return missing


def _written(score: Score) -> list[tuple[int, Jump, str]]:
    """(bar index, jump, decoration) of all jumps of all voices, in the order of bars.

    What stands on a later note than the bar's first and begins something, begins it there only in sound; it is
    taken for the bar as a whole. A coda sign behind the first note is one that is left by: it counts for the
    next bar.
    """
    found = []
    for voice in score.voices:
        for index, bar in enumerate(voice.bars):
            found += [(index + later, jump, name) for later, jump, name in _in_bar(bar)]
    return sorted(found, key=lambda place: place[0])


def _in_bar(bar: Bar) -> list[tuple[int, Jump, str]]:
    """(0, or 1 where it counts for the next bar; jump; decoration) for the decorations of a bar's notes."""
    found = []
    for place, note in enumerate(bar.notes):
        for name in note.decorations:
            jump = jump_named(name)
            if jump is not None:
                leaves = jump is Jump.TO_CODA or (jump is Jump.CODA and place > 0)
                found.append((int(leaves), jump, name))
    return found


def _found(score: Score) -> dict[Jump, list[int]]:
    found: dict[Jump, list[int]] = {jump: [] for jump in Jump}
    for index, jump, _ in _written(score):
        if index not in found[jump]:
            found[jump].append(index)
    return found


def _route(found: dict[Jump, list[int]]) -> _Route | None:
    segno = found[Jump.SEGNO]
    back = [(index, 0) for index in found[Jump.DA_CAPO]]
    back += [(index, segno[0]) for index in found[Jump.DAL_SEGNO] if segno]
    if not back:
        return None
    leaves, lands = min(back)
    coda = found[Jump.CODA]
    leaving = found[Jump.TO_CODA] or coda[:-1]
    if coda and leaving and lands < leaving[0] < coda[-1]:
        return _Route(leaves, lands, to_coda=leaving[0], coda=coda[-1])
    fine = [index for index in found[Jump.FINE] if index >= lands]
    return _Route(leaves, lands, fine=fine[0] if fine else -1)


def _after_the_jump(score: Score, route: _Route) -> list[int]:
    count = max(len(voice.bars) for voice in score.voices)
    played = []
    at = route.lands
    while at < count:
        if at == route.to_coda:
            at = route.coda
        at = _last_ending(score, at, count)
        played.append(at)
        if at == route.fine:
            break
        at += 1
    return played


def _last_ending(score: Score, at: int, count: int) -> int:
    """The bar to play where bar `at` stands next: past endings that another one follows."""
    while _begins_ending(score, at):
        following = at + 1
        while following < count and not _begins_ending(score, following) and not _stops(score, following - 1):
            following += 1
        if following >= count or not _begins_ending(score, following):
            break
        at = following
    return at


def _begins_ending(score: Score, index: int) -> bool:
    return any(index < len(voice.bars) and voice.bars[index].endings for voice in score.voices)


def _stops(score: Score, index: int) -> bool:
    return any(index < len(voice.bars) and voice.bars[index].ending_stop for voice in score.voices)
