"""The command line: `hartmann compose`, `serve`, `work`, `library`, `compositions`, `db`, `doctor`, `check`.

One file for each command; `application.py` names them all. What a command needs (gRPC, models, Postgres) is
imported inside the function that runs it, so that `hartmann --help` answers at once and the base install,
without the `server` extra, offers everything that a client can do.

Errors on purpose (`hartmann.errors`) end as one sentence on standard error; `exit_codes.py` lists what a
command's exit status means.
"""

from __future__ import annotations

import sys


def main() -> int:
    """Runs the command that `sys.argv` names and returns the exit status."""
    from hartmann.cli.application import application
    from hartmann.cli.exit_codes import exit_code_of
    from hartmann.cli.interruption import Interrupted
    from hartmann.errors import HartmannError
    from hartmann.results.printable import printable

    try:
        application(prog_name="hartmann")
    except HartmannError as error:
        print(f"hartmann: {printable(error.message)}", file=sys.stderr)
        return exit_code_of(error)
    except Interrupted as interruption:
        return interruption.exit_code
    return 0
