import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings

// Says what is missing or wrong, and what to do: a sign, a heading, a sentence, where it helps a command to copy.
Rectangle {
    id: notice

    // "warn", "bad" or "good"
    property string tone: "warn"
    property string title: ""
    property string words: ""
    property string command: ""
    default property alias content: extra.data

    width: parent ? parent.width : 0
    height: column.height + 2 * Theme.gap
    implicitHeight: height
    radius: Theme.px(8)
    color: tone === "bad" ? Theme.badSoft : tone === "good" ? Theme.goodSoft : Theme.warnSoft
    Accessible.role: Accessible.AlertMessage
    Accessible.name: title + ". " + words + " " + command

    readonly property color ink: tone === "bad" ? Theme.bad : tone === "good" ? Theme.good : Theme.warn

    Rectangle {
        id: disc
        x: Theme.gap
        y: Theme.gap
        width: Theme.px(22)
        height: width
        radius: width / 2
        color: notice.ink

        Sign {
            anchors.centerIn: parent
            name: notice.tone === "good" ? "check" : "bang"
            size: Theme.px(14)
            colour: notice.color
        }
    }

    Column {
        id: column
        anchors.left: disc.right
        anchors.leftMargin: Theme.px(10)
        anchors.right: parent.right
        anchors.rightMargin: Theme.gap
        y: Theme.gap
        spacing: Theme.px(6)

        Words {
            width: parent.width
            height: Math.max(implicitHeight, disc.height)
            verticalAlignment: Text.AlignVCenter
            text: notice.title
            font.weight: Font.DemiBold
        }

        Words {
            width: parent.width
            visible: text !== ""
            text: notice.words
        }

        Flow {
            width: parent.width
            visible: notice.command !== ""
            spacing: Theme.small

            Rectangle {
                width: Math.min(code.implicitWidth + 2 * Theme.px(10), column.width)
                height: Theme.control
                radius: Theme.px(4)
                color: Theme.surface
                border.width: 1
                border.color: Theme.line

                Words {
                    id: code
                    anchors.centerIn: parent
                    lineHeight: 1
                    text: notice.command
                    font.family: "monospace"
                }
            }

            PushButton {
                id: copier
                limit: column.width
                text: copied.running ? Strings.t.copied : Strings.t.copy
                onClicked: {
                    clipboard.selectAll();
                    clipboard.copy();
                    copied.restart();
                }
            }
        }

        Column {
            id: extra
            width: parent.width
            visible: children.length > 0
            spacing: Theme.small
        }
    }

    TextEdit {
        id: clipboard
        visible: false
        text: notice.command
    }

    Timer {
        id: copied
        interval: 1500
    }
}
