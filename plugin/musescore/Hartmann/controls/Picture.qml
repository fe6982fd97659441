import QtQuick 2.9
import "."

// An image from the bridge, as wide as its place and as high as it must be, at most `most` high.
Item {
    id: picture

    property alias source: image.source
    property real most: Theme.px(280)
    property color ground: "transparent"
    property string label: ""
    // Fits the width and shows the top where the image is higher than `most`; otherwise it is made to fit.
    property bool cropped: false
    readonly property bool ready: image.status === Image.Ready
    readonly property real ratio: ready && image.implicitWidth > 0 ? image.implicitHeight / image.implicitWidth : cropped ? 0.25 : 0.6
    readonly property real drawnWidth: cropped ? width : Math.min(width, most / ratio)

    implicitHeight: Math.min(most, width * ratio)
    height: implicitHeight

    Rectangle {
        anchors.centerIn: parent
        width: picture.drawnWidth
        height: parent.height
        radius: Theme.px(4)
        color: picture.ready || picture.cropped ? picture.ground : Theme.raised
        border.width: picture.ready || picture.cropped ? 0 : 1
        border.color: Theme.line

        Sign {
            visible: !picture.ready
            anchors.centerIn: parent
            name: "picture"
            size: Theme.px(24)
            colour: picture.cropped ? "#8c8a84" : Theme.muted
        }
    }

    Image {
        id: image
        anchors.centerIn: parent
        width: picture.drawnWidth
        height: parent.height
        asynchronous: true
        cache: true
        mipmap: true
        smooth: true
        fillMode: picture.cropped ? Image.PreserveAspectCrop : Image.PreserveAspectFit
        verticalAlignment: picture.cropped ? Image.AlignTop : Image.AlignVCenter
        Accessible.role: Accessible.Graphic
        Accessible.name: picture.label
    }
}
