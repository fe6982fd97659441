import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings
import "../js/words.js" as WordsJs

// Earlier compositions: look at them, open their scores again, take their settings, delete them.
Scroller {
    id: page

    property var earlier: null
    property var bridge: null
    property var composer: null

    signal show(var composition)
    signal open(var composition)
    signal reuse(var composition)

    Words {
        width: parent.width
        visible: page.earlier.items.length === 0
        text: page.bridge.ready ? Strings.t.earlierNone : Strings.t.earlierAway
        color: Theme.muted
    }

    Repeater {
        model: page.earlier.items

        EarlierCard {
            composition: modelData
            current: modelData.id === page.composer.compositionId
            onShow: page.show(modelData)
            onOpen: page.open(modelData)
            onReuse: page.reuse(modelData)
            onRemove: page.earlier.remove(modelData.id)
        }
    }

    PushButton {
        visible: page.earlier.next !== ""
        text: Strings.t.earlierMore
        onClicked: page.earlier.more()
    }
}
