import QtQuick 2.9
import "."

// A row of words of which one is chosen. One stop for Tab; the arrow keys move the choice. Words that don't fit
// go on in the next row.
FocusScope {
    id: segments

    property var items: []
    property int current: 0
    property string label: ""
    // "words" (roomy) or "cells" (small squares for numbers)
    property string kind: "words"

    signal chosen(int index)

    function choose(index) {
        if (index < 0 || index >= items.length)
            return;
        chosen(index);
    }

    implicitHeight: flow.height
    height: implicitHeight
    activeFocusOnTab: items.length > 0
    Accessible.role: Accessible.PageTabList
    Accessible.name: label
    Keys.onLeftPressed: choose(current - 1)
    Keys.onRightPressed: choose(current + 1)

    Flow {
        id: flow
        width: parent.width
        spacing: segments.kind === "cells" ? Theme.tiny : Theme.px(6)

        Repeater {
            model: segments.items

            Rectangle {
                readonly property bool on: index === segments.current
                width: Math.min(flow.width, Math.max(segments.kind === "cells" ? Theme.px(30) : 0,
                                                     words.implicitWidth + 2 * Theme.px(segments.kind === "cells" ? 6 : 11)))
                height: words.height + 2 * Theme.px(segments.kind === "cells" ? 3 : 5)
                radius: segments.kind === "cells" ? Theme.px(4) : height / 2
                color: on ? Theme.accentSoft : area.containsMouse ? Theme.raised : Theme.surface
                border.width: on ? Math.max(1, Theme.px(1.5)) : 1
                border.color: on ? Theme.accent : Theme.line

                Words {
                    id: words
                    anchors.centerIn: parent
                    width: Math.min(implicitWidth, parent.width - Theme.px(8))
                    horizontalAlignment: Text.AlignHCenter
                    lineHeight: 1
                    text: modelData
                    color: on ? Theme.accent : Theme.text
                    font.pixelSize: segments.kind === "cells" ? Theme.fontNote : Theme.fontText
                }

                FocusRing {
                    shown: segments.activeFocus && (on || (segments.current < 0 && index === 0))
                    radius: parent.radius + Theme.px(3)
                }

                MouseArea {
                    id: area
                    anchors.fill: parent
                    hoverEnabled: true
                    cursorShape: Qt.PointingHandCursor
                    onClicked: {
                        segments.forceActiveFocus();
                        segments.choose(index);
                    }
                }
            }
        }
    }

}
