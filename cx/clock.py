"""The time of day, in one place, so that a picture or a test can stand still."""

from __future__ import annotations

import os
from datetime import UTC, datetime


def now() -> datetime:
    """The current moment as naive UTC, as the store keeps times; $CX_NOW (ISO, UTC) stops the clock."""
    stopped = os.environ.get("CX_NOW")
    moment = datetime.fromisoformat(stopped) if stopped else datetime.now(UTC)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def hour() -> datetime:
    """The current moment down to the hour: what depends on it can be kept that long."""
    return now().replace(minute=0, second=0, microsecond=0)
