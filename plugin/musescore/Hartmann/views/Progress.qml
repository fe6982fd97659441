import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings
import "../js/words.js" as WordsJs

// Where the work stands, in a line; what went wrong, and what can be done about it.
Column {
    id: progress

    property var composer: null
    readonly property string phase: composer.phase

    signal tryAgain()

    function headline() {
        if (composer.cancelling)
            return Strings.t.cancelling;
        switch (phase) {
        case "sending": return composer.serverMessage === "" ? Strings.t.sending : Strings.t.waitingForBridge;
        case "queued": return composer.before > 0 ? Strings.fill(Strings.t.queued, composer.before) : Strings.t.sending;
        case "running": return Strings.t["doing_" + composer.current] || Strings.t.sending;
        case "finished": return composer.score && composer.score.title ? composer.score.title : Strings.t.finished;
        case "cancelled": return Strings.t.cancelled;
        case "failed": return Strings.t.failed;
        }
        return "";
    }

    spacing: Theme.gap

    Item {
        width: parent.width
        height: Math.max(heading.height, time.height)

        Words {
            id: heading
            width: parent.width - (time.visible ? time.width + Theme.gap : 0)
            text: progress.headline()
            font.pixelSize: Theme.fontHead
            font.weight: Font.DemiBold
            Accessible.role: Accessible.Heading
            Accessible.name: text
        }

        Words {
            id: time
            readonly property real seconds: progress.composer.seconds.total
            visible: seconds > 0
            anchors.right: parent.right
            anchors.baseline: heading.baseline
            wrapMode: Text.NoWrap
            text: WordsJs.duration(seconds)
            color: Theme.muted
        }
    }

    Notice {
        visible: progress.composer.interrupted && progress.composer.busy
        title: progress.composer.serverMessage || Strings.t.noServerTitle
        words: progress.phase === "sending" ? Strings.t.waitingForBridge : Strings.t.lostWhileWatching
    }

    Notice {
        visible: progress.phase === "failed"
        tone: "bad"
        title: Strings.t.failedText
        words: progress.composer.failure ? progress.composer.failure.message : ""

        PushButton {
            text: Strings.t.tryAgain
            onClicked: progress.tryAgain()
        }
    }

    Notice {
        visible: progress.phase === "cancelled"
        title: Strings.t.cancelledText

        PushButton {
            text: Strings.t.tryAgain
            onClicked: progress.tryAgain()
        }
    }
}
