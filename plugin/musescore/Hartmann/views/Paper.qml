import QtQuick 2.9
import "../controls"

// Engraved music: on white paper in every theme. Its top is shown; a press shows the whole.
Rectangle {
    id: paper

    property alias source: picture.source
    property alias label: picture.label
    property bool whole: false
    property real most: Theme.px(190)

    height: picture.height + 2 * Theme.px(6)
    implicitHeight: height
    radius: Theme.px(4)
    color: Theme.paper
    border.width: 1
    border.color: Theme.line

    Picture {
        id: picture
        x: Theme.px(6)
        y: Theme.px(6)
        width: parent.width - 2 * x
        cropped: true
        most: paper.whole ? Infinity : paper.most
    }

    MouseArea {
        anchors.fill: parent
        cursorShape: Qt.PointingHandCursor
        onClicked: paper.whole = !paper.whole
    }
}
