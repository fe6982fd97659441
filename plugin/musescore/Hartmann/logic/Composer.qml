import QtQuick 2.9
import "../js/wire.js" as Wire
import "../js/story.js" as Story
import "../js/strings.js" as Strings
import "../js/words.js" as Words

// What the window shows of one composition, and what can be done to it. The order of things:
// compose() → "sending" → the composition's events → "finished", "failed" or "cancelled" → the score opens.
// What can't be sent because the bridge or the server is away is kept and sent when they are back; the same request id
// each time makes sure that it happens once.
Item {
    id: composer

    property alias bridge: watch.bridge
    // Set by the owner. open(files, done(ok)): brings a score before the person; opens through the bridge where
    // `throughBridge` is true.
    property var editor: null
    property bool opensByItself: true

    // "idle", "sending", "queued", "running", "finished", "failed", "cancelled"
    property string phase: "idle"
    readonly property bool busy: phase === "sending" || phase === "queued" || phase === "running"
    readonly property bool over: phase === "finished" || phase === "failed" || phase === "cancelled"
    property bool cancelling: false
    property string compositionId: ""

    // Parts of the story; each is set only when it changed.
    property var stages: Story.begin().stages
    property string current: ""
    property string caption: ""
    property bool captionDone: false
    property var references: []
    property bool referencesDone: false
    property string referencesNote: ""
    property var drafts: []
    property var writing: ({ number: 0, text: "" })
    property string motivation: ""
    property var explanation: null
    property var score: null
    property var failure: null
    property var seed: null
    property string model: ""
    property int before: 0
    // Seconds so far: { total, caption, retrieve, … }
    property var seconds: ({ total: 0 })

    // Pictures of the composition, as the bridge lists them: { picture, attention, drafts }.
    property var pictures: null
    // A refused order: { message, field }.
    property var refusal: null
    // "", "opening", "opened", "notOpened"
    property string opening: ""
    property var files: null
    property string serverMessage: ""
    readonly property bool interrupted: watch.interrupted || serverMessage !== ""

    // A composition began, or ended: the list of earlier ones is out of date.
    signal listChanged()
    // Somebody should see this stage.
    signal stageReached(string key)

    property var story: Story.begin()
    property var pending: null
    property bool openPending: false

    // Sends an order: the body of POST /v1/compositions.
    function compose(order) {
        send("/v1/compositions", order);
    }

    // Begins anew from a stage of what is shown. changes: { caption, instruction, seed, keep_seed }
    function revise(stage, changes) {
        changes.from_stage = stage;
        send("/v1/compositions/" + compositionId + "/revise", changes);
    }

    function send(path, body) {
        clear();
        body.request_id = Wire.unique();
        pending = { path: path, body: body };
        phase = "sending";
        stageReached("caption");
        deliver();
    }

    function deliver() {
        var order = pending;
        if (!order || order.underway)
            return;
        order.underway = true;
        bridge.request("POST", order.path, order.body, function (answer) {
            order.underway = false;
            if (pending !== order)
                return answer.body && answer.body.id ? cancelUnwanted(answer.body.id) : undefined;
            if (answer.status === 0 || answer.status === 401 || answer.status >= 502) {
                serverMessage = answer.error.message;
                return bridge.look();
            }
            pending = null;
            serverMessage = "";
            if (answer.error)
                return refuse(answer.error);
            begin(answer.body);
        });
    }

    function refuse(error) {
        phase = "idle";
        refusal = error;
    }

    function begin(composition) {
        compositionId = composition.id;
        phase = "queued";
        listChanged();
        watch.follow(compositionId, 0);
        askPictures();
        if (cancelling)
            cancel();
    }

    // Shows an earlier composition, from its first event.
    function show(composition) {
        clear();
        compositionId = composition.id;
        phase = composition.state === "running" || composition.state === "queued" ? "queued" : composition.state;
        quietly = phase !== "queued";
        watch.follow(compositionId, 0);
        askPictures();
    }
    property bool quietly: false

    function cancel() {
        if (!busy)
            return;
        if (phase === "sending" && !(pending && pending.underway)) {
            pending = null;
            serverMessage = "";
            phase = "idle";
            return;
        }
        cancelling = true;
        if (compositionId !== "")
            bridge.request("POST", "/v1/compositions/" + compositionId + "/cancel", null, function (answer) {
                if (answer.error && answer.status !== 0 && answer.status < 500)
                    cancelling = false;
            });
    }

    function cancelUnwanted(id) {
        bridge.request("POST", "/v1/compositions/" + id + "/cancel", null, function () {});
    }

    // Leaves what is shown; a composition under way goes on at the server.
    function clear() {
        watch.stop();
        pending = null;
        compositionId = "";
        cancelling = false;
        quietly = false;
        openPending = false;
        opening = "";
        files = null;
        pictures = null;
        refusal = null;
        serverMessage = "";
        story = Story.begin();
        phase = "idle";
        copy(["caption", "references", "drafts", "writing", "motivation", "explanation", "score", "failure",
              "accepted", "progress"]);
    }

    function stop() {
        watch.stop();
    }

    function take(event) {
        var changed = Story.add(story, event, Date.now());
        if (!changed.length)
            return;
        copy(changed);
        if (story.state !== "queued" || phase !== "queued")
            phase = story.state;
        if (event.stageStarted !== undefined && !quietly)
            stageReached(story.current);
        if (event.draft || event.explanation || event.score || event.caption)
            askPictures();
        if (story.ended)
            finish();
    }

    function copy(changed) {
        for (var i = 0; i < changed.length; i++) {
            switch (changed[i]) {
            case "caption": caption = story.caption; captionDone = story.captionDone; break;
            case "references":
                references = story.references;
                referencesNote = story.referencesNote;
                referencesDone = story.referencesDone;
                break;
            case "drafts": drafts = story.drafts; break;
            case "writing": writing = story.writing; break;
            case "motivation": motivation = story.motivation; break;
            case "explanation": explanation = story.explanation; break;
            case "score": score = story.score; break;
            case "failure": failure = story.failure; break;
            case "accepted": seed = story.seed; model = story.model; before = story.before; break;
            case "progress":
                stages = copyOf(story.stages);
                current = story.current;
                tick();
                break;
            }
        }
    }

    function copyOf(stages) {
        var copied = {};
        for (var key in stages)
            copied[key] = stages[key];
        return copied;
    }

    function finish() {
        cancelling = false;
        serverMessage = "";
        listChanged();
        if (phase !== "finished")
            return;
        stageReached("engrave");
        if (opensByItself && !quietly)
            open();
    }

    function askPictures() {
        var id = compositionId;
        if (id !== "")
            bridge.request("GET", "/v1/compositions/" + id + "/pictures", null, function (answer) {
                if (!answer.error && id === compositionId)
                    pictures = answer.body;
            });
    }

    // The engraved preview of a draft: its URL, "" while there is none.
    function preview(number) {
        var drafts = (pictures && pictures.drafts) || [];
        for (var i = 0; i < drafts.length; i++)
            if (drafts[i].number === number)
                return drafts[i].png || "";
        return "";
    }

    // Saves the score and brings it before the person.
    function open() {
        if (compositionId === "")
            return;
        opening = "opening";
        openPending = true;
        tryToOpen();
    }

    function tryToOpen() {
        var id = compositionId, way = editor.throughBridge ? "open" : "save";
        bridge.request("POST", "/v1/compositions/" + id + "/" + way, editor.throughBridge ? { version: editor.version } : { fresh: true }, function (answer) {
            if (id !== compositionId || !openPending)
                return;
            if (answer.status === 0 || answer.status === 401 || answer.status >= 502)
                return bridge.look();
            openPending = false;
            files = answer.body && answer.body.files ? answer.body.files : files;
            if (answer.error) {
                opening = "notOpened";
                refusal = answer.error;
            } else if (way === "open") {
                opening = "opened";
            } else {
                editor.open(files.musicxml, function (opened) {
                    if (id === compositionId)
                        opening = opened ? "opened" : "notOpened";
                });
            }
        });
    }

    // The bridge or the server is back: what waited goes out.
    function resume() {
        serverMessage = "";
        deliver();
        if (openPending)
            tryToOpen();
        if (cancelling && compositionId !== "")
            cancel();
        if (pictures === null)
            askPictures();
    }

    function tick() {
        var now = Date.now(), times = { total: Story.totalSeconds(story, now) };
        for (var key in story.stages)
            times[key] = Story.stageSeconds(story, key, now);
        seconds = times;
    }

    Watch {
        id: watch
        onHeard: function (event) { composer.take(event); }
        onServerChanged: function (server, message) {
            composer.serverMessage = server === "away" ? message || Strings.t.noServerTitle : "";
        }
        onRefused: function (reason, message) {
            composer.failure = { reason: reason, message: message };
            composer.phase = "failed";
        }
    }

    Timer {
        interval: 200
        running: composer.phase === "queued" || composer.phase === "running"
        repeat: true
        onTriggered: composer.tick()
    }

    // While an order waits for the bridge or the server, it is tried again now and then.
    Timer {
        interval: 1000
        running: composer.pending !== null || composer.openPending
        repeat: true
        onTriggered: {
            if (composer.bridge.ready && composer.pending)
                composer.deliver();
            else if (composer.bridge.ready && composer.openPending)
                composer.tryToOpen();
        }
    }
}
