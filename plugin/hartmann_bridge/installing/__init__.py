"""Putting the MuseScore plugin where MuseScore 3 and 4 look, and taking it away again.

Start at `install.py`. Nothing is overwritten or removed that was not put there by it.
"""
