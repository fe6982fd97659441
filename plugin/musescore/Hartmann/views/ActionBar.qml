import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings
import "../js/words.js" as WordsJs

// The main thing to do: Compose, or Cancel while something is being composed.
Rectangle {
    id: bar

    property var composer: null
    property string error: ""

    signal compose()

    function focusCancel() {
        cancel.forceActiveFocus();
    }

    height: column.height + 2 * Theme.gap
    color: Theme.surface

    Rectangle {
        width: parent.width
        height: 1
        color: Theme.line
    }

    Column {
        id: column
        x: Theme.px(16)
        y: Theme.gap
        width: parent.width - 2 * x
        spacing: Theme.small

        Words {
            width: parent.width
            visible: bar.error !== "" && !bar.composer.busy
            text: bar.error
            color: Theme.bad
        }

        PushButton {
            visible: !bar.composer.busy
            width: parent.width
            implicitHeight: Theme.px(38)
            kind: "primary"
            text: Strings.t.compose
            onClicked: bar.compose()
        }

        PushButton {
            id: cancel
            visible: bar.composer.busy
            width: parent.width
            implicitHeight: Theme.px(38)
            sign: "stop"
            enabled: !bar.composer.cancelling
            text: bar.composer.cancelling ? Strings.t.cancelling : Strings.t.cancel
            onClicked: bar.composer.cancel()
        }
    }
}
