"""Buttons that download what stands behind a card: its rows as CSV, Excel and Parquet, its chart as PNG and SVG.

A file is made when its button is clicked, not before, and only after it was logged who takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from cx import downloads
from cx.ui import rights
from cx.ui.frame import Rows
from cx.vega import Spec
from cx.words import t

PICTURE_PIXELS = 960
"""How wide a chart is drawn that leaves the page."""
_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def rows(told: Rows, name: str, title: str, takes: Sequence[str] = ()) -> None:
    """Three buttons for the rows; `name` names the file, `title` the sheet, and `takes` the rights beside that to download."""
    button(t("CSV"), lambda: downloads.csv(downloads.table(told())), f"{name}.csv", "text/csv", takes)
    button(t("Excel"), lambda: downloads.excel(downloads.table(told()), title), f"{name}.xlsx", _EXCEL, takes)
    button(t("Parquet"), lambda: downloads.parquet(downloads.table(told())), f"{name}.parquet", "application/vnd.apache.parquet", takes)  # fmt: skip


def picture(spec: Spec, name: str) -> None:
    """Two buttons for a chart, drawn in light."""

    def png() -> bytes:
        from cx import pictures

        return pictures.png(spec, PICTURE_PIXELS)

    def svg() -> str:
        from cx import pictures

        return pictures.svg(spec, PICTURE_PIXELS)

    button(t("PNG"), png, f"{name}.png", "image/png")
    button(t("SVG"), svg, f"{name}.svg", "image/svg+xml")


def button(
    label: str, data: Callable[[], bytes | str], file: str, mime: str, takes: Sequence[str] = ()
) -> None:
    """A button that makes its file when it is clicked."""
    st.download_button(
        label, data=rights.taken(file, data, *takes), file_name=file, mime=mime, on_click="ignore", key=f"download-{file}",
        type="secondary",
    )  # fmt: skip
