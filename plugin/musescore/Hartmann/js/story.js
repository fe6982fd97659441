.pragma library
.import "words.js" as Words

// A composition as its events tell it. `begin()` makes an empty story, `add(story, event, now)` puts an event in and
// returns the names of the parts that changed. Events may come twice (after a lost connection): a number that was
// seen changes nothing.

function begin() {
    var stages = {};
    for (var i = 0; i < Words.STAGES.length; i++)
        stages[Words.STAGES[i]] = { state: "waiting", begun: 0, ended: 0 };
    return {
        last: 0, state: "queued", seed: null, model: "", before: 0, begun: 0, ended: 0, offset: null,
        stages: stages, current: "",
        caption: "", captionDone: false, references: [], referencesNote: "", referencesDone: false,
        drafts: [], writing: { number: 0, text: "" }, motivation: "", explanation: null, score: null, failure: null
    };
}

var TERMINAL = { score: "finished", failed: "failed", cancelled: "cancelled" };
var KINDS = ["accepted", "stageStarted", "textDelta", "caption", "references", "draft", "explanation", "score",
             "failed", "cancelled", "heartbeat"];

// What kind of event it is: the name of its one filled field.
function kindOf(event) {
    for (var i = 0; i < KINDS.length; i++)
        if (event[KINDS[i]] !== undefined)
            return KINDS[i];
    return "";
}

function add(story, event, now) {
    var kind = kindOf(event), number = Number(event.sequence || 0);
    if (kind === "heartbeat" || kind === "" || number <= story.last)
        return [];
    story.last = number;
    var time = event.time ? Date.parse(event.time) : now;
    if (isNaN(time))
        time = now;
    story.offset = story.offset === null ? now - time : Math.min(story.offset, now - time);
    var changed = _tell(story, kind, event[kind], Words.stageKey(event.stage), time);
    if (TERMINAL[kind])
        _end(story, TERMINAL[kind], time);
    return changed.concat(["progress"]);
}

// Joins a piece of text to what was written: the piece stands at its offset and replaces what stood from there.
function splice(text, delta) {
    return text.substring(0, unitsOf(text, delta.offset || 0)) + (delta.text || "");
}

// Where the character of a number begins: offsets count characters, texts here count the halves of rare ones apart.
function unitsOf(text, characters) {
    for (var place = 0; characters > 0 && place < text.length; characters--)
        place += /^[\uD800-\uDBFF][\uDC00-\uDFFF]/.test(text.substr(place, 2)) ? 2 : 1;
    return place || 0;
}

// Seconds that a stage has taken so far; `now` in milliseconds.
function stageSeconds(story, key, now) {
    var stage = story.stages[key];
    return _seconds(story, stage.begun, stage.ended, now);
}

// Seconds since the composition began.
function totalSeconds(story, now) {
    return _seconds(story, story.begun, story.ended, now);
}

function _seconds(story, begun, ended, now) {
    if (!begun)
        return 0;
    return Math.max(0, ((ended || now - (story.offset || 0)) - begun) / 1000);
}

function _tell(story, kind, body, stage, time) {
    switch (kind) {
    case "accepted":
        story.seed = body.seed || 0;
        story.model = body.visionModel || "";
        story.before = body.queuePosition || 0;
        story.begun = time;
        return ["accepted"];
    case "stageStarted":
        _enter(story, stage, time);
        return [];
    case "textDelta":
        return _write(story, stage, body);
    case "caption":
        story.caption = body.text || "";
        story.captionDone = true;
        _finish(story, "caption", time);
        return ["caption"];
    case "references":
        story.references = body.references || [];
        story.referencesNote = body.note || "";
        story.referencesDone = true;
        _finish(story, "retrieve", time);
        return ["references"];
    case "draft":
        story.drafts = story.drafts.filter(function (d) { return d.number !== body.number; }).concat([body]);
        story.writing = { number: 0, text: "" };
        return ["drafts", "writing"];
    case "explanation":
        story.explanation = body;
        story.motivation = body.motivation || "";
        _finish(story, "explain", time);
        return ["explanation", "motivation"];
    case "score":
        story.score = { title: body.title || "", draft: body.draft || 0, rule: body.rule || "",
                        originality: body.originality || [], provenance: body.provenance || [] };
        return ["score"];
    case "failed":
        story.failure = { message: body.message || "", reason: _reason(body) };
        return ["failure"];
    }
    return [];
}

function _reason(status) {
    var details = status.details || [];
    for (var i = 0; i < details.length; i++)
        if (details[i].reason)
            return details[i].reason;
    return "";
}

function _write(story, stage, delta) {
    if (stage === "caption") {
        story.caption = splice(story.caption, delta);
        return ["caption"];
    }
    if (stage === "explain" && !delta.draft) {
        story.motivation = splice(story.motivation, delta);
        return ["motivation"];
    }
    var number = delta.draft || 0;
    var before = story.writing.number === number ? story.writing.text : "";
    story.writing = { number: number, text: splice(before, delta) };
    return ["writing"];
}

// A stage begins: those before it are over, also the ones that were shared or skipped.
function _enter(story, key, time) {
    if (!key)
        return;
    for (var i = 0; i < Words.STAGES.length && Words.STAGES[i] !== key; i++)
        _finish(story, Words.STAGES[i], time);
    story.stages[key] = { state: "running", begun: time, ended: 0 };
    story.current = key;
    story.state = "running";
}

function _finish(story, key, time) {
    var stage = story.stages[key];
    if (stage.state === "running" || stage.state === "waiting")
        story.stages[key] = { state: "done", begun: stage.begun || time, ended: time };
}

function _end(story, state, time) {
    story.state = state;
    story.ended = time;
    if (!story.begun)
        story.begun = time;
    for (var i = 0; i < Words.STAGES.length; i++) {
        var key = Words.STAGES[i];
        if (state === "finished")
            _finish(story, key, time);
        else if (story.stages[key].state === "running")
            story.stages[key] = { state: state, begun: story.stages[key].begun, ended: time };
    }
}
