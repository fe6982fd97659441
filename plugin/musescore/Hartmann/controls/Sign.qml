import QtQuick 2.9
import "."

// A small drawing in one colour on a grid of 16 by 16: no icon font and no image file is needed.
Canvas {
    id: sign

    property string name: ""
    property color colour: Theme.text
    property real size: Theme.px(16)

    // Each drawing is a list of strokes, each stroke a list of x, y.
    readonly property var drawings: ({
        check: [[3, 8.5, 6.5, 12, 13, 4.5]],
        cross: [[4, 4, 12, 12], [12, 4, 4, 12]],
        down: [[4, 6, 8, 10, 12, 6]],
        right: [[6, 4, 10, 8, 6, 12]],
        stop: [[4.5, 4.5, 11.5, 4.5, 11.5, 11.5, 4.5, 11.5, 4.5, 4.5]],
        lock: [[3.5, 7.5, 12.5, 7.5, 12.5, 13.5, 3.5, 13.5, 3.5, 7.5], [5.5, 7, 5.5, 4.5, 7, 3, 9, 3, 10.5, 4.5, 10.5, 7]],
        unlock: [[3.5, 7.5, 12.5, 7.5, 12.5, 13.5, 3.5, 13.5, 3.5, 7.5], [5.5, 7, 5.5, 4.5, 7, 3, 9, 3, 10.5, 4.5]],
        picture: [[1.5, 3, 14.5, 3, 14.5, 13, 1.5, 13, 1.5, 3], [1.5, 11, 5.5, 7.5, 8.5, 10.5, 11, 8.5, 14.5, 11.5]],
        bang: [[8, 3, 8, 9.5], [8, 12.4, 8, 12.6]],
        sliders: [[2, 4.5, 14, 4.5], [2, 11.5, 14, 11.5], [5, 2.7, 5, 6.3], [10.5, 9.7, 10.5, 13.3]]
    })

    implicitWidth: size
    implicitHeight: size
    width: size
    height: size
    onNameChanged: requestPaint()
    onColourChanged: requestPaint()
    onSizeChanged: requestPaint()
    onAvailableChanged: requestPaint()

    onPaint: {
        var pen = getContext("2d");
        pen.reset();
        pen.scale(width / 16, height / 16);
        pen.strokeStyle = String(colour);
        pen.lineWidth = 1.6;
        pen.lineCap = "round";
        pen.lineJoin = "round";
        var strokes = drawings[name] || [];
        for (var i = 0; i < strokes.length; i++) {
            pen.beginPath();
            pen.moveTo(strokes[i][0], strokes[i][1]);
            for (var j = 2; j < strokes[i].length; j += 2)
                pen.lineTo(strokes[i][j], strokes[i][j + 1]);
            pen.stroke();
        }
    }
}
