"""Frames to charts: Vega-Lite specifications that Streamlit draws as they are.

No Streamlit here, and no chart library: a specification is a small dict of its own data (as Arrow tables), built in
a millisecond and cached by the caller. Colours are names of the theme's palette, so that one specification serves
light and dark. Every word and number that is read comes ready from Python; the browser only places it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pyarrow as pa

from cx.words import locale, short_day

Spec = dict[str, Any]

HEIGHT = 318
ROW_HEIGHT = 40
LABEL_PIXELS, NOTE_PIXELS = 12, 11
TICKS = 8
DAY_MS = 86_400_000

_QUIET = {"ticks": False, "domain": False, "labelFontSize": LABEL_PIXELS, "labelPadding": 8, "labelOverlap": "greedy"}
_TONES = {"bad": "red", "good": "green"}
