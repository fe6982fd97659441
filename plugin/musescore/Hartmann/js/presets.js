.pragma library
.import "strings.js" as Strings

// Ready-made sets of wishes. A preset is { name, wishes }; wishes that are missing in it are left free.

var WISHES = ["ensemble", "bars", "key", "meter", "tempo", "mood", "difficulty"];

function ours() {
    return [
        { name: Strings.t.presetFree, wishes: {} },
        { name: Strings.t.presetPiano, wishes: { ensemble: "piano", bars: "16", difficulty: "medium" } },
        { name: Strings.t.presetDance, wishes: { ensemble: "violin", bars: "16", meter: "6/8", tempo: "110", mood: "lively" } },
        { name: Strings.t.presetLullaby, wishes: { ensemble: "flute", bars: "16", meter: "3/4", tempo: "72", mood: "calm" } },
        { name: Strings.t.presetDuo, wishes: { ensemble: "flute, cello", bars: "16" } },
        { name: Strings.t.presetQuartet, wishes: { ensemble: "violin, violin, viola, cello", bars: "16" } }
    ];
}

// All wishes of a preset, the free ones as empty texts.
function complete(wishes) {
    var all = {};
    for (var i = 0; i < WISHES.length; i++)
        all[WISHES[i]] = wishes && wishes[WISHES[i]] ? String(wishes[WISHES[i]]) : "";
    return all;
}

function same(a, b) {
    var x = complete(a), y = complete(b);
    for (var i = 0; i < WISHES.length; i++)
        if (x[WISHES[i]] !== y[WISHES[i]])
            return false;
    return true;
}

// Wishes as the bridge takes them: free ones left out, numbers as numbers.
function forBridge(wishes) {
    var sent = {};
    for (var i = 0; i < WISHES.length; i++) {
        var value = String(wishes[WISHES[i]] || "").trim();
        if (value !== "")
            sent[WISHES[i]] = WISHES[i] === "bars" || WISHES[i] === "tempo" ? Number(value) : value;
    }
    return sent;
}

// What is wrong with wishes and seed before they are sent: { field: sentence }.
function wrong(wishes, seed, locked) {
    var found = {};
    var bars = String(wishes.bars || "").trim(), tempo = String(wishes.tempo || "").trim();
    if (bars !== "" && !(/^\d+$/.test(bars) && Number(bars) >= 1 && Number(bars) <= 256))
        found.bars = Strings.t.barsWrong;
    if (tempo !== "" && !(/^\d+(\.\d+)?$/.test(tempo) && Number(tempo) >= 20 && Number(tempo) <= 300))
        found.tempo = Strings.t.tempoWrong;
    if (locked && seed !== "" && !(/^\d+$/.test(seed) && Number(seed) <= 4294967295))
        found.seed = Strings.t.seedWrong;
    return found;
}
