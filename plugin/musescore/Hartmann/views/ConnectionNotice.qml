import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings

// What is missing between this window and the server, and the command that starts it.
Notice {
    property var bridge: null
    readonly property string status: bridge.status
    readonly property var titles: ({
        noBridge: Strings.t.noBridgeTitle, refused: Strings.t.refusedTitle, noServer: Strings.t.noServerTitle,
        starting: Strings.t.startingTitle
    })
    readonly property var texts: ({
        noBridge: Strings.t.noBridgeText, refused: Strings.t.refusedText, noServer: bridge.message,
        starting: bridge.message || Strings.t.startingText
    })

    visible: titles[status] !== undefined
    title: titles[status] || ""
    words: texts[status] || ""
    command: visible && status !== "starting" ? Strings.t.command : ""
}
