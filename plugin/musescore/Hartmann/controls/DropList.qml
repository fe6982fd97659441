import QtQuick 2.9
import "."

// A list that opens below (or above) its owner, over everything else. Up, Down, Enter, Escape; a click outside closes.
Item {
    id: list

    property Item owner: null
    property var items: []
    property var shown: function (item) { return item; }
    property Item panel: null

    signal picked(int index)
    signal closed()

    function open() {
        if (panel === null && items.length)
            panel = sheet.createObject(topmost());
    }

    function close() {
        if (panel === null)
            return;
        var gone = panel;
        panel = null;
        gone.destroy();
        closed();
    }

    function choose(index) {
        close();
        picked(index);
    }

    function topmost() {
        var item = owner;
        while (item.parent)
            item = item.parent;
        return item;
    }

    Component.onDestruction: if (panel) panel.destroy()

    Component {
        id: sheet

        FocusScope {
            id: cover
            anchors.fill: parent
            z: 1000
            Component.onCompleted: view.forceActiveFocus()

            readonly property point corner: list.owner.mapToItem(cover, 0, 0)
            readonly property real below: height - corner.y - list.owner.height - Theme.small
            readonly property bool upwards: below < frame.height && corner.y > below

            MouseArea {
                anchors.fill: parent
                onClicked: list.close()
                onWheel: function (wheel) { wheel.accepted = true; }
            }

            Rectangle {
                id: frame
                x: Math.max(Theme.tiny, Math.min(cover.corner.x, cover.width - width - Theme.tiny))
                y: cover.upwards ? cover.corner.y - height - Theme.tiny : cover.corner.y + list.owner.height + Theme.tiny
                width: Math.min(Math.max(list.owner.width, Theme.px(180)), cover.width - 2 * Theme.tiny)
                height: Math.min(view.contentHeight + 2 * Theme.tiny, Theme.px(260))
                radius: Theme.radius
                color: Theme.surface
                border.width: 1
                border.color: Theme.strongLine

                ListView {
                    id: view
                    anchors.fill: parent
                    anchors.margins: Theme.tiny
                    clip: true
                    boundsBehavior: Flickable.StopAtBounds
                    model: list.items
                    keyNavigationEnabled: true
                    currentIndex: 0
                    Keys.onReturnPressed: list.choose(currentIndex)
                    Keys.onEnterPressed: list.choose(currentIndex)
                    Keys.onSpacePressed: list.choose(currentIndex)
                    Keys.onEscapePressed: list.close()
                    Keys.onTabPressed: list.close()
                    Keys.onBacktabPressed: list.close()

                    delegate: Rectangle {
                        width: view.width
                        height: entry.height + 2 * Theme.px(6)
                        radius: Theme.px(4)
                        color: ListView.isCurrentItem || area.containsMouse ? Theme.accentSoft : "transparent"

                        Words {
                            id: entry
                            x: Theme.px(8)
                            width: parent.width - 2 * Theme.px(8)
                            anchors.verticalCenter: parent.verticalCenter
                            wrapMode: Text.WrapAnywhere
                            text: list.shown(modelData)
                        }

                        MouseArea {
                            id: area
                            anchors.fill: parent
                            hoverEnabled: true
                            onClicked: list.choose(index)
                        }
                    }
                }
            }
        }
    }
}
