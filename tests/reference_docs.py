"""Writes docs/columns.md and docs/measures.md out of the model, so that they never say anything else.

python -m tests.reference_docs
"""

from cx.folders import PROJECT
from cx.kpis import BASE_DIMENSIONS, EXPOSURE_DAYS, JOURNEY_KPIS, KPIS
from cx.model import ALWAYS, COLUMNS, KINDS, Column

FAMILIES = {
    "share": "Wilson",
    "balance": "adjusted Wald for a trinomial",
    "mean": "t",
    "rate": "exact Poisson (Garwood)",
    "quantile": "order statistics",
    "total": "none",
}
CHANGES = {"points": "points", "percent": "percent"}


def columns_page() -> str:
    """The canonical columns and the kinds of interactions."""
    rows = [f"| `{c.name}` | {c.type.lower()} | {_values(c)} | {c.meaning} |" for c in COLUMNS.values()]
    kinds = [f"| `{k.name}` | {k.meaning} | {_needs(k.needs, k.needs_one_of)} |" for k in KINDS.values()]
    return "\n".join(
        [
            "# The columns of an interaction",
            "",
            "One row is one interaction. A file needs the columns that its rows must fill; all others may be missing.",
            f"Every row fills {_names(ALWAYS)}. Two rows with the same `source` and `interaction_id` are one interaction:",
            "the one with the later `updated_at` stands. Times without an offset are read as UTC.",
            "",
            "| column | type | values | meaning |",
            "|---|---|---|---|",
            *rows,
            "",
            "## What a row of each kind must fill",
            "",
            "| kind | meaning | must fill |",
            "|---|---|---|",
            *kinds,
            "",
        ]
    )


def measures_page() -> str:
    """Every measure: what it is, its interval, which way is better, how a change reads."""
    rows, of_journeys = (
        [
            f"| {k.label} | {k.meaning} | {FAMILIES[k.family]} | {k.better or '-'} | {CHANGES[k.change]} |"
            for k in kpis.values()
        ]
        for kpis in (KPIS, JOURNEY_KPIS)
    )
    return "\n".join(
        [
            "# The measures",
            "",
            "Each number carries its n and a 95 % interval computed from the counts beneath it. Only answers count: a survey",
            "that was dismissed is no answer. Only the company's own rows count, never a competitor's.",
            "",
            "| measure | what it is | interval | better | a change reads in |",
            "|---|---|---|---|---|",
            *rows,
            "",
            "## Of journeys",
            "",
            "What is known only of a customer's whole way; [how it is counted](journey.md).",
            "",
            "| measure | what it is | interval | better | a change reads in |",
            "|---|---|---|---|---|",
            *of_journeys,
            "",
            "## Notes",
            "",
            f"- **Complaints follow sales.** A unit sold exposes its buyer over {EXPOSURE_DAYS} days, evenly; complaints are set",
            "  against the units exposed on the same days. A campaign that only sells more therefore does not raise the rate.",
            f"- **Rates over sales** are split and filtered by {_names(BASE_DIMENSIONS)} on both sides. Channel and stage are",
            "  those of the contact on the one side and of the sale on the other, so they narrow the contacts only.",
            "- **A change is beyond chance** where the 95 % interval of the difference, made of the two intervals (MOVER, Zou",
            "  and Donner 2008), leaves out zero. Only then it is coloured. About one comparison in twenty would be by chance.",
            "- **A target** is met or missed where the interval leaves it out, and too close to tell where it does not.",
            "- **What moved it.** A group's part of a change is its own change at its mean share of the volume (rate), and the",
            "  change of its share towards a better or worse group than the whole (mix); the parts add up to the whole.",
            "  Medians are split by the share of contacts beyond them (after Firpo, Fortin and Lemieux 2009).",
            "- **Containment** needs the 24 hours after a contact, so its week is complete a day later.",
            "- **Orders** count once however many lines they have; each line carries its share.",
            "",
        ]
    )


def _values(column: Column) -> str:
    if column.allowed:
        return _names(column.allowed)
    return column.unit or (f"from {column.low:g}" if column.low is not None else "")


def _needs(needs: tuple[str, ...], one_of: tuple[str, ...]) -> str:
    told = _names(needs)
    return f"{told}; one of {_names(one_of)}" if one_of else told


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


PAGES = {"columns.md": columns_page, "measures.md": measures_page}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (PROJECT / "docs" / name).write_text(page(), encoding="utf-8")
