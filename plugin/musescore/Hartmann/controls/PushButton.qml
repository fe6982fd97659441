import QtQuick 2.9
import "."

// A button: "primary" (the one thing to do), "plain" or "quiet" (a word to press). Space and Enter press it.
FocusScope {
    id: button

    property string text: ""
    property string kind: "plain"
    property string sign: ""
    property bool danger: false
    // What a screen reader says where there is no text.
    property string label: text
    // No wider than this: a longer text goes on in a second line.
    property real limit: parent ? parent.width : implicitWidth

    signal clicked()

    readonly property bool primary: kind === "primary"
    readonly property bool quiet: kind === "quiet"
    readonly property color ink: primary ? Theme.accentInk : danger ? Theme.bad : quiet ? Theme.accent : Theme.text
    readonly property real side: text === "" ? Theme.px(8) : quiet ? Theme.px(6) : Theme.px(14)

    function press() {
        if (enabled)
            clicked();
    }

    implicitWidth: Math.min(limit, content.naturalWidth + 2 * side)
    implicitHeight: Math.max(Theme.control, words.height + 2 * Theme.px(6))
    width: implicitWidth
    height: implicitHeight
    activeFocusOnTab: enabled
    opacity: enabled ? 1 : 0.45
    Accessible.role: Accessible.Button
    Accessible.name: label
    Accessible.onPressAction: press()
    Keys.onReturnPressed: press()
    Keys.onEnterPressed: press()
    Keys.onSpacePressed: press()

    Rectangle {
        anchors.fill: parent
        radius: Theme.radius
        color: button.primary ? (area.containsMouse ? Theme.accentPressed : Theme.accent)
             : area.pressed ? Theme.pressed
             : area.containsMouse ? Theme.raised
             : button.quiet ? "transparent" : Theme.surface
        border.width: button.primary || button.quiet ? 0 : 1
        border.color: Theme.line
    }

    Item {
        id: content
        readonly property real signWidth: button.sign === "" ? 0 : mark.width + (button.text === "" ? 0 : Theme.px(6))
        readonly property real naturalWidth: signWidth + (button.text === "" ? 0 : Math.ceil(measure.implicitWidth))
        anchors.centerIn: parent
        width: Math.min(naturalWidth, button.width - 2 * button.side)
        height: button.height

        Sign {
            id: mark
            visible: button.sign !== ""
            name: button.sign
            colour: button.ink
            anchors.verticalCenter: parent.verticalCenter
        }

        Words {
            id: words
            visible: button.text !== ""
            x: content.signWidth
            width: content.width - content.signWidth
            anchors.verticalCenter: parent.verticalCenter
            horizontalAlignment: content.width < content.naturalWidth ? Text.AlignHCenter : Text.AlignLeft
            text: button.text
            color: button.ink
            font.weight: button.primary ? Font.DemiBold : Font.Normal
            lineHeight: 1
        }
    }

    Words {
        id: measure
        visible: false
        wrapMode: Text.NoWrap
        text: button.text
        font.weight: words.font.weight
    }

    MouseArea {
        id: area
        anchors.fill: parent
        hoverEnabled: true
        cursorShape: Qt.PointingHandCursor
        onClicked: {
            button.forceActiveFocus();
            button.press();
        }
    }

    FocusRing { shown: button.activeFocus }
}
