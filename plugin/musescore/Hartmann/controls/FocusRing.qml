import QtQuick 2.9
import "."

// Shows where the keyboard is: a ring around its parent.
Rectangle {
    property bool shown: parent.activeFocus

    anchors.fill: parent
    anchors.margins: -Theme.px(3)
    radius: Theme.radius + Theme.px(3)
    color: "transparent"
    border.width: Math.max(2, Theme.px(2))
    border.color: Theme.accent
    visible: shown
}
