import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings
import "../js/words.js" as WordsJs

// The drafts, newest first; above them the one that is being written.
Column {
    id: panel

    property var composer: null
    readonly property var newestFirst: composer.drafts.slice().reverse()

    spacing: Theme.gap

    Title {
        width: parent.width
        visible: panel.composer.phase !== "failed" || panel.composer.drafts.length > 0
        text: Strings.t.draftsTitle
    }

    Words {
        width: parent.width
        visible: panel.composer.drafts.length === 0 && panel.composer.writing.text === "" && !panel.composer.over
        text: Strings.t.nothingYet
        color: Theme.muted
    }

    Card {
        visible: panel.composer.writing.text !== "" && panel.composer.busy

        Words {
            width: parent.width
            text: Strings.fill(Strings.t.draft, panel.composer.writing.number)
            font.weight: Font.DemiBold
        }

        AbcText {
            width: parent.width
            text: panel.composer.writing.text
            tail: 8
        }
    }

    Repeater {
        model: panel.newestFirst

        DraftCard {
            draft: modelData
            preview: panel.composer.preview(modelData.number)
            chosen: panel.composer.score !== null && panel.composer.score.draft === modelData.number
        }
    }
}
