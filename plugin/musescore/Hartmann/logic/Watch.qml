import QtQuick 2.9
import "../js/wire.js" as Wire

// Follows one composition's events to the end, whatever happens to the connection: a stream that ends too early or
// falls silent is opened again after the last number seen. The lease tells the bridge that somebody still listens,
// since aborting a request in QML does not close its connection; every stream has a lease of its own.
Item {
    id: watch

    property var bridge: null
    property string composition: ""
    property bool active: false
    property bool interrupted: false
    property int last: 0
    property int silence: 45000

    // An event, as the bridge sends it.
    signal heard(var event)
    // The server went away ("away") or came back ("back"), says the bridge; with its sentence.
    signal serverChanged(string server, string message)
    // The composition can't be watched: a sentence, for instance that it is gone.
    signal refused(string reason, string message)

    property var stream: null
    property string lease: ""

    function follow(id, after) {
        stop();
        composition = id;
        last = after;
        active = true;
        open();
    }

    function stop() {
        active = false;
        interrupted = false;
        again.stop();
        release();
    }

    function release() {
        if (stream)
            stream.close();
        stream = null;
        lease = "";
    }

    function open() {
        release();
        if (!active || !bridge.connection)
            return again.restart();
        lease = Wire.unique();
        renew();
        quiet.restart();
        var path = "/v1/compositions/" + composition + "/events?after=" + last + "&lease=" + lease;
        stream = Wire.stream(bridge.connection, path, take, end);
    }

    function renew() {
        if (lease !== "")
            Wire.request(bridge.connection, "POST", "/v1/leases/" + lease, null, function () {});
    }

    function take(line) {
        quiet.restart();
        interrupted = false;
        again.pause = 300;
        if (line.bridge && line.bridge.error) {
            stop();
            return refused(line.bridge.error.reason || "", line.bridge.error.message || "");
        }
        if (line.bridge)
            return serverChanged(line.bridge.server || "", line.bridge.message || "");
        last = Math.max(last, Number(line.sequence || 0));
        heard(line);
        if (line.score || line.failed || line.cancelled)
            stop();
    }

    function end(answer) {
        stream = null;
        lease = "";
        if (!active)
            return;
        if (answer.status === 404 || answer.status === 422) {
            stop();
            return refused(answer.error.reason, answer.error.message);
        }
        interrupted = true;
        if (answer.status === 0 || answer.status === 401)
            bridge.lost();
        again.restart();
    }

    // The next try: soon, then more and more slowly, up to two seconds.
    Timer {
        id: again
        property int pause: 300
        interval: pause
        onTriggered: {
            pause = Math.min(2000, pause * 1.5);
            watch.open();
        }
    }

    Timer {
        interval: 5000
        running: watch.active && watch.stream !== null
        repeat: true
        onTriggered: watch.renew()
    }

    // The server sends heartbeats; a stream without any is dead.
    Timer {
        id: quiet
        interval: watch.silence
        running: watch.active && watch.stream !== null
        onTriggered: {
            watch.interrupted = true;
            watch.open();
        }
    }
}
