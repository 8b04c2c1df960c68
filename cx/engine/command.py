"""`python -m cx rebuild` where an engine is to do it."""

from __future__ import annotations

from collections.abc import Callable

from cx import clock, owner
from cx.engine import versions
from cx.engine.errors import EngineError
from cx.engine.settings import Settings
from cx.engine.storage import Place
from cx.engine.versions import Version
from cx.errors import CxError
from cx.folders import Folders
from cx.store import Store
from cx.words import day, number, t

Progress = Callable[[str, float], None]


def make(settings: Settings, folders: Folders, progress: Progress) -> Version:
    """The version of the rollups that counts by now. Raises EngineError and its kin; what was served stays then."""
    try:
        from cx.engine import running  # only here: a plain installation has nothing of what it needs
    except ImportError as error:
        raise EngineError(
            t("The engine needs its client: pip install -r requirements-spark.txt ({reason})", reason=error)
        ) from error
    return running.make(settings, folders, clock.now(), progress)


def serve(settings: Settings, folders: Folders, version: Version, progress: Progress) -> list[str]:
    """Let the dashboard serve a version; returns what was done, in sentences."""
    from cx.engine import serving

    told = t("{rows} interactions of {customers} customers, through {day}: version {name}.",
             rows=number(version.interactions), customers=number(version.customers), day=day(version.through, year=True),
             name=version.name)  # fmt: skip
    if owner.asks(folders):
        return [told, version.counted(), _switched(settings, folders, version, progress)]
    aside = serving.load(Place.at(settings.rollups), version, folders, progress)
    kept = [t("The old file is kept as {file}.", file=aside.name)] if aside else []
    return [told, version.counted(), t("The dashboard serves it from now on."), *kept]


def _switched(settings: Settings, folders: Folders, version: Version, progress: Progress) -> str:
    """Let the running dashboard switch, under its open pages."""
    progress(t("Loading"), 0.5)
    answer = owner.asks(folders, "engine", {"rollups": settings.rollups, "version": version.name})
    if answer is None:
        raise EngineError(
            t(
                "The running dashboard did not say that it serves the version. Stop it and run this again: nothing is counted anew."
            )
        )
    if answer["why_not"]:
        raise EngineError(answer["why_not"])
    return t("The running dashboard serves it from now on; its open pages show it.")


def losses(folders: Folders) -> list[str]:
    """What leaves when a version is served, in sentences."""
    from cx.engine import serving

    if (answer := owner.asks(folders, "engine", {"rollups": "", "version": ""})) is not None:
        leaving: list[str] = answer["losses"]
        return leaving
    return serving.would_replace(folders)


def switched(store: Store, folders: Folders, rollups: str, name: str) -> dict[str, object]:
    """In the process that has the store open: serve this version, if it is the one that counts. Without a name, nothing is done.

    Returns what leaves (`losses`), and why nothing was done (`why_not`; empty where it was).
    """
    from cx.engine import serving

    losses = serving.would_replace_in(store)
    if not name:
        return {"losses": losses, "why_not": ""}
    try:
        root = Place.at(rollups)
        version = versions.current(root)
        if version is None or version.name != name:
            return {
                "losses": losses,
                "why_not": t(
                    "Version {name} is not the one that counts in {place}.", name=name, place=rollups
                ),
            }
        serving.put(root, version, store, folders)
    except CxError as error:
        return {"losses": losses, "why_not": str(error)}
    return {"losses": losses, "why_not": ""}
