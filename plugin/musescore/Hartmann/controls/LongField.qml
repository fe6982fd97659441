import QtQuick 2.9
import "."

// Several lines of text with a name above. Tab leaves it; Ctrl+Enter asks for the main thing to happen.
FocusScope {
    id: field

    property string label: ""
    property alias text: edit.text
    property string placeholder: ""
    property int lines: 3
    property int mostLines: 8

    signal accepted()
    signal edited()

    implicitHeight: column.height
    height: implicitHeight

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
            readonly property real lineHeight: Theme.px(18)
            width: parent.width
            height: Math.min(Math.max(edit.contentHeight, field.lines * lineHeight), field.mostLines * lineHeight)
                    + 2 * Theme.px(8)
            radius: Theme.radius
            color: Theme.surface
            border.width: edit.activeFocus ? Math.max(2, Theme.px(2)) : 1
            border.color: edit.activeFocus ? Theme.accent : Theme.line

            Flickable {
                id: flick
                anchors.fill: parent
                anchors.margins: Theme.px(8)
                anchors.leftMargin: Theme.px(10)
                anchors.rightMargin: Theme.px(10)
                clip: true
                contentWidth: width
                contentHeight: edit.contentHeight
                boundsBehavior: Flickable.StopAtBounds
                interactive: contentHeight > height

                MouseArea {
                    width: flick.width
                    height: flick.height
                    cursorShape: Qt.IBeamCursor
                    onPressed: edit.forceActiveFocus()
                }

                function follow(cursor) {
                    if (cursor.y < contentY)
                        contentY = cursor.y;
                    else if (cursor.y + cursor.height > contentY + height)
                        contentY = cursor.y + cursor.height - height;
                }

                TextEdit {
                    id: edit
                    focus: true
                    width: flick.width
                    textFormat: TextEdit.PlainText
                    wrapMode: TextEdit.Wrap
                    color: Theme.text
                    selectionColor: Theme.accent
                    selectedTextColor: Theme.accentInk
                    selectByMouse: true
                    font.pixelSize: Theme.fontText
                    activeFocusOnTab: true
                    Accessible.role: Accessible.EditableText
                    Accessible.name: field.label
                    onTextChanged: field.edited()
                    onCursorRectangleChanged: flick.follow(cursorRectangle)
                    Keys.onPressed: function (event) {
                        var enter = event.key === Qt.Key_Return || event.key === Qt.Key_Enter;
                        if (event.key === Qt.Key_Tab || event.key === Qt.Key_Backtab) {
                            var next = edit.nextItemInFocusChain(event.key === Qt.Key_Tab);
                            if (next)
                                next.forceActiveFocus(Qt.TabFocusReason);
                            event.accepted = true;
                        } else if (enter && event.modifiers & Qt.ControlModifier) {
                            field.accepted();
                            event.accepted = true;
                        }
                    }
                }
            }

            Words {
                visible: edit.text === ""
                anchors.left: parent.left
                anchors.right: parent.right
                anchors.top: parent.top
                anchors.margins: Theme.px(8)
                anchors.leftMargin: Theme.px(10)
                text: field.placeholder
                color: Theme.muted
                lineHeight: 1
            }
        }
    }
}
