"""What the owner of a library does with it: fill it, look through it, remove from it, take it elsewhere.

These commands work on the configured database itself (the embedded one, or HARTMANN_DATABASE_URL), with or without
a server beside them: a server sees what they do as soon as it is stored.
"""
