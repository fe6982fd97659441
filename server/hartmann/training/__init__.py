"""How the mini models are made: pictures, tunes, conversations, training, measuring. Top layer, like `serving`: it may
import everything, and nothing imports it. `python -m hartmann.training --help` says how to run it."""
