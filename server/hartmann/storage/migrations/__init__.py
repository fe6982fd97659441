"""Alembic's folder: `env.py` runs the files in `versions/`, which are written by hand."""
