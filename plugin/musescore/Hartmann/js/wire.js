// HTTP with the bridge: one request with one answer, and one stream of lines. Neither throws; an answer's status is 0
// where nobody answered. A stream's request object says by `opened` whether its callbacks still count: aborting
// an XMLHttpRequest here does not close its connection.

// done({ status, body, error }): `body` is the parsed JSON, `error` is { reason, message, field } or null.
function request(connection, method, path, body, done, waiting) {
    var xhr = new XMLHttpRequest();
    var told = false;
    xhr.onreadystatechange = function () {
        if (xhr.readyState !== XMLHttpRequest.DONE || told)
            return;
        told = true;
        done(answer(xhr.status, xhr.responseText));
    };
    xhr.open(method, connection.url + path, waiting !== true);
    xhr.setRequestHeader("Authorization", "Bearer " + connection.token);
    if (body !== null && body !== undefined) {
        xhr.setRequestHeader("Content-Type", "application/json");
        xhr.send(JSON.stringify(body));
    } else {
        xhr.send();
    }
    return xhr;
}

// What came back, taken apart.
function answer(status, text) {
    var body = parsed(text);
    var error = null;
    if (status < 200 || status >= 300)
        error = (body && body.error) || { reason: status ? "HTTP_" + status : "NO_ANSWER", message: "" };
    return { status: status, body: body, error: error };
}

// The JSON of a text, or null.
function parsed(text) {
    try {
        return JSON.parse(text);
    } catch (e) {
        return null;
    }
}

// onLine(object) for each line as it comes, onEnd({ status, error }) once at the end. Returns a stream with `close()`.
function stream(connection, path, onLine, onEnd) {
    var xhr = new XMLHttpRequest();
    var open = { opened: true, used: 0 };
    open.close = function () {
        open.opened = false;
        xhr.abort();
    };
    xhr.onreadystatechange = function () {
        if (!open.opened || xhr.readyState < XMLHttpRequest.LOADING)
            return;
        if (xhr.status >= 200 && xhr.status < 300)
            _readLines(open, xhr.responseText, onLine);
        if (xhr.readyState === XMLHttpRequest.DONE && open.opened) {
            open.opened = false;
            onEnd(answer(xhr.status, xhr.status === 200 ? "null" : xhr.responseText));
        }
    };
    xhr.open("GET", connection.url + path);
    xhr.setRequestHeader("Authorization", "Bearer " + connection.token);
    xhr.send();
    return open;
}

function _readLines(open, text, onLine) {
    for (var end; open.opened && (end = text.indexOf("\n", open.used)) >= 0;) {
        var line = parsed(text.substring(open.used, end));
        open.used = end + 1;
        if (line !== null)
            onLine(line);
    }
}

// A name nobody else has, for a request or a lease.
function unique() {
    var text = "";
    while (text.length < 32)
        text += Math.floor((1 + Math.random()) * 0x10000).toString(16).substring(1);
    return text;
}
