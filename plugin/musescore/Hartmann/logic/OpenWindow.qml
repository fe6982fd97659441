pragma Singleton
import QtQuick 2.9

// The window that is open, of all those that the editor made: choosing the command again brings it to the front,
// instead of a second one beside it.
QtObject {
    property Item face: null

    // True when `candidate` is the one to go on.
    function admit(candidate) {
        if (face !== null && face !== candidate && face.shown && face.started) {
            face.raise();
            return false;
        }
        face = candidate;
        return true;
    }
}
