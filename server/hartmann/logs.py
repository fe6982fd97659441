"""Logs: events with fields, to standard error, as lines for people or as JSON for machines."""

from __future__ import annotations

import logging
import sys
from typing import Protocol

import structlog


class LogSettings(Protocol):
    """What is asked of logs: `log_level` such as `info`, `log_format` `console` or `json`."""

    @property
    def log_level(self) -> str:
        """The least level that is written."""

    @property
    def log_format(self) -> str:
        """How a line is written."""


def configure(settings: LogSettings) -> None:
    """Set up structlog for the process."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    as_json = settings.log_format == "json"
    last: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
