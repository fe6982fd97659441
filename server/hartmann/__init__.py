"""Hartmann looks at a picture and writes a score for it."""

__version__ = "0.1.0"
