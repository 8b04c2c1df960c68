"""In which language a viewer is spoken to."""

from __future__ import annotations

import streamlit as st

from cx import words


def speak() -> None:
    """Speak as this viewer's browser asks for, from here on; a fragment that runs by itself has to be told anew."""
    words.use(words.spoken_to(st.context.locale or ""))
