import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings

// The name, how the bridge is, and the way to the view's settings.
Rectangle {
    id: header

    property var bridge: null
    signal viewAsked()

    function statusWords() {
        switch (bridge.status) {
        case "ready": return Strings.t.ready;
        case "starting": return Strings.t.starting;
        case "noServer": return Strings.t.noServer;
        case "looking": return Strings.t.looking;
        }
        return Strings.t.noBridge;
    }

    height: Math.max(name.height, pill.height, view.height) + 2 * Theme.small
    color: Theme.surface

    Rectangle {
        anchors.bottom: parent.bottom
        width: parent.width
        height: 1
        color: Theme.line
    }

    Words {
        id: name
        x: Theme.px(16)
        anchors.verticalCenter: parent.verticalCenter
        wrapMode: Text.NoWrap
        lineHeight: 1
        text: Strings.t.name
        font.pixelSize: Theme.px(17)
        font.weight: Font.DemiBold
    }

    Item {
        id: pill
        anchors.right: view.left
        anchors.rightMargin: Theme.small
        anchors.verticalCenter: parent.verticalCenter
        width: dot.width + Theme.px(7) + status.width
        height: status.height
        Accessible.role: Accessible.StaticText
        Accessible.name: status.text

        Rectangle {
            id: dot
            anchors.verticalCenter: parent.verticalCenter
            width: Theme.px(9)
            height: width
            radius: width / 2
            color: header.bridge.ready ? Theme.good : header.bridge.status === "looking" ? Theme.strongLine : Theme.warn
        }

        Words {
            id: status
            readonly property real room: header.width - name.width - view.width - dot.width - Theme.px(60)
            anchors.right: parent.right
            width: Math.min(implicitWidth, Math.max(room, Theme.px(60)))
            lineHeight: 1
            text: header.statusWords()
            color: Theme.muted
            font.pixelSize: Theme.fontNote
        }
    }

    PushButton {
        id: view
        anchors.right: parent.right
        anchors.rightMargin: Theme.px(10)
        anchors.verticalCenter: parent.verticalCenter
        kind: "quiet"
        sign: "sliders"
        label: Strings.t.view
        onClicked: header.viewAsked()
    }
}
