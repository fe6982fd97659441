import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings

// The pages, as words in a row. One stop for Tab; the arrow keys change the page.
FocusScope {
    id: tabs

    property var pages: []
    property string current: ""

    signal chosen(string page)

    function words(page) {
        return page === "ask" ? Strings.t.pageAsk : page === "result" ? Strings.t.pageResult : Strings.t.pageEarlier;
    }

    function go(by) {
        var next = pages.indexOf(current) + by;
        if (next >= 0 && next < pages.length)
            chosen(pages[next]);
    }

    implicitHeight: row.height + 1
    height: implicitHeight
    activeFocusOnTab: true
    Accessible.role: Accessible.PageTabList
    Keys.onLeftPressed: go(-1)
    Keys.onRightPressed: go(1)

    Rectangle {
        anchors.fill: parent
        color: Theme.surface
    }

    Row {
        id: row
        x: Theme.px(8)

        Repeater {
            model: tabs.pages

            Item {
                readonly property bool on: modelData === tabs.current
                width: name.implicitWidth + 2 * Theme.px(8)
                height: name.height + 2 * Theme.px(9)
                Accessible.role: Accessible.PageTab
                Accessible.name: name.text

                Words {
                    id: name
                    anchors.centerIn: parent
                    wrapMode: Text.NoWrap
                    lineHeight: 1
                    text: tabs.words(modelData)
                    color: on ? Theme.accent : Theme.muted
                    font.weight: Font.DemiBold
                }

                Rectangle {
                    visible: on
                    anchors.bottom: parent.bottom
                    x: Theme.px(8)
                    width: parent.width - 2 * x
                    height: Theme.px(2.5)
                    radius: height / 2
                    color: Theme.accent
                }

                MouseArea {
                    anchors.fill: parent
                    cursorShape: Qt.PointingHandCursor
                    onClicked: {
                        tabs.forceActiveFocus();
                        tabs.chosen(modelData);
                    }
                }
            }
        }
    }

    Rectangle {
        anchors.bottom: parent.bottom
        width: parent.width
        height: 1
        color: Theme.line
    }

    FocusRing {
        shown: tabs.activeFocus
        anchors.margins: Theme.px(3)
    }
}
