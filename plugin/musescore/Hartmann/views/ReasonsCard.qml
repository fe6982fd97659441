import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings

// The reasons at a glance, beside the picture with what the model looked at; pressing leads to all of it.
Card {
    id: card

    property var composer: null
    readonly property var attention: composer.pictures ? composer.pictures.attention : null
    readonly property bool wide: width >= Theme.px(420) && picture.visible

    signal more()

    Title {
        width: parent.width
        text: Strings.t.reasonsTitle
    }

    Item {
        width: parent.width
        height: card.wide ? Math.max(picture.height, words.height) : words.y + words.height

        Picture {
            id: picture
            visible: !!card.attention
            width: card.wide ? Theme.px(190) : parent.width
            most: card.wide ? Theme.px(150) : Theme.px(200)
            source: card.attention ? card.attention.whole : ""
            label: Strings.t.attentionTitle

            MouseArea {
                anchors.fill: parent
                cursorShape: Qt.PointingHandCursor
                onClicked: card.more()
            }
        }

        Words {
            id: words
            x: card.wide ? picture.width + Theme.px(14) : 0
            y: card.wide || !picture.visible ? 0 : picture.height + Theme.small
            width: parent.width - x
            text: card.composer.motivation
            lineHeight: 1.3
        }
    }

    PushButton {
        x: -Theme.px(6)
        kind: "quiet"
        text: Strings.t.attentionTitle
        onClicked: card.more()
    }
}
