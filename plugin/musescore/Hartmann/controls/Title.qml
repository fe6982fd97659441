import QtQuick 2.9
import "."

// The heading of a part.
Words {
    font.pixelSize: Theme.fontTitle
    font.weight: Font.DemiBold
    Accessible.role: Accessible.Heading
    Accessible.name: text
}
