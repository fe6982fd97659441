import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings
import "../js/words.js" as WordsJs

// One composition: its stages above, what the chosen stage brought below. The view goes along with the work until
// somebody chooses a stage; a new composition makes it go along again.
Item {
    id: page

    property var composer: null
    property string stage: "caption"
    property bool following: true
    readonly property bool empty: composer.phase === "idle" && composer.compositionId === ""

    // "Back to the form, with this": asks for a new piece with the same settings.
    signal again()

    function show(key) {
        stage = key;
        scroller.toTop();
    }

    function reach(key) {
        if (key === "caption")
            following = true;
        if (following)
            show(key);
    }

    StagesBar {
        id: bar
        visible: !page.empty
        x: Theme.px(16)
        y: Theme.px(12)
        width: parent.width - 2 * x
        composer: page.composer
        current: page.stage
        onChosen: function (key) {
            page.following = false;
            page.show(key);
        }
    }

    Scroller {
        id: scroller
        anchors.top: page.empty ? parent.top : bar.bottom
        anchors.bottom: parent.bottom
        width: parent.width
        most: Theme.px(720)

        Introduction {
            visible: page.empty
            width: parent.width
        }

        Progress {
            visible: !page.empty
            width: parent.width
            composer: page.composer
            onTryAgain: page.again()
        }

        CaptionPanel {
            visible: !page.empty && page.stage === "caption"
            width: parent.width
            composer: page.composer
        }

        ReferencesPanel {
            visible: !page.empty && page.stage === "retrieve"
            width: parent.width
            composer: page.composer
        }

        DraftsPanel {
            visible: !page.empty && (page.stage === "draft" || page.stage === "refine")
            width: parent.width
            composer: page.composer
        }

        ExplanationPanel {
            visible: !page.empty && page.stage === "explain"
            width: parent.width
            composer: page.composer
        }

        ScorePanel {
            visible: !page.empty && page.stage === "engrave"
            width: parent.width
            composer: page.composer
            onAgain: page.again()
            onExplain: {
                page.following = false;
                page.show("explain");
            }
        }
    }
}
