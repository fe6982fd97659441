import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings

// One earlier composition.
Card {
    id: card

    property var composition: ({})
    property bool current: false
    property bool sure: false

    signal show()
    signal open()
    signal reuse()
    signal remove()

    function about() {
        var words = [Strings.t["state_" + composition.state] || ""];
        if (composition.created)
            words.push(new Date(composition.created).toLocaleString(Qt.locale(), Locale.ShortFormat));
        if (composition.seed !== undefined && composition.seed !== null)
            words.push(Strings.t.seed + " " + composition.seed);
        return words.filter(function (word) { return word !== ""; }).join(" · ");
    }

    border.color: current ? Theme.accent : Theme.line

    Item {
        width: parent.width
        height: Math.max(picture.height, texts.height)

        Picture {
            id: picture
            width: Theme.px(84)
            most: Theme.px(64)
            source: card.composition.picture_url || ""
        }

        Column {
            id: texts
            anchors.left: picture.right
            anchors.leftMargin: Theme.gap
            anchors.right: parent.right
            spacing: Theme.px(2)

            Words {
                width: parent.width
                text: card.composition.title || card.composition.prompt || Strings.t.untitled
                font.weight: Font.DemiBold
            }

            Words {
                width: parent.width
                visible: text !== "" && !!card.composition.title
                text: card.composition.prompt || ""
            }

            Caption {
                width: parent.width
                text: card.about()
            }
        }
    }

    Flow {
        x: -Theme.px(6)
        width: parent.width - x
        spacing: Theme.tiny

        PushButton {
            limit: parent.width
            kind: "quiet"
            text: Strings.t.show
            onClicked: card.show()
        }

        PushButton {
            limit: parent.width
            visible: card.composition.state === "finished"
            kind: "quiet"
            text: Strings.t.open
            onClicked: card.open()
        }

        PushButton {
            limit: parent.width
            kind: "quiet"
            text: Strings.t.reuse
            onClicked: card.reuse()
        }

        PushButton {
            limit: parent.width
            kind: "quiet"
            danger: card.sure
            text: card.sure ? Strings.t.removeSure : Strings.t.remove
            onClicked: card.sure ? card.remove() : card.sure = true
            onActiveFocusChanged: if (!activeFocus) card.sure = false
        }
    }
}
