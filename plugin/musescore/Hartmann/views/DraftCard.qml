import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings
import "../js/words.js" as WordsJs

// One draft: engraved, with its problems and what was measured in plain words; its text on request.
Card {
    id: card

    property var draft: ({})
    property string preview: ""
    property bool chosen: false
    property bool measures: chosen
    property bool abc: false
    readonly property var problems: draft.problems || []

    Item {
        width: parent.width
        height: Math.max(title.height, badge.visible ? badge.height : 0)

        Words {
            id: title
            width: parent.width - (badge.visible ? badge.width + Theme.small : 0)
            anchors.verticalCenter: parent.verticalCenter
            text: WordsJs.draftTitle(card.draft)
            font.weight: Font.DemiBold
        }

        Rectangle {
            id: badge
            visible: card.chosen
            anchors.right: parent.right
            anchors.verticalCenter: parent.verticalCenter
            width: badgeText.implicitWidth + 2 * Theme.px(9)
            height: badgeText.height + 2 * Theme.px(2)
            radius: height / 2
            color: Theme.goodSoft

            Words {
                id: badgeText
                anchors.centerIn: parent
                wrapMode: Text.NoWrap
                lineHeight: 1
                text: Strings.t.chosen
                color: Theme.good
                font.pixelSize: Theme.fontNote
            }
        }
    }

    Paper {
        width: parent.width
        visible: card.preview !== ""
        source: card.preview
        label: Strings.t.engraving
    }

    Caption {
        width: parent.width
        visible: text !== ""
        text: WordsJs.changedBars(card.draft.changedBars)
    }

    Caption {
        width: parent.width
        visible: text !== ""
        text: card.draft.note || ""
    }

    Words {
        width: parent.width
        text: WordsJs.problemCount(card.problems)
        color: card.problems.length ? Theme.warn : Theme.good
    }

    Repeater {
        model: card.problems

        Words {
            width: parent.width
            text: WordsJs.problemSentence(modelData)
            color: WordsJs.severity(modelData) === "error" ? Theme.bad : Theme.text
        }
    }

    Column {
        visible: card.measures
        width: parent.width
        spacing: Theme.tiny

        Repeater {
            model: WordsJs.metricLines(card.draft.metrics)

            Item {
                readonly property bool wide: width >= Theme.px(380)
                width: parent.width
                height: wide ? Math.max(name.height, says.height) : name.height + says.height

                Words {
                    id: name
                    width: parent.wide ? Theme.px(130) : parent.width - value.width - Theme.small
                    text: modelData.name
                    color: Theme.muted
                }

                Words {
                    id: value
                    x: parent.wide ? Theme.px(136) : parent.width - width
                    wrapMode: Text.NoWrap
                    text: modelData.value
                }

                Words {
                    id: says
                    x: parent.wide ? Theme.px(236) : 0
                    y: parent.wide ? 0 : name.height
                    width: parent.width - x
                    text: modelData.says
                    color: parent.wide ? Theme.text : Theme.muted
                }
            }
        }
    }

    AbcText {
        visible: card.abc
        width: parent.width
        text: card.draft.abc || ""
    }

    Flow {
        x: -Theme.px(6)
        width: parent.width - x
        spacing: Theme.tiny

        PushButton {
            limit: parent.width
            visible: !!card.draft.metrics
            kind: "quiet"
            text: card.measures ? Strings.t.hideMeasures : Strings.t.showMeasures
            onClicked: card.measures = !card.measures
        }

        PushButton {
            limit: parent.width
            kind: "quiet"
            text: card.abc ? Strings.t.hideText : Strings.t.showText
            onClicked: card.abc = !card.abc
        }
    }
}
