import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings
import "../js/words.js" as WordsJs

// The main thing to do: Compose, or Cancel while something is being composed.
Rectangle {
    id: bar

    property var composer: null
    property string error: ""

    readonly property bool busy: composer !== null && composer.busy
    // The keys are at one of the two buttons; when it gives way to the other, they follow.
    property bool held: false

    signal compose()

    onBusyChanged: if (held) (busy ? cancel : go).forceActiveFocus()

    function focusCancel() {
        cancel.forceActiveFocus();
    }

    function follow(button) {
        if (button.activeFocus)
            held = true;
        else if (button.visible)
            held = false;
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
            visible: bar.error !== "" && !bar.busy
            text: bar.error
            color: Theme.bad
        }

        PushButton {
            id: go
            visible: !bar.busy
            onActiveFocusChanged: bar.follow(go)
            width: parent.width
            implicitHeight: Theme.px(38)
            kind: "primary"
            text: Strings.t.compose
            onClicked: bar.compose()
        }

        PushButton {
            id: cancel
            visible: bar.busy
            onActiveFocusChanged: bar.follow(cancel)
            width: parent.width
            implicitHeight: Theme.px(38)
            sign: "stop"
            // Not disabled, which would take the keys away; pressed again it does no harm.
            opacity: bar.composer.cancelling ? 0.45 : 1
            text: bar.composer.cancelling ? Strings.t.cancelling : Strings.t.cancel
            onClicked: bar.composer.cancel()
        }
    }
}
