import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings

// The picture in words, as they are written; then they can be changed, and the piece goes on from the changed ones.
Column {
    id: panel

    property var composer: null
    readonly property string written: composer.caption
    readonly property bool editable: composer.captionDone && !composer.busy && composer.compositionId !== ""
    readonly property bool edited: editable && field.text.trim() !== written.trim()
    onWrittenChanged: field.text = written

    spacing: Theme.gap

    Picture {
        width: parent.width
        visible: source != ""
        most: Theme.px(240)
        source: panel.composer.pictures && panel.composer.pictures.picture ? panel.composer.pictures.picture : ""
        label: Strings.t.picture
    }

    Card {
        Title {
            width: parent.width
            text: Strings.t.descriptionTitle
        }

        Words {
            width: parent.width
            visible: !panel.editable
            text: panel.written !== "" ? panel.written : Strings.t.nothingYet
            color: panel.written !== "" ? Theme.text : Theme.muted
            lineHeight: 1.3
        }

        LongField {
            id: field
            width: parent.width
            visible: panel.editable
            mostLines: 12
            onAccepted: if (panel.edited) go.clicked()
        }

        Caption {
            width: parent.width
            visible: panel.editable
            text: Strings.t.descriptionEdit
        }

        Flow {
            width: parent.width
            visible: panel.edited
            spacing: Theme.small

            PushButton {
                id: go
                limit: parent.width
                kind: "primary"
                text: Strings.t.continueHere
                onClicked: panel.composer.revise("retrieve", { caption: field.text.trim(), keep_seed: true })
            }

            PushButton {
                limit: parent.width
                text: Strings.t.undoEdit
                onClicked: field.text = panel.written
            }
        }
    }
}
