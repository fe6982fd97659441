import QtQuick 2.9
import "../controls"
import "../js/strings.js" as Strings
import "../js/words.js" as WordsJs

// The six stages, each a step with its state and its time; pressing one shows what it brought. One stop for Tab; the
// arrow keys go from step to step. Names are left out where they would not fit.
FocusScope {
    id: bar

    property var composer: null
    property string current: "caption"
    readonly property real step: width / WordsJs.STAGES.length
    readonly property bool roomy: step >= widest + Theme.px(8)
    property real widest: 0

    signal chosen(string key)

    function go(by) {
        var next = WordsJs.STAGES.indexOf(current) + by;
        if (next >= 0 && next < WordsJs.STAGES.length)
            chosen(WordsJs.STAGES[next]);
    }

    implicitHeight: row.height
    height: implicitHeight
    activeFocusOnTab: true
    Accessible.role: Accessible.PageTabList
    Keys.onLeftPressed: go(-1)
    Keys.onRightPressed: go(1)

    Row {
        id: row
        width: parent.width

        Repeater {
            model: WordsJs.STAGES

            Item {
                id: step
                readonly property var stage: bar.composer ? bar.composer.stages[modelData] : { state: "waiting" }
                readonly property bool done: stage.state === "done"
                readonly property bool running: stage.state === "running" && bar.composer.busy
                readonly property bool bad: stage.state === "failed"
                readonly property bool stopped: stage.state === "cancelled"
                readonly property bool here: bar.current === modelData
                readonly property real seconds: bar.composer ? bar.composer.seconds[modelData] || 0 : 0
                width: bar.step
                height: column.height + Theme.px(8)
                Accessible.role: Accessible.PageTab
                Accessible.name: Strings.t["stage_" + modelData] + ", " + stage.state

                Rectangle {
                    visible: index > 0
                    y: Theme.px(4) + disc.height / 2 - height / 2
                    x: -step.width / 2 + disc.width / 2 + Theme.px(5)
                    width: step.width - disc.width - 2 * Theme.px(5)
                    height: Math.max(1, Theme.px(1.5))
                    color: step.stage.state !== "waiting" ? Theme.accent : Theme.line
                }

                Column {
                    id: column
                    y: Theme.px(4)
                    width: parent.width
                    spacing: Theme.px(3)

                    Rectangle {
                        id: disc
                        anchors.horizontalCenter: parent.horizontalCenter
                        width: Theme.px(26)
                        height: width
                        radius: width / 2
                        color: step.bad ? Theme.bad : step.done ? Theme.accent : step.running ? Theme.accentSoft : Theme.surface
                        border.width: step.done || step.bad ? 0 : step.running ? Math.max(2, Theme.px(2)) : 1
                        border.color: step.running ? Theme.accent : Theme.strongLine

                        Sign {
                            visible: step.done || step.bad || step.stopped
                            anchors.centerIn: parent
                            name: step.bad ? "bang" : step.stopped ? "stop" : "check"
                            colour: step.bad ? Theme.surface : step.stopped ? Theme.muted : Theme.accentInk
                        }

                        Words {
                            visible: !(step.done || step.bad || step.stopped)
                            anchors.centerIn: parent
                            text: index + 1
                            lineHeight: 1
                            color: step.running ? Theme.accent : Theme.muted
                            font.pixelSize: Theme.fontNote
                            font.weight: step.running ? Font.DemiBold : Font.Normal
                        }

                        Rectangle {
                            anchors.fill: parent
                            anchors.margins: -Theme.px(3)
                            radius: width / 2
                            color: "transparent"
                            border.width: Math.max(1, Theme.px(1.5))
                            border.color: Theme.accent
                            visible: step.running
                            SequentialAnimation on opacity {
                                running: step.running
                                loops: Animation.Infinite
                                NumberAnimation { from: 0.15; to: 0.8; duration: 700; easing.type: Easing.InOutSine }
                                NumberAnimation { from: 0.8; to: 0.15; duration: 700; easing.type: Easing.InOutSine }
                            }
                        }
                    }

                    Words {
                        id: name
                        visible: bar.roomy
                        width: parent.width
                        horizontalAlignment: Text.AlignHCenter
                        wrapMode: Text.NoWrap
                        text: Strings.t["stage_" + modelData]
                        color: step.here ? Theme.accent : step.stage.state === "waiting" ? Theme.muted : Theme.text
                        font.pixelSize: Theme.fontNote
                        font.weight: step.here ? Font.DemiBold : Font.Normal
                    }

                    Words {
                        visible: bar.roomy
                        width: parent.width
                        horizontalAlignment: Text.AlignHCenter
                        wrapMode: Text.NoWrap
                        text: step.stage.begun ? WordsJs.duration(step.seconds) : " "
                        color: Theme.muted
                        font.pixelSize: Theme.px(11)
                    }
                }

                Words {
                    visible: false
                    wrapMode: Text.NoWrap
                    font.pixelSize: Theme.fontNote
                    font.weight: Font.DemiBold
                    text: name.text
                    onImplicitWidthChanged: bar.widest = Math.max(bar.widest, implicitWidth)
                }

                Rectangle {
                    visible: step.here
                    anchors.bottom: parent.bottom
                    anchors.horizontalCenter: parent.horizontalCenter
                    width: Math.min(parent.width - Theme.small, Theme.px(44))
                    height: Theme.px(2.5)
                    radius: height / 2
                    color: Theme.accent
                }

                MouseArea {
                    anchors.fill: parent
                    cursorShape: Qt.PointingHandCursor
                    onClicked: {
                        bar.forceActiveFocus();
                        bar.chosen(modelData);
                    }
                }
            }
        }
    }

    FocusRing { shown: bar.activeFocus }
}
