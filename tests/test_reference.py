"""The tables that a person edits: what is read, and what is said where a cell cannot be understood."""

from datetime import date
from pathlib import Path

import pytest

from cx import reference
from cx.errors import BadReference
from cx.stats import SmallSamples

CAMPAIGNS = "id,name,channel,products,starts_on,ends_on,cost,goal\n"


def test_missing_files_are_empty_tables(tmp_path: Path) -> None:
    assert reference.campaigns(tmp_path).empty
    assert reference.targets(tmp_path).empty
    assert reference.settings(tmp_path).small_samples == SmallSamples()


def test_campaigns_come_by_start(tmp_path: Path) -> None:
    rows = "b,Spring,web,Lamp;Desk,2026-04-01,2026-04-10,900,orders\na,Winter,,,2026-01-05,2026-01-09,,\n"
    (tmp_path / "campaigns.csv").write_text(CAMPAIGNS + rows, encoding="utf-8")
    told = reference.campaigns(tmp_path)
    assert told["id"].tolist() == ["a", "b"]
    assert told["ends_on"].tolist() == [date(2026, 1, 9), date(2026, 4, 10)]


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        (
            "campaigns.csv",
            CAMPAIGNS + "a,A,web,,5 May,2026-05-09,1,x\n",
            "campaigns.csv, row 1, column starts_on: '5 May'",
        ),
        (
            "campaigns.csv",
            CAMPAIGNS + "a,A,web,,2026-05-09,2026-05-01,1,x\n",
            "row 1, column ends_on: '2026-05-01' is before",
        ),
        ("campaigns.csv", CAMPAIGNS + ",A,web,,2026-05-01,2026-05-09,1,x\n", "row 1, column id: '' is empty"),
        ("campaigns.csv", "id,name\na,A\n", "no column starts_on, ends_on"),
        ("targets.csv", "metric,from,value,owner\ncsta,2026-01-01,80,Ann\n", "Did you mean 'csat'"),
        (
            "targets.csv",
            "metric,from,value,owner\ncsat,2026-01-01,eighty,Ann\n",
            "row 1, column value: 'eighty' is not a number",
        ),
        ("settings.toml", "[small_samples]\nhidden = 3\n", "settings.toml cannot be read"),
        ("settings.toml", '[small_samples]\nhide = "5"\n', "hide must be whole numbers"),
        (
            "targets.csv",
            "metric,from,value,owner\ncsat,2026-01-01,nan,Ann\n",
            "column value: 'nan' is not a number",
        ),
        ("settings.toml", "[small_samples\n", "settings.toml cannot be read"),
        ("settings.toml", "[costs]\nrefunds = 3\n", "settings.toml cannot be read"),
        ("settings.toml", "[costs]\ncontact = -1\n", "contact must be numbers from 0 on"),
    ],
)
def test_what_cannot_be_understood_is_named(tmp_path: Path, file: str, text: str, told: str) -> None:
    (tmp_path / file).write_text(text, encoding="utf-8")
    read = {
        "campaigns.csv": reference.campaigns,
        "targets.csv": reference.targets,
        "settings.toml": reference.settings,
    }
    with pytest.raises(BadReference) as refused:
        read[file](tmp_path)
    assert told in str(refused.value)


def test_settings_change_the_limits(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("[small_samples]\nhide = 3\n", encoding="utf-8")
    assert reference.settings(tmp_path).small_samples == SmallSamples(hide=3)


def test_settings_say_what_complaints_cost(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("[costs]\ncontact = 12\nmargin = 0.4\n", encoding="utf-8")
    assert reference.settings(tmp_path).costs == reference.Costs(contact=12, margin=0.4)
