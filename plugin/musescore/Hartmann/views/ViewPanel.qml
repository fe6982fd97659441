import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings

// How the window looks, and what happens with a finished score. Escape closes it.
FocusScope {
    id: panel

    readonly property var themes: ["editor", "light", "dark"]
    readonly property var sizes: [1, 1.25, 1.5, 2]
    property bool opensByItself: true

    signal changed()
    signal opensChosen(bool itself)
    signal closed()

    z: 900
    Keys.onEscapePressed: closed()
    onVisibleChanged: if (visible) themes_.forceActiveFocus()

    MouseArea {
        anchors.fill: parent
        onClicked: panel.closed()
    }

    Card {
        width: Math.min(parent.width - 2 * Theme.gap, Theme.px(330))
        x: parent.width - width - Theme.gap
        y: Theme.gap
        border.color: Theme.strongLine
        spacing: Theme.gap

        MouseArea {
            parent: panel.children[1]
            z: -1
            anchors.fill: parent
        }

        Title {
            width: parent.width
            text: Strings.t.viewTheme
        }

        Segments {
            id: themes_
            width: parent.width
            label: Strings.t.viewTheme
            items: [Strings.t.themeEditor, Strings.t.themeLight, Strings.t.themeDark]
            current: panel.themes.indexOf(Theme.choice)
            onChosen: function (index) {
                Theme.choice = panel.themes[index];
                panel.changed();
            }
        }

        Title {
            width: parent.width
            text: Strings.t.viewSize
        }

        Segments {
            width: parent.width
            label: Strings.t.viewSize
            items: panel.sizes.map(function (size) { return Strings.fill(Strings.t.unit_percent, Math.round(100 * size)); })
            current: panel.sizes.indexOf(Theme.textSize)
            onChosen: function (index) {
                Theme.textSize = panel.sizes[index];
                panel.changed();
            }
        }

        Title {
            width: parent.width
            text: Strings.t.viewOpen
        }

        Segments {
            width: parent.width
            label: Strings.t.viewOpen
            items: [Strings.t.openItself, Strings.t.openAsk]
            current: panel.opensByItself ? 0 : 1
            onChosen: function (index) { panel.opensChosen(index === 0); }
        }

        PushButton {
            text: Strings.t.close
            onClicked: panel.closed()
        }
    }
}
