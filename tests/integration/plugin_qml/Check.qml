import QtQuick 2.9
import MuseScore 3.0
import FileIO 3.0
import "js/wire.js" as Wire

// Laid beside the plugin and run by MuseScore without a window: starts the plugin, asks the bridge how it is, and says
// what came of both; what it reads of the whole score, selected, lies in the home folder. Requests wait for their
// answers here, because no event loop runs.
Hartmann {
    FileIO { id: out }

    function keep(name, text) {
        out.source = out.homePath() + "/" + name + ".musicxml";
        out.write(text);
    }

    onRun: {
        var editor = front.editor;
        var texts = editor.connectionTexts().filter(function (text) { return text !== ""; });
        var health = null;
        Wire.request(Wire.parsed(texts[0]), "GET", "/v1/health", null, function (answer) { health = answer; }, true);
        editor.look();
        var nothing = editor.selection;
        cmd("select-all");
        editor.look();
        keep("exported", editor.exported());
        keep("transcript", editor.transcript());
        console.log("CHECK " + JSON.stringify({
            started: front.started, canBrowse: editor.canBrowse, keeps: editor.settings !== null,
            throughBridge: editor.throughBridge, score: editor.scoreTitle, hasScore: editor.hasScore,
            nothing: nothing, selection: editor.selection, status: health.status, server: health.body.server.state
        }));
    }
}
