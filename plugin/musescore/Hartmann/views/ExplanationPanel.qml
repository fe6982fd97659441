import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings

// Why the music is as it is: the reasons in words, and where in the picture the model looked, for the whole piece, for
// a section, for a bar.
Column {
    id: panel

    property var composer: null
    readonly property var attention: composer.pictures && composer.pictures.attention ? composer.pictures.attention : null
    readonly property var sections: attention && attention.sections ? attention.sections : []
    readonly property var voices: byVoice(attention && attention.bars ? attention.bars : [])
    // What is shown: { kind: "whole" | "picture" | "section" | "bar", index, voice }
    property var chosen: ({ kind: "whole", index: 0, voice: 0 })
    onAttentionChanged: chosen = { kind: "whole", index: 0, voice: 0 }

    function byVoice(bars) {
        var voices = [];
        for (var i = 0; i < bars.length; i++) {
            var last = voices[voices.length - 1];
            if (!last || last.voice !== bars[i].voice)
                voices.push(last = { voice: bars[i].voice, bars: [] });
            last.bars.push(bars[i]);
        }
        return voices;
    }

    function source() {
        if (!attention)
            return composer.pictures && composer.pictures.picture ? composer.pictures.picture : "";
        switch (chosen.kind) {
        case "picture": return composer.pictures.picture;
        case "section": return sections[chosen.index] ? sections[chosen.index].url : "";
        case "bar": return voices[chosen.voice] ? voices[chosen.voice].bars[chosen.index].url : "";
        }
        return attention.whole || "";
    }

    function sectionIndex() {
        return chosen.kind === "picture" ? 0 : chosen.kind === "whole" ? 1 : chosen.kind === "section" ? chosen.index + 2 : -1;
    }

    function chooseSection(index) {
        chosen = index === 0 ? { kind: "picture", index: 0, voice: 0 }
               : index === 1 ? { kind: "whole", index: 0, voice: 0 }
               : { kind: "section", index: index - 2, voice: 0 };
    }

    spacing: Theme.gap

    Card {
        visible: panel.composer.motivation !== ""

        Title {
            width: parent.width
            text: Strings.t.reasonsTitle
        }

        Words {
            width: parent.width
            text: panel.composer.motivation
            lineHeight: 1.3
        }
    }

    Words {
        width: parent.width
        visible: panel.composer.motivation === "" && !panel.attention && !panel.composer.over
        text: Strings.t.nothingYet
        color: Theme.muted
    }

    Card {
        visible: panel.attention !== null || panel.composer.explanation !== null
        spacing: Theme.px(10)

        Title {
            width: parent.width
            text: Strings.t.attentionTitle
        }

        Picture {
            width: parent.width
            visible: panel.source() !== ""
            most: Theme.px(300)
            source: panel.source()
            label: Strings.t.attentionTitle
        }

        Segments {
            width: parent.width
            visible: panel.attention !== null
            label: Strings.t.attentionTitle
            items: [Strings.t.attentionOnly, Strings.t.attentionWhole].concat(
                panel.sections.map(function (section) { return section.label || section.name; }))
            current: panel.sectionIndex()
            onChosen: function (index) { panel.chooseSection(index); }
        }

        Repeater {
            model: panel.voices

            Column {
                readonly property int voiceIndex: index
                width: parent.width
                spacing: Theme.tiny

                Caption {
                    width: parent.width
                    text: Strings.fill(Strings.t.attentionBars, modelData.voice)
                }

                Segments {
                    width: parent.width
                    kind: "cells"
                    label: Strings.fill(Strings.t.attentionBars, modelData.voice)
                    items: modelData.bars.map(function (bar) { return String(bar.bar); })
                    current: panel.chosen.kind === "bar" && panel.chosen.voice === voiceIndex ? panel.chosen.index : -1
                    onChosen: function (index) { panel.chosen = { kind: "bar", index: index, voice: voiceIndex }; }
                }
            }
        }

        Caption {
            width: parent.width
            text: panel.attention ? Strings.t.attentionHint : Strings.t.attentionNone
        }

        Caption {
            readonly property var ratio: panel.composer.explanation ? panel.composer.explanation.faithfulness : undefined
            width: parent.width
            visible: ratio !== undefined
            text: visible ? Strings.fill(Strings.t.faithful, Number(ratio).toFixed(1)) : ""
        }
    }
}
