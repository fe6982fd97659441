import QtQuick 2.9
import "."

// A surface that holds what belongs together, in a column.
Rectangle {
    id: card

    default property alias content: column.data
    property alias spacing: column.spacing
    property real padding: Theme.px(14)

    width: parent ? parent.width : 0
    height: column.height + 2 * padding
    implicitHeight: height
    radius: Theme.px(8)
    color: Theme.surface
    border.width: 1
    border.color: Theme.line

    Column {
        id: column
        x: card.padding
        y: card.padding
        width: card.width - 2 * card.padding
        spacing: Theme.small
    }
}
