"""`hartmann work`: a worker without a server, for more machines on one database."""

from __future__ import annotations

from hartmann.cli.configuration import load_settings
from hartmann.cli.serve_command import DataDirOption, LogLevelOption
from hartmann.cli.server_extra import server_extra
from hartmann.cli.staying_inside import keep_caches_inside


def work(data_dir: DataDirOption = None, log_level: LogLevelOption = None) -> None:
    """Work on compositions until Ctrl-C or SIGTERM; what is under way is handed back to other workers.

    Servers started with --no-worker and any number of workers need nothing in common but the database.
    """
    settings = load_settings(data_dir=data_dir, log_level=log_level)
    keep_caches_inside(settings.data_dir)
    with server_extra():
        from hartmann.serving.worker import work as run_worker

    from hartmann.cli.stopping import run_until_stopped

    run_until_stopped(lambda stop: run_worker(settings, stop=stop))
