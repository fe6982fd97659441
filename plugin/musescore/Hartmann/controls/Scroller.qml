import QtQuick 2.9
import QtQuick.Window 2.2
import "."

// A column that scrolls: by wheel, drag, Page Up and Page Down, and by itself to wherever the keyboard goes.
Flickable {
    id: scroller

    default property alias content: column.data
    property alias spacing: column.spacing
    property real padding: Theme.px(16)
    property real most: Infinity

    clip: true
    boundsBehavior: Flickable.StopAtBounds
    flickableDirection: Flickable.VerticalFlick
    contentWidth: width
    contentHeight: column.height + 2 * padding
    Keys.onPressed: function (event) {
        var page = event.key === Qt.Key_PageDown ? 0.9 : event.key === Qt.Key_PageUp ? -0.9 : 0;
        if (page === 0)
            return;
        contentY = Math.max(0, Math.min(contentHeight - height, contentY + page * height));
        event.accepted = true;
    }

    readonly property Item focused: Window.activeFocusItem
    onFocusedChanged: if (focused) reveal(focused)

    function reveal(item) {
        for (var above = item; above && above !== column; above = above.parent) {}
        if (!above)
            return;
        var top = item.mapToItem(column, 0, 0).y + padding;
        if (top < contentY + padding)
            contentY = Math.max(0, top - 2 * padding);
        else if (item.height < height && top + item.height > contentY + height - padding)
            contentY = Math.max(0, Math.min(contentHeight - height, top + item.height - height + 2 * padding));
    }

    function toTop() {
        contentY = 0;
    }

    Column {
        id: column
        x: Math.max(scroller.padding, (scroller.width - width) / 2)
        y: scroller.padding
        width: Math.min(scroller.width - 2 * scroller.padding, scroller.most)
        spacing: Theme.gap
    }

    Rectangle {
        parent: scroller
        visible: scroller.contentHeight > scroller.height + 1
        anchors.right: parent.right
        anchors.rightMargin: Theme.px(3)
        y: scroller.visibleArea.yPosition * scroller.height + Theme.tiny
        width: Theme.px(5)
        height: Math.max(Theme.px(24), scroller.visibleArea.heightRatio * scroller.height - 2 * Theme.tiny)
        radius: width / 2
        color: Theme.strongLine
        opacity: scroller.moving || wheelArea.containsMouse ? 0.8 : 0.35

        MouseArea {
            id: wheelArea
            property real from: 0
            anchors.fill: parent
            anchors.margins: -Theme.px(4)
            hoverEnabled: true
            onPressed: function (mouse) { from = mouse.y; }
            onPositionChanged: function (mouse) {
                if (pressed)
                    scroller.contentY = Math.max(0, Math.min(scroller.contentHeight - scroller.height,
                        scroller.contentY + (mouse.y - from) * scroller.contentHeight / scroller.height));
            }
        }
    }
}
