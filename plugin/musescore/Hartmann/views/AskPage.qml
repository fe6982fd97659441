import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings
import "../js/presets.js" as Presets
import "../js/words.js" as WordsJs

// What to compose for, and how it should be: the picture, the prompt, the wishes, the seed, bars of one's own score.
Scroller {
    id: page

    property var bridge: null
    property var editor: null
    property var composer: null

    property alias picturePath: path.text
    property alias prompt: prompt.text
    property var recent: []
    property var kept: []
    property bool seedLocked: false
    property alias seed: seed.text
    property int use: 0
    property var errors: ({})
    property var facts: null
    property string pictureError: ""
    property bool checking: false
    readonly property var wishes: ({
        ensemble: ensemble.text, bars: bars.text, key: key.text, meter: meter.text, tempo: tempo.text,
        mood: mood.text, difficulty: difficulty.text
    })
    readonly property var presets: Presets.ours().concat(kept)
    readonly property int columns: width - 2 * padding >= Theme.px(300) ? 2 : 1

    signal go()
    signal changed()

    // To the first thing that is still to be said.
    function focusFirst() {
        (path.text === "" ? path : prompt).forceActiveFocus();
    }

    function setWishes(chosen) {
        var all = Presets.complete(chosen);
        ensemble.text = all.ensemble;
        bars.text = all.bars;
        key.text = all.key;
        meter.text = all.meter;
        tempo.text = all.tempo;
        mood.text = all.mood;
        difficulty.text = all.difficulty;
        errors = {};
        changed();
    }

    function presetShown() {
        for (var i = 0; i < presets.length; i++)
            if (Presets.same(presets[i].wishes, wishes))
                return i;
        return -1;
    }

    function takePicture(url) {
        path.text = WordsJs.localPath(url);
        checkPicture();
        changed();
    }

    // Asks the bridge what the picture is, for the thumbnail and for an error before anything is sent.
    function checkPicture() {
        var asked = path.text.trim();
        if (asked === "" || !bridge.there) {
            facts = null;
            pictureError = "";
            return;
        }
        checking = true;
        bridge.request("POST", "/v1/pictures/check", { path: asked }, function (answer) {
            if (asked !== path.text.trim())
                return;
            checking = false;
            facts = answer.error ? null : answer.body;
            pictureError = answer.error && answer.status !== 0 ? answer.error.message : "";
        });
    }

    // The order to send, or null with `errors` filled.
    function order() {
        var found = Presets.wrong(wishes, seed.text.trim(), seedLocked);
        if (path.text.trim() === "")
            found.picture = Strings.t.pictureMissing;
        errors = found;
        for (var name in found) {
            if (name === "picture")
                path.forceActiveFocus();
            return null;
        }
        return {
            picture: path.text.trim(),
            prompt: prompt.text.trim(),
            wishes: Presets.forBridge(wishes),
            seed: seedLocked && seed.text.trim() !== "" ? Number(seed.text.trim()) : null,
            excerpt: null
        };
    }

    // What the bridge or the server refused, beside the field that it is about.
    function showRefusal(error) {
        var field = String(error.field || "").replace(/^wishes\./, "").replace("tempo_bpm", "tempo");
        var found = {};
        if (field !== "")
            found[field] = error.message;
        errors = found;
    }

    function shows(field) {
        return ["picture", "prompt", "seed"].concat(Presets.WISHES).indexOf(field) >= 0;
    }

    // Puts the settings of an earlier composition back.
    function reuse(composition) {
        var old = composition.wishes || {};
        setWishes({
            ensemble: old.ensemble, bars: old.bars || "", key: old.key, meter: old.meter,
            tempo: old.tempo || old.tempo_bpm || "", mood: old.mood, difficulty: old.difficulty
        });
        prompt.text = composition.prompt || "";
        if (composition.seed !== undefined && composition.seed !== null) {
            seed.text = String(composition.seed);
            seedLocked = true;
        }
        if (composition.picture)
            takePicture(composition.picture);
        changed();
    }

    Timer {
        id: soon
        interval: 350
        onTriggered: page.checkPicture()
    }

    Card {
        Item {
            width: parent.width
            height: page.facts ? thumbnail.height : Theme.px(108)

            Rectangle {
                anchors.fill: parent
                visible: !page.facts
                radius: Theme.radius
                color: drop.containsDrag ? Theme.accentSoft : Theme.raised
                border.width: 1
                border.color: drop.containsDrag || area.containsMouse ? Theme.accent : Theme.line

                Column {
                    anchors.centerIn: parent
                    width: parent.width - 2 * Theme.gap
                    spacing: Theme.small

                    Sign {
                        anchors.horizontalCenter: parent.horizontalCenter
                        name: "picture"
                        size: Theme.px(30)
                        colour: Theme.muted
                    }

                    Words {
                        width: parent.width
                        horizontalAlignment: Text.AlignHCenter
                        color: Theme.muted
                        text: page.checking ? Strings.t.pictureChecking : Strings.t.pictureHint
                    }
                }

                MouseArea {
                    id: area
                    anchors.fill: parent
                    hoverEnabled: true
                    cursorShape: Qt.PointingHandCursor
                    onClicked: if (page.editor.canBrowse) page.editor.browse()
                }
            }

            Picture {
                id: thumbnail
                visible: !!page.facts
                width: parent.width
                most: Theme.px(150)
                source: page.facts ? page.facts.url : ""
                label: WordsJs.fileName(path.text)
            }

            DropArea {
                id: drop
                anchors.fill: parent
                onDropped: function (dropped) {
                    if (dropped.hasUrls)
                        page.takePicture(dropped.urls[0]);
                }
            }
        }

        Item {
            width: parent.width
            height: path.height

            Field {
                id: path
                width: parent.width - (browse.visible ? browse.width + Theme.small : 0)
                label: Strings.t.picturePath
                placeholder: Strings.t.picturePlaceholder
                error: page.errors.picture || page.pictureError
                suggestions: page.recent
                shown: function (suggestion) { return WordsJs.fileName(suggestion); }
                onAccepted: page.go()
                onEdited: {
                    soon.restart();
                    page.changed();
                }
            }

            PushButton {
                id: browse
                visible: page.editor !== null && page.editor.canBrowse
                anchors.right: parent.right
                y: path.fieldTop
                limit: Theme.px(120)
                text: Strings.t.browse
                onClicked: page.editor.browse()
            }
        }

        Caption {
            width: parent.width
            visible: !!page.facts
            wrapMode: Text.WrapAtWordBoundaryOrAnywhere
            text: page.facts ? Strings.fill(Strings.t.pictureFacts, WordsJs.fileName(page.facts.path), page.facts.width,
                                            page.facts.height, WordsJs.fileSize(page.facts.bytes)) : ""
        }

        LongField {
            id: prompt
            width: parent.width
            label: Strings.t.prompt
            placeholder: Strings.t.promptPlaceholder
            lines: 2
            onAccepted: page.go()
            onEdited: page.changed()
        }
    }

    Card {
        spacing: Theme.gap

        Title {
            width: parent.width
            text: Strings.t.wishes
        }

        Segments {
            width: parent.width
            label: Strings.t.presets
            items: page.presets.map(function (preset) { return preset.name; })
            current: page.presetShown()
            onChosen: function (index) { page.setWishes(page.presets[index].wishes); }
        }

        Grid {
            id: grid
            readonly property real cell: (width - (columns - 1) * columnSpacing) / columns
            width: parent.width
            columns: page.columns
            columnSpacing: Theme.gap
            rowSpacing: Theme.small

            Field {
                id: ensemble
                width: grid.cell
                label: Strings.t.ensemble
                placeholder: Strings.t.asSuggested
                error: page.errors.ensemble || ""
                suggestions: ["piano", "violin", "flute", "flute, cello", "violin, viola, cello", "guitar", "choir",
                              "clarinet, piano", "trumpet", "harp"]
                onAccepted: page.go()
                onEdited: page.changed()
            }

            Field {
                id: mood
                width: grid.cell
                label: Strings.t.mood
                placeholder: Strings.t.asSuggested
                error: page.errors.mood || ""
                suggestions: ["joyful", "playful", "lively", "warm", "gentle", "serene", "calm", "dreamy", "wistful",
                              "melancholic", "solemn", "restless", "dramatic", "stormy"]
                onAccepted: page.go()
                onEdited: page.changed()
            }

            Field {
                id: key
                width: grid.cell
                label: Strings.t.key
                placeholder: Strings.t.asSuggested
                error: page.errors.key || ""
                suggestions: ["C", "G", "D", "A", "F", "Bb", "Eb", "A minor", "E minor", "D minor", "G minor",
                              "D dorian", "E phrygian", "F lydian", "G mixolydian"]
                onAccepted: page.go()
                onEdited: page.changed()
            }

            Field {
                id: meter
                width: grid.cell
                label: Strings.t.meter
                placeholder: Strings.t.asSuggested
                error: page.errors.meter || ""
                suggestions: ["4/4", "3/4", "2/4", "6/8", "9/8", "12/8", "5/4", "C|"]
                onAccepted: page.go()
                onEdited: page.changed()
            }

            Field {
                id: tempo
                width: grid.cell
                label: Strings.t.tempo
                placeholder: Strings.t.asSuggested
                error: page.errors.tempo || ""
                suggestions: ["56", "66", "76", "88", "100", "112", "126", "144", "168"]
                onAccepted: page.go()
                onEdited: page.changed()
            }

            Field {
                id: bars
                width: grid.cell
                label: Strings.t.bars
                placeholder: Strings.t.asSuggested
                error: page.errors.bars || ""
                suggestions: ["8", "12", "16", "24", "32"]
                onAccepted: page.go()
                onEdited: page.changed()
            }

            Field {
                id: difficulty
                width: grid.cell
                label: Strings.t.difficulty
                placeholder: Strings.t.asSuggested
                error: page.errors.difficulty || ""
                fixed: true
                suggestions: ["", "easy", "medium", "hard"]
                shown: function (suggestion) { return suggestion === "" ? Strings.t.asSuggested : Strings.t[suggestion]; }
                onAccepted: page.go()
                onEdited: page.changed()
            }

            Item {
                width: grid.cell
                height: seed.height

                Field {
                    id: seed
                    width: parent.width - lock.width - Theme.tiny
                    label: Strings.t.seed
                    placeholder: Strings.t.seedDrawn
                    error: page.errors.seed || ""
                    enabled: page.seedLocked
                    onAccepted: page.go()
                    onEdited: page.changed()
                }

                PushButton {
                    id: lock
                    anchors.right: parent.right
                    y: seed.fieldTop
                    width: Theme.control
                    sign: page.seedLocked ? "lock" : "unlock"
                    label: Strings.t.seedLock
                    Accessible.checkable: true
                    Accessible.checked: page.seedLocked
                    onClicked: {
                        page.seedLocked = !page.seedLocked;
                        page.changed();
                    }
                }
            }
        }

        PresetKeeper {
            width: parent.width
            wishes: page.wishes
            shown: page.presetShown()
            kept: page.kept
            ours: page.presets.length - page.kept.length
            onKeep: function (name) {
                page.kept = page.kept.concat([{ name: name, wishes: page.wishes }]);
                page.changed();
            }
            onForget: function (index) {
                page.kept = page.kept.filter(function (preset, i) { return i !== index; });
                page.changed();
            }
        }
    }

    Card {
        visible: page.editor !== null && page.editor.hasScore

        Title {
            width: parent.width
            text: Strings.t.myScore
        }

        Segments {
            width: parent.width
            label: Strings.t.myScore
            items: [Strings.t.useNothing, Strings.t.useContinue, Strings.t.useVary]
            enabled: page.editor !== null && page.editor.selection !== null
            opacity: enabled ? 1 : 0.45
            current: enabled ? page.use : 0
            onChosen: function (index) { page.use = index; }
        }

        Caption {
            width: parent.width
            text: page.selectionWords()
        }
    }

    function selectionWords() {
        var bars = editor ? editor.selection : null;
        if (!bars)
            return Strings.t.selectFirst;
        var title = editor.scoreTitle || Strings.t.untitled;
        if (bars.firstBar === bars.lastBar)
            return Strings.fill(Strings.t.selectedOne, bars.firstBar, title);
        return Strings.fill(Strings.t.selected, bars.firstBar, bars.lastBar, title);
    }
}
