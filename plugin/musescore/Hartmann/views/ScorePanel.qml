import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings
import "../js/words.js" as WordsJs

// The result: opened in the editor, saved as a file, and what to do with it next.
Column {
    id: panel

    property var composer: null
    readonly property var score: composer.score
    readonly property bool done: score !== null

    signal again()
    signal explain()

    function write(changes) {
        composer.revise("draft", changes);
    }

    spacing: Theme.gap

    Words {
        width: parent.width
        visible: !panel.done && !panel.composer.over
        text: Strings.t.nothingYet
        color: Theme.muted
    }

    Card {
        visible: panel.done
        spacing: Theme.px(10)

        Paper {
            width: parent.width
            most: Theme.px(230)
            visible: source != ""
            source: panel.done ? panel.composer.preview(panel.score.draft) : ""
            label: Strings.t.engraving
        }

        Words {
            width: parent.width
            visible: text !== ""
            text: panel.done ? panel.score.rule : ""
        }

        Flow {
            width: parent.width
            spacing: Theme.small

            PushButton {
                limit: parent.width
                kind: "primary"
                enabled: panel.composer.opening !== "opening"
                text: panel.composer.opening === "opening" ? Strings.t.opening
                    : panel.composer.opening === "opened" ? Strings.t.openAgain : Strings.t.openScore
                onClicked: panel.composer.open()
            }

            PushButton {
                limit: parent.width
                text: Strings.t.anotherSeed
                onClicked: panel.write({ keep_seed: false })
            }

            PushButton {
                limit: parent.width
                text: Strings.t.reuse
                onClicked: panel.again()
            }
        }

        Notice {
            visible: panel.composer.opening === "notOpened"
            title: panel.composer.refusal ? panel.composer.refusal.message : Strings.t.notOpened
            words: panel.composer.refusal ? "" : panel.composer.files ? panel.composer.files.musicxml : ""
        }

        Item {
            visible: panel.composer.opening === "opened"
            width: parent.width
            height: openedWords.height

            Sign {
                id: openedSign
                name: "check"
                colour: Theme.good
            }

            Words {
                id: openedWords
                x: openedSign.width + Theme.px(6)
                width: parent.width - x
                text: Strings.t.opened
                color: Theme.good
            }
        }

        Column {
            width: parent.width
            spacing: Theme.px(2)

            Caption {
                width: parent.width
                visible: panel.composer.opening !== "notOpened" && panel.composer.files !== null
                wrapMode: Text.WrapAtWordBoundaryOrAnywhere
                text: visible ? Strings.fill(Strings.t.savedAs, panel.composer.files.musicxml) : ""
            }

            Caption {
                width: parent.width
                wrapMode: Text.WrapAtWordBoundaryOrAnywhere
                visible: panel.composer.seed !== null
                text: Strings.fill(Strings.t.writtenBy, panel.composer.seed, panel.composer.model)
            }
        }
    }

    ReasonsCard {
        visible: panel.done && (panel.composer.motivation !== "" || !!attention)
        composer: panel.composer
        onMore: panel.explain()
    }

    Card {
        visible: panel.done

        Title {
            width: parent.width
            text: Strings.t.whatNext
        }

        LongField {
            id: instruction
            width: parent.width
            label: Strings.t.instruction
            placeholder: Strings.t.instructionPlaceholder
            lines: 1
            onAccepted: if (rewrite.enabled) rewrite.clicked()
        }

        PushButton {
            id: rewrite
            enabled: instruction.text.trim() !== ""
            text: Strings.t.writeAgain
            onClicked: {
                var words = instruction.text.trim();
                instruction.text = "";
                panel.write({ instruction: words, keep_seed: true });
            }
        }
    }
}
