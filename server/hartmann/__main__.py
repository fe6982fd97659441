"""`python -m hartmann`: the same as the `hartmann` command."""

import sys

from hartmann.cli import main

if __name__ == "__main__":
    sys.exit(main())
