import QtQuick 2.9
import QtQuick.Window 2.2
import "../controls"
import "../logic"
import "../js/strings.js" as Strings
import "../js/wire.js" as Wire

// The whole window. Wide: what is asked on the left, what comes of it on the right. Narrow: one page at a time.
// It does nothing until `start()`, and stops when its window is closed: a closed dialog is not destroyed.
FocusScope {
    id: face

    // The editor's side; see the main file for what it offers.
    property var editor: null
    readonly property bool wide: width >= Theme.px(780)
    property string page: "ask"
    property bool started: false

    readonly property bool shown: Window.window ? Window.window.visible : true
    onShownChanged: if (started && !shown) stop()

    function start() {
        if (!OpenWindow.admit(face))
            return leave.start();
        Strings.speak(Qt.locale().name);
        Theme.systemScale = Math.max(1, Math.min(2.5, plain.font.pixelSize / 13));
        Theme.editorIsDark = editor.isDark();
        recall();
        started = true;
        link.start();
        ask.focusFirst();
    }

    function stop() {
        started = false;
        keepSoon.stop();
        remember();
        work.stop();
        link.stop();
    }

    function raise() {
        if (Window.window) {
            Window.window.raise();
            Window.window.requestActivate();
        }
    }

    // A second window goes as soon as the editor has finished making it.
    Timer {
        id: leave
        interval: 1
        onTriggered: face.editor.close()
    }

    function compose() {
        var order = ask.order();
        if (order === null)
            return show("ask");
        if (ask.use > 0 && editor.selection !== null) {
            order.excerpt = editor.excerpt(ask.use === 1 ? "continue" : "vary");
            if (order.excerpt === null) {
                work.refusal = { message: Strings.t.excerptUnreadable, field: "excerpt" };
                return;
            }
        }
        ask.recent = [order.picture].concat(ask.recent.filter(function (p) { return p !== order.picture; })).slice(0, 8);
        work.compose(order);
        show("result");
        rest.forceActiveFocus();
    }

    function takePicture(path) {
        ask.takePicture(path);
    }

    function show(which) {
        page = which;
    }

    // What is remembered from one time to the next, as a text for the editor's settings.
    function remember() {
        editor.remember(JSON.stringify({
            picture: ask.picturePath, prompt: ask.prompt, wishes: ask.wishes, seed: ask.seed, seedLocked: ask.seedLocked,
            recent: ask.recent, kept: ask.kept, theme: Theme.choice, textSize: Theme.textSize,
            opensByItself: work.opensByItself, watching: work.busy ? work.compositionId : ""
        }));
    }

    property string resumeId: ""

    function recall() {
        var kept = Wire.parsed(editor.recall());
        if (!kept)
            return;
        ask.picturePath = kept.picture || "";
        ask.prompt = kept.prompt || "";
        ask.recent = kept.recent || [];
        ask.kept = kept.kept || [];
        ask.seed = kept.seed || "";
        ask.seedLocked = kept.seedLocked === true;
        ask.setWishes(kept.wishes || {});
        Theme.choice = kept.theme || "editor";
        Theme.textSize = kept.textSize || 1;
        work.opensByItself = kept.opensByItself !== false;
        resumeId = kept.watching || "";
    }

    // A piece that was being written when the window was closed is shown again.
    function takeUp() {
        var id = resumeId;
        resumeId = "";
        if (id !== "" && work.phase === "idle")
            link.request("GET", "/v1/compositions/" + id, null, function (answer) {
                if (answer.error || work.phase !== "idle")
                    return;
                work.show(answer.body);
                show("result");
            });
    }

    Keys.onPressed: function (event) {
        var enter = event.key === Qt.Key_Return || event.key === Qt.Key_Enter;
        if (enter && event.modifiers & Qt.ControlModifier && !work.busy) {
            event.accepted = true;
            compose();
        } else if (event.key === Qt.Key_Escape) {
            event.accepted = true;
            work.busy ? actions.focusCancel() : editor.close();
        }
    }

    Bridge {
        id: link
        connectionTexts: function () { return face.editor.connectionTexts(); }
        onBecameReady: {
            ask.checkPicture();
            past.refresh();
            work.resume();
            face.takeUp();
        }
        onThereChanged: if (there && !ready) ask.checkPicture()
    }

    Composer {
        id: work
        bridge: link
        editor: face.editor
        onListChanged: {
            past.refresh();
            keepSoon.restart();
        }
        onStageReached: function (key) { result.reach(key); }
        onBusyChanged: if (!face.activeFocus) rest.forceActiveFocus()
        onRefusalChanged: {
            if (refusal === null || opening !== "")
                return;
            ask.showRefusal(refusal);
            face.show("ask");
        }
    }

    Earlier {
        id: past
        bridge: link
    }

    Timer {
        id: keepSoon
        interval: 400
        onTriggered: face.remember()
    }

    // The selection in the score changes without telling anybody.
    Timer {
        interval: 700
        running: face.started && face.shown
        repeat: true
        triggeredOnStart: true
        onTriggered: face.editor.look()
    }

    Text { id: plain; visible: false }

    Rectangle {
        anchors.fill: parent
        color: Theme.ground
    }

    Header {
        id: header
        width: parent.width
        bridge: link
        onViewAsked: view.visible = true
    }

    Item {
        id: left
        anchors.top: header.bottom
        anchors.bottom: parent.bottom
        width: face.wide ? Theme.px(390) : parent.width

        PageTabs {
            id: tabs
            width: parent.width
            pages: face.wide ? ["ask", "earlier"] : ["ask", "result", "earlier"]
            current: face.wide && face.page === "result" ? "ask" : face.page
            onChosen: function (page) { face.show(page); }
        }

        Item {
            anchors.top: tabs.bottom
            anchors.bottom: actions.top
            width: parent.width

            ConnectionNotice {
                id: connection
                x: Theme.px(16)
                y: visible ? Theme.gap : 0
                width: parent.width - 2 * x
                bridge: link
            }

            Item {
                id: pages
                anchors.top: connection.visible ? connection.bottom : parent.top
                anchors.bottom: parent.bottom
                width: parent.width

                AskPage {
                    id: ask
                    anchors.fill: parent
                    visible: tabs.current === "ask"
                    bridge: link
                    editor: face.editor
                    composer: work
                    onGo: if (!work.busy) face.compose()
                    onChanged: keepSoon.restart()
                }

                EarlierPage {
                    anchors.fill: parent
                    visible: tabs.current === "earlier"
                    earlier: past
                    bridge: link
                    composer: work
                    onShow: function (composition) {
                        work.show(composition);
                        result.following = true;
                        result.show(composition.state === "finished" ? "engrave" : "caption");
                        face.show(face.wide ? "earlier" : "result");
                    }
                    onOpen: function (composition) {
                        work.show(composition);
                        result.show("engrave");
                        work.open();
                        face.show(face.wide ? "earlier" : "result");
                    }
                    onReuse: function (composition) {
                        ask.reuse(composition);
                        face.show("ask");
                    }
                }
            }
        }

        ActionBar {
            id: actions
            anchors.bottom: parent.bottom
            width: parent.width
            composer: work
            error: work.refusal && work.opening === "" && !ask.shows(face.field(work.refusal))
                 ? work.refusal.message : ""
            onCompose: face.compose()
        }
    }

    function field(error) {
        return String(error.field || "").replace(/^wishes\./, "").replace("tempo_bpm", "tempo");
    }

    Rectangle {
        visible: face.wide
        anchors.left: left.right
        anchors.top: header.bottom
        anchors.bottom: parent.bottom
        width: 1
        color: Theme.line
    }

    // Where the keyboard is when nothing has it: Enter presses nothing by mistake, and the next Tab reaches the stages.
    Item { id: rest }

    ResultPage {
        id: result
        parent: face.wide ? face : pages
        anchors.left: parent.left
        anchors.leftMargin: face.wide ? left.width + 1 : 0
        anchors.right: parent.right
        anchors.top: parent.top
        anchors.topMargin: face.wide ? header.height : 0
        anchors.bottom: parent.bottom
        visible: face.wide || tabs.current === "result"
        composer: work
        onAgain: face.show("ask")
    }

    ViewPanel {
        id: view
        visible: false
        anchors.fill: parent
        anchors.topMargin: header.height
        opensByItself: work.opensByItself
        onChanged: keepSoon.restart()
        onOpensChosen: function (itself) {
            work.opensByItself = itself;
            keepSoon.restart();
        }
        onClosed: visible = false
    }
}
