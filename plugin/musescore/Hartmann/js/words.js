.pragma library
.import "strings.js" as Strings

// What the events of a composition say, in plain words. Takes messages in protobuf's JSON mapping (camelCase, enums
// by name, 64-bit numbers as strings) and returns plain text.

var STAGES = ["caption", "retrieve", "draft", "refine", "explain", "engrave"];

// Upper ends of "low" and "middle" of each metric, after the meanings that the server's metrics state.
var METRICS = [
    { field: "pitchRange", unit: "semitones", digits: 0, low: 9, middle: 19 },
    { field: "pitchesUsed", unit: "different", digits: 0, low: 8, middle: 20 },
    { field: "pitchClassesUsed", unit: "of12", digits: 0, low: 5, middle: 8 },
    { field: "polyphony", unit: "plain", digits: 1, low: 1.25, middle: 2.75 },
    { field: "scaleConsistency", unit: "percent", digits: 0, low: 0.8, middle: 0.95 },
    { field: "pitchEntropy", unit: "bits", digits: 1, low: 2.4, middle: 3.8 },
    { field: "pitchClassEntropy", unit: "bits", digits: 1, low: 2.1, middle: 3.05 },
    { field: "emptyBeatRate", unit: "percent", digits: 0, low: 0.02, middle: 0.15 }
];

// "STAGE_DRAFT" → "draft", "" for no stage.
function stageKey(name) {
    var key = String(name || "").replace("STAGE_", "").toLowerCase();
    return STAGES.indexOf(key) >= 0 ? key : "";
}

// Seconds as people say them: "< 0.1 s", "0.8 s", "12 s", "2 min 5 s".
function duration(seconds) {
    if (seconds < 0.05)
        return Strings.t.instant;
    if (seconds < 9.95)
        return Strings.fill(Strings.t.seconds, seconds.toFixed(1));
    var whole = Math.round(seconds);
    if (whole < 60)
        return Strings.fill(Strings.t.seconds, whole);
    return Strings.fill(Strings.t.minutes, Math.floor(whole / 60), whole % 60);
}

// The metrics that are defined, as [{ name, value, says }].
function metricLines(metrics) {
    var lines = [];
    for (var i = 0; i < METRICS.length; i++) {
        var rule = METRICS[i], value = metrics ? metrics[rule.field] : undefined;
        if (value === undefined || value === null)
            continue;
        var shown = rule.unit === "percent" ? value * 100 : value;
        var level = value <= rule.low ? "low" : value <= rule.middle ? "mid" : "high";
        lines.push({
            name: Strings.t["metric_" + rule.field],
            value: Strings.fill(Strings.t["unit_" + rule.unit], shown.toFixed(rule.digits)),
            says: Strings.t["says_" + rule.field + "_" + level]
        });
    }
    return lines;
}

// "Error, voice 1, bar 7: the bar lasts 5/4 where the meter is 4/4"
function problemSentence(problem) {
    var words = [Strings.t["severity_" + severity(problem)]];
    if (problem.voice)
        words.push(Strings.fill(Strings.t.inVoice, problem.voice).toLowerCase());
    if (problem.bar !== undefined && problem.bar !== null)
        words.push(Strings.fill(Strings.t.inBar, problem.bar));
    else if (problem.line)
        words.push(Strings.fill(Strings.t.inLine, problem.line));
    return words.join(", ") + ": " + problem.message + (problem.fix ? " (" + problem.fix + ")" : "");
}

// "error", "warning" or "hint".
function severity(problem) {
    var key = String(problem.severity || "").replace("SEVERITY_", "").toLowerCase();
    return key === "error" || key === "hint" ? key : "warning";
}

// "No problems", "1 problem", "3 problems".
function problemCount(problems) {
    var count = problems ? problems.length : 0;
    if (count === 0)
        return Strings.t.noProblems;
    return count === 1 ? Strings.t.oneProblem : Strings.fill(Strings.t.someProblems, count);
}

// "Draft 2, a repair"
function draftTitle(draft) {
    var kind = Strings.t["kind_" + String(draft.kind || "").replace("DRAFT_KIND_", "").toLowerCase()];
    return Strings.fill(Strings.t.draft, draft.number) + (kind ? ", " + kind : "");
}

// "Bars 3–5 and 7 are new"; empty when nothing changed.
function changedBars(changed) {
    var seen = {}, numbers = [];
    for (var i = 0; changed && i < changed.length; i++) {
        var bar = changed[i].bar || 0;
        if (!seen[bar])
            numbers.push(bar);
        seen[bar] = true;
    }
    if (!numbers.length)
        return "";
    var runs = _runs(numbers.sort(function (a, b) { return a - b; }));
    return Strings.fill(numbers.length === 1 ? Strings.t.newBar : Strings.t.newBars, _enumerate(runs));
}

function _runs(numbers) {
    var runs = [];
    for (var i = 0, first = 0; i < numbers.length; i++) {
        if (i + 1 < numbers.length && numbers[i + 1] === numbers[i] + 1)
            continue;
        runs.push(first === i ? String(numbers[i]) : numbers[first] + "–" + numbers[i]);
        first = i + 1;
    }
    return runs;
}

function _enumerate(words) {
    if (words.length < 2)
        return words.join("");
    return words.slice(0, -1).join(", ") + Strings.t.and + words[words.length - 1];
}

// "820 kB", "3.4 MB"
function fileSize(bytes) {
    if (bytes < 999500)
        return Strings.fill(Strings.t.bytes_kb, Math.max(1, Math.round(bytes / 1000)));
    return Strings.fill(Strings.t.bytes_mb, (bytes / 1000000).toFixed(1));
}

// The last part of a path.
function fileName(path) {
    return String(path).replace(/^.*[\/\\]/, "");
}

// "Holiday.musicxml" → "Holiday"
function baseName(path) {
    return fileName(path).replace(/\.[^.]*$/, "");
}

// A path from what a file dialog or a drop gives: "file:///home/you/a%20b.jpg" → "/home/you/a b.jpg"
function localPath(url) {
    var text = String(url).trim();
    if (text.indexOf("file:") !== 0)
        return text;
    var path = decodeURIComponent(text.replace(/^file:(\/\/[^\/]*)?/, ""));
    return /^\/[A-Za-z]:/.test(path) ? path.substring(1) : path;
}
