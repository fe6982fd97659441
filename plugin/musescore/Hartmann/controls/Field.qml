import QtQuick 2.9
import "."

// One line of text with a name above it, suggestions to pick from (Down opens them) and room for what is wrong.
// Enter in it asks for the main thing to happen: `accepted()`.
FocusScope {
    id: field

    property string label: ""
    property alias text: input.text
    property string placeholder: ""
    property string unit: ""
    property string error: ""
    property var suggestions: []
    // Shown for a suggestion; the suggestion itself by default.
    property var shown: function (suggestion) { return suggestion; }
    property bool fixed: false

    // Where the box begins below the name: for buttons beside it.
    readonly property real fieldTop: box.y

    signal accepted()
    signal edited()

    implicitHeight: column.height
    height: implicitHeight

    function openList() {
        if (suggestions.length && enabled)
            list.open();
    }

    function pick(index) {
        input.text = suggestions[index];
        input.forceActiveFocus();
        edited();
    }

    Column {
        id: column
        width: parent.width
        spacing: Theme.tiny

        Caption {
            width: parent.width
            visible: field.label !== ""
            text: field.label
        }

        Rectangle {
            id: box
            width: parent.width
            height: Theme.control
            radius: Theme.radius
            color: Theme.surface
            border.width: input.activeFocus ? Math.max(2, Theme.px(2)) : 1
            border.color: input.activeFocus ? Theme.accent : field.error !== "" ? Theme.bad : Theme.line
            opacity: field.enabled ? 1 : 0.55

            TextInput {
                id: input
                focus: true
                anchors.fill: parent
                anchors.leftMargin: Theme.px(10)
                anchors.rightMargin: opener.visible ? opener.width : Theme.px(10)
                verticalAlignment: TextInput.AlignVCenter
                clip: true
                color: Theme.text
                selectionColor: Theme.accent
                selectedTextColor: Theme.accentInk
                selectByMouse: true
                readOnly: field.fixed
                font.pixelSize: Theme.fontText
                activeFocusOnTab: true
                Accessible.role: Accessible.EditableText
                Accessible.name: field.label
                onTextEdited: field.edited()
                Keys.onReturnPressed: field.fixed && field.suggestions.length ? field.openList() : field.accepted()
                Keys.onEnterPressed: field.accepted()
                Keys.onDownPressed: field.openList()
                Keys.onSpacePressed: function (event) {
                    event.accepted = field.fixed;
                    if (field.fixed)
                        field.openList();
                }
                onActiveFocusChanged: activeFocus ? selectAll() : deselect()
            }

            Words {
                visible: input.text === "" && !input.inputMethodComposing
                anchors.left: input.left
                anchors.right: input.right
                anchors.verticalCenter: parent.verticalCenter
                wrapMode: Text.NoWrap
                elide: Text.ElideRight
                lineHeight: 1
                text: field.placeholder
                color: Theme.muted
            }

            Item {
                id: opener
                visible: field.suggestions.length > 0
                anchors.right: parent.right
                width: Theme.px(28)
                height: parent.height

                Sign {
                    anchors.centerIn: parent
                    name: "down"
                    size: Theme.px(14)
                    colour: Theme.muted
                }
            }

            MouseArea {
                anchors.fill: field.fixed ? parent : opener
                enabled: opener.visible
                cursorShape: Qt.PointingHandCursor
                onClicked: {
                    input.forceActiveFocus();
                    field.openList();
                }
            }
        }

        Caption {
            width: parent.width
            visible: field.error !== ""
            text: field.error
            color: Theme.bad
        }
    }

    DropList {
        id: list
        owner: box
        items: field.suggestions
        shown: field.shown
        onPicked: function (index) { field.pick(index); }
        onClosed: input.forceActiveFocus()
    }
}
