"""Where messages go: the addresses behind the names of rules, from the secrets and the environment only.

    .streamlit/secrets.toml     [alerts]
                                support-lead = "slack://..."
    the environment             CX_ALERT_SUPPORT_LEAD=mailto://...

The environment is right where both speak. An address holds passwords: it is never shown.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from cx.folders import PROJECT

Secrets = Callable[[], Mapping[str, str]]
"""Gives the secrets by the names of addresses, as they are now."""

FILES = (Path.home() / ".streamlit" / "secrets.toml", PROJECT / ".streamlit" / "secrets.toml")


def variable(name: str) -> str:
    """The variable of the environment that may hold this address."""
    return "CX_ALERT_" + re.sub(r"\W", "_", name).upper()


def address(name: str, secrets: Secrets) -> str:
    """The address behind a name; '' where there is none."""
    return os.environ.get(variable(name), "") or str(secrets().get(name, ""))


def written() -> Mapping[str, str]:
    """The secrets of the files that the dashboard reads, for a process that is not the dashboard."""
    found: dict[str, str] = {}
    for path in FILES:
        try:
            told = tomllib.loads(path.read_text(encoding="utf-8")).get("alerts", {})
            found.update(told if isinstance(told, dict) else {})
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            continue
    return found
