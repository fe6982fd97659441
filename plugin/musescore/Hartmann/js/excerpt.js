.pragma library

// What is selected in the open score: bars and staves as numbers that MusicXML knows too. A bar's number here is its
// place in the score from 1, pickups counted, whatever is printed above it; a staff's is its place from the top.

// { firstBar, lastBar, staves: [1, …] } of the selection, or null when no range of bars is selected. `score` is the
// editor's score object; cursors (`rewind(1)`: the selection's start, `rewind(2)`: its end) work in all versions.
function selection(score) {
    var cursor = score.newCursor();
    cursor.rewind(1);
    if (!cursor.segment)
        return null;
    var from = cursor.tick, firstStaff = cursor.staffIdx;
    cursor.rewind(2);
    var to = cursor.tick === 0 ? Infinity : cursor.tick;
    var bars = barsBetween(barStarts(score).slice(0, -1), from, to);
    return { firstBar: bars[0], lastBar: bars[1], staves: _range(firstStaff + 1, cursor.staffIdx + 1) };
}

// The tick at which each bar begins, and the tick at which the last one ends.
function barStarts(score) {
    var starts = [];
    for (var measure = score.firstMeasure; measure; measure = measure.nextMeasure)
        starts.push(measure.firstSegment ? measure.firstSegment.tick : 0);
    return starts.concat([score.lastSegment ? score.lastSegment.tick : Infinity]);
}

// [first, last] bar, from 1, that the ticks from `from` up to and without `to` touch.
function barsBetween(starts, from, to) {
    var first = 1, last = 1;
    for (var i = 0; i < starts.length; i++) {
        if (starts[i] <= from)
            first = i + 1;
        if (starts[i] < to)
            last = i + 1;
    }
    return [first, Math.max(first, last)];
}

function _range(first, last) {
    var numbers = [];
    for (var i = first; i <= Math.max(first, last); i++)
        numbers.push(i);
    return numbers;
}
