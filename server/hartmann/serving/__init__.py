"""The server: the protos' services over the domain, the worker, and what starts and stops them.

Translation between the wire and the domain happens in `event_translation`, `error_translation` and
`request_validation` alone. Import `serving.server.serve` or `serving.worker.work`; both need the `server` extra.
"""
