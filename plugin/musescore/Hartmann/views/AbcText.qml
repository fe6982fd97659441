import QtQuick 2.9
import "../controls"

// Notation as text, in a fixed pitch. `tail`: only so many lines from the end; 0 for all.
Rectangle {
    id: box

    property string text: ""
    property int tail: 0

    function shown() {
        var lines = text.replace(/\n+$/, "").split("\n");
        return (tail > 0 ? lines.slice(-tail) : lines).join("\n");
    }

    height: words.height + 2 * Theme.small
    implicitHeight: height
    radius: Theme.px(4)
    color: Theme.raised

    Words {
        id: words
        x: Theme.small
        y: Theme.small
        width: parent.width - 2 * Theme.small
        wrapMode: Text.WrapAnywhere
        font.family: "monospace"
        font.pixelSize: Theme.fontNote
        text: box.shown()
    }
}
