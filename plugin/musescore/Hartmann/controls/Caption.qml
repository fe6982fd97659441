import QtQuick 2.9
import "."

// The name above a field or a group, and whatever is wrong with it below: used by every field.
Words {
    color: Theme.muted
    font.pixelSize: Theme.fontNote
}
