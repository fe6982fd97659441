"""How pieces come into the library."""
