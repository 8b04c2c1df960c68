"""The tables that a person edits: what is read, and what is said where a cell cannot be understood."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from cx import reference
from cx.errors import BadReference
from cx.stats import SmallSamples

CAMPAIGNS = "id,name,channel,products,starts_on,ends_on,cost,goal\n"


BANDS = "metric,from,value,owner,floor,stretch,segment\n"
ACTIONS = "what,owner,department,channel,start,due,kpi,target,cost,state,done_on\n"


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
        (
            "targets.csv",
            BANDS + "csat,2026-01-01,80,,82,,\n",
            "row 1, column floor: '82.0' is better than the target",
        ),
        (
            "targets.csv",
            BANDS + "csat,2026-01-01,80,,,79,\n",
            "column stretch: '79.0' is worse than the target",
        ),
        ("targets.csv", BANDS + "complaint_rate,2026-01-01,50,,45,,\n", "column floor: '45.0' is better"),
        ("targets.csv", BANDS + "complaint_rate,2026-01-01,50,,,55,\n", "column stretch: '55.0' is worse"),
        (
            "targets.csv",
            BANDS + "bot_escalation,2026-01-01,50,,45,,\n",
            "column floor: '45.0' has no meaning",
        ),
        (
            "targets.csv",
            BANDS + "csat,2026-01-01,820,,,,\n",
            "'820.0' is out of range; this measure runs from 0 to 100",
        ),
        (
            "targets.csv",
            BANDS + "csat,2026-01-01,80,,,,A\ncsat,2026-01-01,81,,,,A\n",
            "row 2, column from: '2026-01-01' stands in it twice",
        ),
        (
            "actions.csv",
            ACTIONS + ",Ann,,,2026-01-01,2026-02-01,csat,,,done,\n",
            "row 1, column what: '' is empty",
        ),
        (
            "actions.csv",
            ACTIONS + "A,Ann,,,soon,2026-02-01,csat,,,done,\n",
            "column start: 'soon' is not a day",
        ),
        (
            "actions.csv",
            ACTIONS + "A,Ann,,,2026-03-01,2026-02-01,csat,,,done,\n",
            "column due: '2026-02-01' is before start",
        ),
        ("actions.csv", ACTIONS + "A,Ann,,,2026-01-01,2026-02-01,csta,,,done,\n", "Did you mean 'csat'"),
        (
            "actions.csv",
            ACTIONS + "A,Ann,,,2026-01-01,2026-02-01,csat,800,,done,\n",
            "column target: '800.0' is out of range",
        ),
        (
            "actions.csv",
            ACTIONS + "A,Ann,,,2026-01-01,2026-02-01,csat,,-5,done,\n",
            "column cost: '-5.0' is below 0",
        ),
        ("actions.csv", ACTIONS + "A,Ann,,,2026-01-01,2026-02-01,csat,,,plannd,\n", "Did you mean 'planned'"),
        (
            "actions.csv",
            ACTIONS + "A,,,,2026-01-01,2026-02-01,csat,,,running,2026-01-20\n",
            "column done_on: '2026-01-20' is filled in, but the state is not done",
        ),
        (
            "actions.csv",
            ACTIONS + "A,,,,2026-01-10,2026-02-01,csat,,,done,2026-01-02\n",
            "column done_on: '2026-01-02' is before start",
        ),
        ("actions.csv", "what,start,due,kpi\n", "no column state"),
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
        "actions.csv": reference.actions,
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


def test_a_target_of_the_shorter_table_has_no_bands_and_is_of_all(tmp_path: Path) -> None:
    (tmp_path / "targets.csv").write_text("metric,from,value,owner\ncsat,2026-01-01,80,Ann\n")
    (row,) = reference.targets(tmp_path).to_dict("records")
    assert (row["value"], row["segment"]) == (80, "")
    assert pd.isna(row["floor"])
    assert pd.isna(row["stretch"])


@pytest.mark.parametrize(
    ("state", "done_on", "told"),
    [("done", "", date(2026, 2, 1)), ("done", "2026-01-20", date(2026, 1, 20)), ("running", "", None)],
)
def test_what_is_done_was_done_on_its_due_date_unless_it_says_more(
    tmp_path: Path, state: str, done_on: str, told: date | None
) -> None:
    (tmp_path / "actions.csv").write_text(f"{ACTIONS}A,,,,2026-01-10,2026-02-01,csat,,,{state},{done_on}\n")
    assert reference.actions(tmp_path)["done_on"].tolist() == [told]


def edited(folder: Path, **cells: object) -> pd.DataFrame:
    """The actions as the editor hands them back, with the first row's cells changed and an empty row at the end."""
    table = reference.written_actions(folder).astype(object)
    table.loc[0, [*cells]] = [*cells.values()]
    table.loc[len(table)] = [None] * len(table.columns)
    return table


SOUND = (
    ACTIONS.replace("done_on", "done_on,note")
    + "A,Ann,,web,2026-01-10,2026-02-01,csat,80.0,,running,,keep me\n"
)


def test_edited_actions_are_read_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "actions.csv").write_text(SOUND)
    table = edited(tmp_path, state="done", done_on=pd.Timestamp(2026, 1, 30), what="A, then B")
    reference.write_actions(tmp_path, table, reference.seen(tmp_path))
    (row,) = reference.actions(tmp_path).to_dict("records")
    assert (row["what"], row["state"], row["done_on"], row["note"]) == (
        "A, then B",
        "done",
        date(2026, 1, 30),
        "keep me",
    )
    assert [path.name for path in tmp_path.iterdir()] == ["actions.csv"]


def test_the_first_actions_make_the_file(tmp_path: Path) -> None:
    table = edited(
        tmp_path, what="A", start=date(2026, 1, 1), due=date(2026, 2, 1), kpi="csat", state="planned"
    )
    reference.write_actions(tmp_path, table, reference.seen(tmp_path))
    assert reference.actions(tmp_path)["what"].tolist() == ["A"]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"due": date(2025, 1, 1)}, "actions.csv, row 1, column due: '2025-01-01' is before start"),
        ({"what": "  "}, "row 1, column what: '' is empty"),
        ({"state": "over"}, "row 1, column state: 'over'"),
    ],
)
def test_an_unsound_edit_of_the_actions_leaves_the_file_as_it_was(
    tmp_path: Path, cells: dict[str, object], said: str
) -> None:
    (tmp_path / "actions.csv").write_text(SOUND)
    with pytest.raises(BadReference) as refused:
        reference.write_actions(tmp_path, edited(tmp_path, **cells), reference.seen(tmp_path))
    assert said in str(refused.value)
    assert (tmp_path / "actions.csv").read_text() == SOUND
    assert [path.name for path in tmp_path.iterdir()] == ["actions.csv"]


@pytest.mark.parametrize("meanwhile", [SOUND.replace("Ann", "Bea"), ACTIONS, None])
def test_actions_that_changed_meanwhile_are_not_overwritten(tmp_path: Path, meanwhile: str | None) -> None:
    path = tmp_path / "actions.csv"
    path.write_text(SOUND)
    table, since = edited(tmp_path, owner="Cem"), reference.seen(tmp_path)
    path.write_text(meanwhile) if meanwhile is not None else path.unlink()
    with pytest.raises(BadReference, match="was changed meanwhile; nothing was saved"):
        reference.write_actions(tmp_path, table, since)
    assert (path.read_text() if path.exists() else None) == meanwhile
