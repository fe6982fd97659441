import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings
import "../js/words.js" as WordsJs

// Before the first piece: what will happen.
Column {
    spacing: Theme.px(20)
    topPadding: Theme.px(12)

    Words {
        width: parent.width
        text: Strings.t.tagline
        font.pixelSize: Theme.fontHead
        font.weight: Font.DemiBold
    }

    Repeater {
        model: WordsJs.STAGES

        Item {
            width: parent.width
            height: Math.max(disc.height, texts.height)

            Rectangle {
                id: disc
                width: Theme.px(26)
                height: width
                radius: width / 2
                color: Theme.accentSoft

                Words {
                    anchors.centerIn: parent
                    text: index + 1
                    lineHeight: 1
                    color: Theme.accent
                    font.pixelSize: Theme.fontNote
                    font.weight: Font.DemiBold
                }
            }

            Column {
                id: texts
                anchors.left: disc.right
                anchors.leftMargin: Theme.gap
                anchors.right: parent.right
                spacing: Theme.px(2)

                Words {
                    width: parent.width
                    height: Math.max(implicitHeight, disc.height)
                    verticalAlignment: Text.AlignVCenter
                    text: Strings.t["stage_" + modelData]
                    font.weight: Font.DemiBold
                }

                Words {
                    width: parent.width
                    text: Strings.t["does_" + modelData]
                    color: Theme.muted
                }
            }
        }
    }
}
