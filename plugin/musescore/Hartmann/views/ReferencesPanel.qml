import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings

// The pieces of the library that the model was shown: what they sound like, how like they are to picture and words,
// where they come from, and, in the end, how much of them stands in the result.
Column {
    id: panel

    property var composer: null

    function overlap(id) {
        var all = composer.score ? composer.score.originality : [];
        for (var i = 0; i < all.length; i++)
            if (all[i].referenceId === id)
                return all[i].longestRun || 0;
        return -1;
    }

    spacing: Theme.gap

    Title {
        width: parent.width
        text: Strings.t.referencesTitle
    }

    Words {
        width: parent.width
        visible: panel.composer.references.length === 0 && panel.composer.phase !== "failed"
        text: panel.composer.referencesDone ? Strings.t.referencesNone : Strings.t.nothingYet
        color: Theme.muted
    }

    Caption {
        width: parent.width
        visible: text !== ""
        text: panel.composer.referencesNote
    }

    Repeater {
        model: panel.composer.references

        Card {
            spacing: Theme.px(6)

            Words {
                width: parent.width
                text: modelData.title || modelData.id
                font.weight: Font.DemiBold
            }

            Words {
                width: parent.width
                text: modelData.caption || ""
                visible: text !== ""
            }

            Measure {
                width: Math.min(parent.width, Theme.px(320))
                visible: modelData.similarityToImage !== undefined
                label: Strings.t.likePicture
                value: modelData.similarityToImage || 0
            }

            Measure {
                width: Math.min(parent.width, Theme.px(320))
                visible: modelData.similarityToText !== undefined
                label: Strings.t.likeWords
                value: modelData.similarityToText || 0
            }

            Caption {
                width: parent.width
                visible: panel.overlap(modelData.id) >= 0
                text: Strings.fill(Strings.t.shared, panel.overlap(modelData.id))
            }

            Caption {
                width: parent.width
                wrapMode: Text.WrapAtWordBoundaryOrAnywhere
                text: modelData.licence ? Strings.fill(Strings.t.licence, modelData.source || modelData.id, modelData.licence)
                                        : modelData.source || modelData.id
            }
        }
    }
}
