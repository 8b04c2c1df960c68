"""Logs: one line for each event on standard error, from the level in CX_LOG on, and never what a row says.

An exception's message may quote a customer's words; so of an exception its type and its place are logged, by `place`.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import traceback

LEVELS = ("debug", "info", "warning")
USUAL = "info"
FORMAT = "%(asctime)sZ %(levelname)s %(name)s: %(message)s"


class _Stderr(logging.Handler):
    """Writes to standard error as it is at that moment."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; what else there is of it stands indented, so that nothing poses as a line of its own."""
        print(self.format(record).replace("\n", "\n    "), file=sys.stderr)


def set_up() -> None:
    """Have the product's loggers write, from the level in $CX_LOG on; a second call only takes up the level."""
    log, wanted = logging.getLogger("cx"), os.environ.get("CX_LOG", USUAL).lower()
    if not any(isinstance(handler, _Stderr) for handler in log.handlers):
        handler = _Stderr()
        handler.setFormatter(logging.Formatter(FORMAT, "%Y-%m-%dT%H:%M:%S"))
        handler.formatter.converter = time.gmtime  # type: ignore[union-attr]
        log.addHandler(handler)
    log.setLevel((wanted if wanted in LEVELS else USUAL).upper())
    if wanted not in LEVELS:
        log.warning("CX_LOG is none of %s; it is taken to be %s", ", ".join(LEVELS), USUAL)


def place(error: BaseException) -> str:
    """The type of an exception and where it was raised, without its message."""
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}".rstrip()
