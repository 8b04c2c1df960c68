"""What goes wrong with a distributed engine.

CxError
└── EngineError        anything about it that a person has to mend
    ├── BadSettings    cx.toml or the environment says what cannot be
    ├── NotPortable    a statement that would not say the same on another engine
    └── OutOfTouch     the engine, or what it should read or write, cannot be reached
"""

from __future__ import annotations

from cx.errors import CxError


class EngineError(CxError):
    """Anything about the engine that a person has to mend; what was served stays."""


class BadSettings(EngineError):
    """A setting that is unknown, or of a value that cannot be."""


class NotPortable(EngineError):
    """A statement that another engine would answer otherwise, or not at all."""


class OutOfTouch(EngineError):
    """The engine cannot be reached, does not answer, or cannot reach the exports or the rollups."""
