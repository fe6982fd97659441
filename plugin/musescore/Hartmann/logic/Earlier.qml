import QtQuick 2.9

// The compositions that the server keeps, newest first, a page at a time.
Item {
    id: earlier

    property var bridge: null
    property var items: []
    property string next: ""
    property bool loaded: false

    function refresh() {
        fetch("", function (found) { items = found; });
    }

    function more() {
        if (next !== "")
            fetch(next, function (found) { items = items.concat(found); });
    }

    function remove(id) {
        bridge.request("DELETE", "/v1/compositions/" + id, null, function (answer) {
            if (!answer.error || answer.status === 404)
                items = items.filter(function (item) { return item.id !== id; });
        });
    }

    function fetch(token, take) {
        var path = "/v1/compositions?page_size=20" + (token ? "&page_token=" + encodeURIComponent(token) : "");
        bridge.request("GET", path, null, function (answer) {
            if (answer.error || !answer.body)
                return;
            next = answer.body.next_page_token || "";
            loaded = true;
            take(answer.body.compositions || []);
        });
    }
}
