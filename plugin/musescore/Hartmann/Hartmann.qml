import QtQuick 2.9
import QtQuick.Window 2.2
import MuseScore 3.0
import FileIO 3.0
import "views"
import "js/excerpt.js" as Excerpt
import "js/transcript.js" as Transcript
import "js/words.js" as Words

MuseScore {
    id: plugin
    menuPath: "Plugins.Hartmann"
    description: "Looks at a picture and writes a score for it."
    version: "0.1.0"
    requiresScore: false
    pluginType: "dialog"
    //4.4 title: "Hartmann"
    //4.4 categoryCode: "composing-arranging-tools"
    //4.4 thumbnailName: "thumbnail.png"
    width: 960
    height: 720

    // MuseScore 4 up to 4.3 runs this; later ones read the comments above, line by line. Nothing happens before
    // onRun: the plugin manager makes throw-away instances.
    Component.onCompleted: {
        if (mscoreMajorVersion >= 4) {
            title = "Hartmann";
            categoryCode = "composing-arranging-tools";
            thumbnailName = "thumbnail.png";
        }
    }

    onRun: {
        host.prepare();
        face.start();
    }

    readonly property Item front: face

    Face {
        id: face
        anchors.fill: parent
        editor: host
    }

    FileIO { id: file }

    SystemPalette { id: colours }

    // All that the window asks of the editor, for every version of it.
    Item {
        id: host

        property bool hasScore: false
        property string scoreTitle: ""
        property var selection: null
        property var dialog: null
        property var settings: null
        readonly property bool canBrowse: dialog !== null
        // MuseScore 4 has no readScore, or opens another window by it: there the bridge opens the file.
        readonly property bool throughBridge: mscoreMajorVersion >= 4
        readonly property string version: mscoreMajorVersion >= 4 ? "4" : "3"

        function prepare() {
            dialog = made(["import QtQuick.Dialogs 1.2; FileDialog { signal chosen(string path); nameFilters: [\"Pictures (*.jpg *.jpeg *.png *.webp *.tif *.tiff *.gif *.bmp)\"]; onAccepted: chosen(String(fileUrl)) }",
                           "import MuseScore 3.0; FileDialog { signal chosen(string path); onAccepted: chosen(filePath) }",
                           "import QtQuick.Dialogs; FileDialog { signal chosen(string path); onAccepted: chosen(String(selectedFile)) }"]);
            if (dialog)
                dialog.chosen.connect(function (path) { face.takePicture(path); });
            settings = made(["import MuseScore 3.0; Settings { category: \"Hartmann\"; property string remembered }",
                             "import Qt.labs.settings 1.0; Settings { category: \"Hartmann\"; property string remembered }"]);
        }

        // The first of these sources that this version can make.
        function made(sources) {
            for (var i = 0; i < sources.length; i++) {
                try {
                    return Qt.createQmlObject(sources[i], host);
                } catch (error) {
                    continue;
                }
            }
            return null;
        }

        function browse() {
            if (mscoreMajorVersion < 4 || dialog.open !== undefined)
                dialog.open();
            else
                dialog.visible = true;
        }

        function read(path) {
            file.source = path;
            return file.exists() ? file.read() : "";
        }

        // Texts that name the bridge: where the installer said, else where each system keeps it.
        function connectionTexts() {
            var home = file.homePath();
            var places = [home + "/.config/hartmann/bridge.json",
                          home + "/Library/Application Support/hartmann/bridge.json",
                          home + "/AppData/Local/hartmann/hartmann/bridge.json"];
            try {
                places.unshift(JSON.parse(read(Words.localPath(Qt.resolvedUrl("location.json")))).connection);
            } catch (error) {
                // Not installed by `hartmann plugin install`: the usual places are tried.
            }
            return places.map(read);
        }

        function remember(text) {
            if (settings)
                settings.remembered = text;
        }

        function recall() {
            return settings ? settings.remembered : "";
        }

        function isDark() {
            var ground = colours.window;
            return 0.3 * ground.r + 0.59 * ground.g + 0.11 * ground.b < 0.5;
        }

        // What is open and selected right now.
        function look() {
            hasScore = !!curScore;
            scoreTitle = hasScore ? String(curScore.title || curScore.scoreName || "") : "";
            var found = hasScore ? Excerpt.selection(curScore) : null;
            if (JSON.stringify(found) !== JSON.stringify(selection))
                selection = found;
        }

        // The selected bars as the bridge takes them, or null when there is no way to them. Where the editor writes no
        // score for a plugin, the bars alone are written down here.
        function excerpt(use) {
            look();
            if (!selection)
                return null;
            var whole = exported();
            var text = whole !== "" ? whole : transcript();
            return text.indexOf("<score-partwise") < 0 ? null : {
                musicxml: text, first_bar: whole !== "" ? selection.firstBar : 0, last_bar: whole !== "" ? selection.lastBar : 0,
                staves: whole !== "" ? selection.staves : [], use: use, title: scoreTitle
            };
        }

        // The whole open score as MusicXML; "" where the editor does not write it.
        function exported() {
            var path = file.tempPath() + "/hartmann-" + Date.now() + Math.floor(Math.random() * 1e6);
            if (!writeScore(curScore, path, "musicxml"))
                return "";
            var text = read(path + ".musicxml");
            file.remove();
            return text;
        }

        // The selected bars as MusicXML, read note by note.
        function transcript() {
            try {
                var kinds = { chord: Element.CHORD, rest: Element.REST };
                return Transcript.musicxml(curScore, selection, Excerpt.barStarts(curScore), division, kinds);
            } catch (error) {
                // A version that names things otherwise: the person is told, and can save the score as MusicXML.
                console.log("Hartmann can't read this score: " + error);
                return "";
            }
        }

        // Opens a score beside those that are open: done(true) once the editor shows it. What readScore returns says
        // nothing; reading one path twice raises a dialog, so a path that was read already is only looked for.
        property var wanted: null
        property var opened: ({})

        function open(path, done) {
            wanted = { name: Words.baseName(path), done: done, tries: 25 };
            if (!opened[path])
                readScore(path);
            opened[path] = true;
            waiting.restart();
        }

        // Qt.quit() would close the windows of all plugins in MuseScore 3.
        function close() {
            if (mscoreMajorVersion >= 4)
                quit();
            else if (Window.window)
                Window.window.close();
        }

        Timer {
            id: waiting
            interval: 200
            repeat: true
            onTriggered: {
                var shown = curScore && curScore.scoreName === host.wanted.name;
                if (!shown && --host.wanted.tries > 0)
                    return;
                stop();
                host.wanted.done(!!shown);
            }
        }
    }
}
