.pragma library

// The selected bars as MusicXML, for editors that can't write a score for a plugin (4.0 to 4.6 can't). Each staff
// becomes a part with up to four voices: notes, chords, rests and ties with their exact lengths, key, meter, tempo and
// instrument. Pitches are as they sound. What else stands in the score (slurs, words, grace notes) stays there.

var STEPS = "FCGDAEB";
var VOICES = 4;

// `score`: the editor's; `selected`: as `excerpt.selection` gives it; `starts`: the tick at which each bar begins and,
// last, the tick at which the last one ends; `division`: ticks of a quarter note; `kinds`: { chord, rest }, the
// editor's numbers for them.
function musicxml(score, selected, starts, division, kinds) {
    var parts = [], list = [];
    for (var i = 0; i < selected.staves.length; i++) {
        var staff = selected.staves[i] - 1, owner = partOf(score, staff);
        list.push('<score-part id="P' + (i + 1) + '"><part-name>' + escaped(owner.name) + "</part-name>"
                  + '<score-instrument id="I' + (i + 1) + '"><instrument-name>' + escaped(owner.name)
                  + '</instrument-name></score-instrument><midi-instrument id="I' + (i + 1) + '"><midi-program>'
                  + (owner.program + 1) + "</midi-program></midi-instrument></score-part>");
        parts.push('<part id="P' + (i + 1) + '">' + staffBars(score, staff, selected, starts, division, kinds) + "</part>");
    }
    return '<?xml version="1.0" encoding="UTF-8"?>\n<score-partwise version="4.0"><part-list>' + list.join("")
         + "</part-list>" + parts.join("") + "</score-partwise>\n";
}

// What plays a staff: { name, program }.
function partOf(score, staff) {
    for (var i = 0; score.parts && i < score.parts.length; i++) {
        var part = score.parts[i];
        if (4 * staff >= part.startTrack && 4 * staff < part.endTrack)
            return { name: String(part.longName || part.partName || ""), program: Number(part.midiProgram || 0) };
    }
    return { name: "", program: 0 };
}

function staffBars(score, staff, selected, starts, division, kinds) {
    var from = starts[selected.firstBar - 1], to = starts[selected.lastBar];
    var voices = [];
    for (var voice = 0; voice < VOICES; voice++)
        voices.push(voiceElements(score, staff, voice, from, to, kinds));
    var opening = openingOf(score, staff), bars = [];
    for (var bar = selected.firstBar; bar <= selected.lastBar; bar++) {
        var begin = starts[bar - 1], end = starts[bar];
        var meter = meterOf(score, bar, (end - begin) / division);
        var attributes = bar === selected.firstBar
            ? "<divisions>" + division + "</divisions><key><fifths>" + opening.fifths + "</fifths></key>" : "";
        if (attributes !== "" || meter.text !== meterOf(score, bar - 1, (begin - starts[bar - 2]) / division).text)
            attributes += "<time><beats>" + meter.beats + "</beats><beat-type>" + meter.type + "</beat-type></time>";
        bars.push('<measure number="' + (bar - selected.firstBar + 1) + '">'
                  + (attributes === "" ? "" : "<attributes>" + attributes + "</attributes>")
                  + (bar === selected.firstBar && opening.tempo > 0 ? '<sound tempo="' + opening.tempo + '"/>' : "")
                  + barVoices(voices, begin, end) + "</measure>");
    }
    return bars.join("");
}

// Key (sharps, or flats below zero) and tempo (quarter notes a minute) where the selection begins.
function openingOf(score, staff) {
    var cursor = score.newCursor();
    cursor.rewind(1);
    cursor.staffIdx = staff;
    return { fifths: Number(cursor.keySignature || 0), tempo: Math.round(6000 * Number(cursor.tempo || 0)) / 100 };
}

// A bar's meter: what the editor says, else quarter notes, or eighths where they don't come out even.
function meterOf(score, bar, quarters) {
    var measure = score.firstMeasure;
    for (var i = 1; measure && i < bar; i++)
        measure = measure.nextMeasure;
    var told = measure ? measure.timesigNominal || measure.timesigActual : null;
    var type = told ? told.denominator : quarters === Math.floor(quarters) ? 4 : quarters * 2 === Math.floor(quarters * 2) ? 8 : 16;
    var beats = told ? told.numerator : Math.round(quarters * type / 4);
    return { beats: beats, type: type, text: beats + "/" + type };
}

// The chords and rests of a voice: [{ onset, length, notes }]; a rest has no notes.
function voiceElements(score, staff, voice, from, to, kinds) {
    var cursor = score.newCursor(), found = [];
    cursor.rewind(1);
    cursor.staffIdx = staff;
    cursor.voice = voice;
    for (var steps = 0; cursor.segment && cursor.tick < to && steps < 100000; steps++) {
        var element = cursor.element;
        if (element && cursor.tick >= from && (element.type === kinds.chord || element.type === kinds.rest))
            found.push({ onset: cursor.tick, length: element.duration.ticks, notes: element.type === kinds.chord ? notesOf(element) : [] });
        if (!cursor.next())
            break;
    }
    for (var i = 0; i < found.length; i++) {
        var limit = i + 1 < found.length ? found[i + 1].onset : to;
        // Inside of a tuplet the written length is longer than the time up to the next note.
        found[i].length = Math.min(found[i].length, limit - found[i].onset);
    }
    return found;
}

function notesOf(chord) {
    var notes = [];
    for (var i = 0; i < chord.notes.length; i++) {
        var note = chord.notes[i];
        notes.push({ pitch: note.pitch, tpc: note.tpc, begins: !!note.tieForward, ends: !!note.tieBack });
    }
    return notes;
}

// The voices of one bar, one after the other.
function barVoices(voices, begin, end) {
    var written = "", place = begin;
    for (var v = 0; v < voices.length; v++) {
        var inside = voices[v].filter(function (e) { return e.onset >= begin && e.onset < end; });
        if (!inside.length)
            continue;
        written += moved(begin - place);
        place = begin;
        for (var i = 0; i < inside.length; i++) {
            var length = Math.min(inside[i].length, end - inside[i].onset);
            written += moved(inside[i].onset - place) + element(inside[i], length, v + 1);
            place = inside[i].onset + length;
        }
    }
    return written;
}

function moved(ticks) {
    if (ticks === 0)
        return "";
    var name = ticks > 0 ? "forward" : "backup";
    return "<" + name + "><duration>" + Math.abs(ticks) + "</duration></" + name + ">";
}

function element(found, length, voice) {
    var end = "<duration>" + length + "</duration>", number = "<voice>" + voice + "</voice></note>";
    if (!found.notes.length)
        return "<note><rest/>" + end + number;
    return found.notes.map(function (note, index) {
        return "<note>" + (index ? "<chord/>" : "") + pitch(note) + end + (note.ends ? '<tie type="stop"/>' : "")
             + (note.begins ? '<tie type="start"/>' : "") + number;
    }).join("");
}

// A sounding pitch by its number (60 is middle C) and its spelling (14 is C on the line of fifths).
function pitch(note) {
    var fifth = note.tpc - 13, alter = Math.floor(fifth / 7);
    var step = STEPS.charAt(fifth - 7 * alter);
    var natural = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 }[step];
    var octave = Math.round((note.pitch - alter - natural) / 12) - 1;
    return "<pitch><step>" + step + "</step>" + (alter ? "<alter>" + alter + "</alter>" : "") + "<octave>" + octave
         + "</octave></pitch>";
}

function escaped(text) {
    return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
