pragma Singleton
import QtQuick 2.9

// Colours, sizes and fonts of everything. Two palettes, light and dark, follow the editor's or a choice of the
// person's own; all lengths are in units of a 13-pixel font and grow with the system's font and the person's choice.
// Every text colour has a contrast of at least 4.5 to the grounds that it stands on (WCAG 2.1, 1.4.3).
QtObject {
    id: theme

    // "editor", "light" or "dark"
    property string choice: "editor"
    property bool editorIsDark: false
    readonly property bool dark: choice === "dark" || (choice !== "light" && editorIsDark)

    property real systemScale: 1
    property real textSize: 1
    readonly property real scale: systemScale * textSize

    // A length, in pixels of a 13-pixel font.
    function px(length) {
        return Math.round(length * scale);
    }

    readonly property int gap: px(12)
    readonly property int small: px(8)
    readonly property int tiny: px(4)
    readonly property int radius: px(6)
    readonly property int control: px(32)

    readonly property int fontNote: px(12)
    readonly property int fontText: px(13)
    readonly property int fontTitle: px(15)
    readonly property int fontHead: px(21)

    readonly property color ground: dark ? "#1b1d21" : "#f4f2ee"
    readonly property color surface: dark ? "#25282d" : "#ffffff"
    readonly property color raised: dark ? "#30343b" : "#f7f5f2"
    readonly property color pressed: dark ? "#3b4048" : "#e9e6e0"
    readonly property color line: dark ? "#3a3f47" : "#dedad2"
    readonly property color strongLine: dark ? "#7b838f" : "#8c8a84"
    readonly property color text: dark ? "#eceae6" : "#23252a"
    readonly property color muted: dark ? "#aab0b9" : "#5f646d"
    readonly property color accent: dark ? "#8fbce8" : "#2b5c8a"
    readonly property color accentPressed: dark ? "#a9cdf0" : "#214a70"
    readonly property color accentInk: dark ? "#10202f" : "#ffffff"
    readonly property color accentSoft: dark ? "#29384a" : "#e4edf5"
    readonly property color good: dark ? "#83cda2" : "#26704a"
    readonly property color goodSoft: dark ? "#22382d" : "#e3f1e9"
    readonly property color warn: dark ? "#e6bd6a" : "#855a00"
    readonly property color warnSoft: dark ? "#3c3320" : "#f9efd9"
    readonly property color bad: dark ? "#f4a29b" : "#a8281f"
    readonly property color badSoft: dark ? "#432a2a" : "#fae7e5"
    readonly property color paper: "#ffffff"
}
