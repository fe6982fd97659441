import QtQuick 2.9
import "../js/wire.js" as Wire
import "../js/strings.js" as Strings

// The way to the bridge: where it is, whether it and the server behind it are there, and requests to it. It looks again
// by itself: every second while something is missing, every ten while all is well. The file that names the bridge is
// read anew at each look after a failure, since a bridge that was restarted may have another port.
Item {
    id: bridge

    // Set by the owner: texts of the files that may name the bridge, best first; see `findConnection`.
    property var connectionTexts: function () { return []; }

    // "looking", "noBridge" (no file, or nobody answers), "refused" (the token does not fit), "noServer", "starting",
    // "ready"
    property string status: "looking"
    property string message: ""
    property string editor: ""
    readonly property bool there: status === "noServer" || status === "starting" || status === "ready"
    readonly property bool ready: status === "ready"
    property var connection: null
    property bool running: false
    property bool asking: false
    property bool askAgain: false

    signal becameReady()

    function start() {
        running = true;
        look();
    }

    function stop() {
        running = false;
        timer.stop();
    }

    // Reads where the bridge is. True when a file named one.
    function findConnection() {
        var texts = connectionTexts();
        for (var i = 0; i < texts.length; i++) {
            var found = Wire.parsed(texts[i]);
            if (found && found.url && found.token) {
                connection = found;
                return true;
            }
        }
        connection = null;
        return false;
    }

    // Asks how things are, now.
    function look() {
        if (!running)
            return;
        if (asking) {
            askAgain = true;
            return;
        }
        if ((!connection || !there) && !findConnection())
            return enter("noBridge", "");
        asking = true;
        overdue.restart();
        var asked = ++overdue.asked;
        Wire.request(connection, "GET", "/v1/health", null, function (answer) {
            if (overdue.asked === asked)
                hear(answer);
        });
    }

    function hear(answer) {
        asking = false;
        overdue.stop();
        overdue.asked++;
        if (!running)
            return;
        if (answer.error)
            return enter(answer.status === 401 || answer.status === 403 ? "refused" : "noBridge", answer.error.message);
        var server = (answer.body && answer.body.server) || {};
        editor = answer.body && answer.body.musescore ? answer.body.musescore.version || "" : "";
        var states = { ready: "ready", starting: "starting" };
        enter(states[server.state] || "noServer", server.message || "");
    }

    function enter(state, words) {
        var wasReady = ready;
        status = state;
        message = words || "";
        timer.interval = ready ? 10000 : 1000;
        timer.restart();
        if (askAgain) {
            askAgain = false;
            look();
        }
        if (ready && !wasReady)
            becameReady();
    }

    // A request found nobody: look at once.
    function lost() {
        if (there)
            status = "looking";
        look();
    }

    // One request; done({ status, body, error }). Without an answer, status is 0 and the error says so.
    function request(method, path, body, done) {
        if (!connection && !findConnection())
            return done({ status: 0, body: null, error: { reason: "NO_BRIDGE", message: Strings.t.noBridgeTitle } });
        Wire.request(connection, method, path, body, function (answer) {
            if (answer.status === 0 || answer.status === 401)
                lost();
            if (answer.error && !answer.error.message)
                answer.error.message = answer.status ? Strings.fill(Strings.t.errorUnknown, answer.status)
                                                     : Strings.t.errorNoAnswer;
            done(answer);
        });
    }

    Timer {
        id: timer
        onTriggered: bridge.look()
    }

    // A bridge that takes the question and never answers counts as none.
    Timer {
        id: overdue
        property int asked: 0
        interval: 8000
        onTriggered: bridge.hear({ status: 0, body: null, error: { reason: "NO_ANSWER", message: "" } })
    }
}
