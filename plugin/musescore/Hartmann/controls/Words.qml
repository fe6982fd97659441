import QtQuick 2.9
import "."

// Text as the plugin writes it: plain (what a model wrote is never markup), wrapped, in the theme's colours.
Text {
    textFormat: Text.PlainText
    wrapMode: Text.Wrap
    color: Theme.text
    font.pixelSize: Theme.fontText
    lineHeight: 1.15
}
