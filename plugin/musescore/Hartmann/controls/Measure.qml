import QtQuick 2.9
import "."

// A share as a bar with its number: how like two things are.
Item {
    id: measure

    property string label: ""
    property real value: 0

    implicitHeight: Math.max(name.height, Theme.px(16))
    height: implicitHeight

    Caption {
        id: name
        width: Theme.px(104)
        anchors.verticalCenter: parent.verticalCenter
        text: measure.label
    }

    Rectangle {
        id: track
        anchors.left: name.right
        anchors.right: number.left
        anchors.rightMargin: Theme.small
        anchors.verticalCenter: parent.verticalCenter
        height: Theme.px(6)
        radius: height / 2
        color: Theme.pressed

        Rectangle {
            width: Math.max(parent.height, parent.width * Math.max(0, Math.min(1, measure.value)))
            height: parent.height
            radius: parent.radius
            color: Theme.accent
        }
    }

    Caption {
        id: number
        anchors.right: parent.right
        anchors.verticalCenter: parent.verticalCenter
        width: Theme.px(30)
        horizontalAlignment: Text.AlignRight
        wrapMode: Text.NoWrap
        text: measure.value.toFixed(2)
    }
}
