import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings
import "../js/presets.js" as Presets

// Keeps the wishes as they are under a name, and forgets them again.
Column {
    id: keeper

    property var wishes: ({})
    property int shown: -1
    property var kept: []
    property int ours: 0
    property bool naming: false

    signal keep(string name)
    signal forget(int index)

    function save() {
        if (name.text.trim() === "")
            return;
        keep(name.text.trim());
        naming = false;
        name.text = "";
    }

    spacing: Theme.small
    visible: shown < 0 || shown >= ours
    Keys.onEscapePressed: function (event) {
        event.accepted = naming;
        naming = false;
    }

    PushButton {
        visible: keeper.shown < 0 && !keeper.naming
        x: -Theme.px(6)
        kind: "quiet"
        text: Strings.t.presetKeep
        onClicked: {
            keeper.naming = true;
            name.forceActiveFocus();
        }
    }

    PushButton {
        visible: keeper.shown >= keeper.ours
        x: -Theme.px(6)
        kind: "quiet"
        text: visible ? Strings.fill(Strings.t.presetForget, keeper.kept[keeper.shown - keeper.ours].name) : ""
        onClicked: keeper.forget(keeper.shown - keeper.ours)
    }

    Item {
        visible: keeper.naming && keeper.shown < 0
        width: parent.width
        height: name.height

        Field {
            id: name
            width: parent.width - saver.width - Theme.small
            label: Strings.t.presetName
            onAccepted: keeper.save()
        }

        PushButton {
            id: saver
            anchors.right: parent.right
            y: name.fieldTop
            limit: Theme.px(120)
            text: Strings.t.presetSave
            onClicked: keeper.save()
        }
    }
}
