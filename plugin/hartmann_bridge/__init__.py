"""The bridge: the local process beside MuseScore that speaks gRPC to the server and HTTP on loopback to the plugin.

It imports the client side of ``hartmann`` alone (stubs, client, settings): no torch, no database.
"""
