"""What comes out of a composition, for people: what was said, in words, pages, pictures and files.

Client side: built from the messages of `hartmann.v1` with numpy and Pillow, without torch, music21 or a
database. The command line and the bridge both use it.
"""
