"""Which column of a strange file is which, how its moments are written, and the mapping that is saved."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx.errors import MappingError
from cx.formats import Format, Mapping, Source, load_mapping, open_sheet, recognise
from cx.formats.moments import apart, mixed, readings, span
from cx.formats.source import MICROSECONDS_IN, SECONDS_IN
from cx.formats.suggesting import (
    Seen,
    kind_of,
    meaning,
    seen,
    sound,
    source_of,
    suggest,
    unit_of,
    words_of,
)
from cx.formats.writing import as_toml, only_for, save, tied
from cx.ingest.trying import attempt, look
from cx.model import COLUMNS

NOW = datetime(2026, 11, 18, 12)
DATA = Path(__file__).parents[2] / "shared" / "data"


def ways(*values: str) -> list[str]:
    return [way.format or way.epoch or "ISO" for way in readings(values, NOW)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["03/04/2025", "05/06/2025"], ["%d/%m/%Y", "%m/%d/%Y"]),
        (["03/04/2025", "25/06/2025"], ["%d/%m/%Y"]),
        (["3/19/2015", "4/5/2015"], ["%m/%d/%Y"]),
        (["03/03/2025"], ["%d/%m/%Y", "%m/%d/%Y"]),
        (["13/01/2025", "01/13/2025"], []),
        (["03/04/2025 3:05 pm"], ["%d/%m/%Y %I:%M %p", "%m/%d/%Y %I:%M %p"]),
        (["13.04.2025 10:00:01.25"], ["%d.%m.%Y %H:%M:%S.%f"]),
        (["13.04.2025, 10:00"], ["%d.%m.%Y, %H:%M"]),
        (["22-04-15", "31-05-15"], ["%d-%m-%y"]),
        (["25-03-04", "25-03-12"], ["%d-%m-%y", "%y-%m-%d"]),
        (["22-Apr-15"], ["%d-%b-%y"]),
        (["1 April 2015", "2 May 2015"], ["%d %B %Y"]),
        (["April 1, 2015"], ["%B %d, %Y"]),
        (["Mon, 3 Mar 2025 10:00:00 +0000"], ["%a, %d %b %Y %H:%M:%S %z"]),
        (["2025/03/04"], ["%Y/%m/%d"]),
        (["2025-03-04", "2025-03-04T10:00:00Z", "2015-02-24 11:35:52 -0800"], ["ISO"]),
        (["20250304"], ["%Y%m%d"]),
        (["1700000000"], ["s"]),
        (["1700000000123"], ["ms"]),
        (["1700000000123456"], ["us"]),
        (["soon", "late"], []),
        (["", " "], []),
    ],
)
def test_every_reading_that_fits_all_values_is_found(values: list[str], expected: list[str]) -> None:
    assert ways(*values) == expected


def test_a_few_values_that_are_no_moments_do_not_hide_the_others() -> None:
    days = [f"{day:02}/{month:02}/2025" for day in range(1, 29) for month in (1, 2, 3)]
    assert ways(*days, "Opened") == ["%d/%m/%Y"]
    assert not mixed([*days, "Opened"])
    assert mixed(["13/01/2025", "01/13/2025"])


def test_examples_are_those_that_the_readings_tell_apart() -> None:
    values = ["03/03/2025", "03/04/2025", "05/06/2025"]
    assert apart(values, readings(values, NOW)) == ("03/04/2025", "05/06/2025")
    assert apart(["03/03/2025"], readings(["03/03/2025"], NOW)) == ("03/03/2025",)


@given(st.lists(st.datetimes(datetime(2000, 1, 1), datetime(2026, 1, 1)), min_size=1, max_size=30),
       st.sampled_from(["%d/%m/%Y", "%m/%d/%Y %H:%M", "%d.%m.%y", "%m-%d-%Y %I:%M:%S %p", "%Y-%m-%d %H:%M:%S", "%d %b %Y", "%B %d, %Y"]))  # fmt: skip
def test_the_way_in_which_they_were_written_is_always_among_the_readings(
    moments: list[datetime], pattern: str
) -> None:
    written = [moment.strftime(pattern) for moment in moments]
    found = readings(written, NOW)
    assert [datetime.strptime(text, pattern) for text in written] in [
        [way.read(text) for text in written] for way in found
    ]
    told = span(written, found[0])
    assert told is not None
    assert told[0] <= told[1]


def column(name: str, values: list[str | None]) -> Seen:
    return seen(name, "text", pa.chunked_array([pa.array(values, pa.string())]))


DAYS = [f"2025-03-{day:02}" for day in range(1, 13)]
IDS = [f"A{n}" for n in range(12)]
FEW = ["one", "two", "three"] * 4
STARS = ["1", "5", "4"] * 4
WORDS = [f"the parcel number {n} came late" for n in range(12)]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"Ticket ID": IDS, "Created at": DAYS, "Rating": STARS}, {"interaction_id": "Ticket ID", "occurred_at": "Created at", "csat": "Rating"}),
        ({"Vorgangsnummer": IDS, "Eingang": DAYS, "Produkt": FEW, "Kanal": FEW}, {"interaction_id": "Vorgangsnummer", "occurred_at": "Eingang", "product": "Produkt", "channel": "Kanal"}),
        ({"numéro": IDS, "date de création": DAYS, "motif": FEW, "commentaire": WORDS}, {"interaction_id": "numéro", "occurred_at": "date de création", "reason": "motif", "text": "commentaire"}),
        ({"id": IDS, "fecha": DAYS, "canal": FEW}, {"interaction_id": "id", "occurred_at": "fecha", "channel": "canal"}),
        ({"codice": IDS, "data": DAYS, "prodotto": FEW}, {"interaction_id": "codice", "occurred_at": "data", "product": "prodotto"}),
        ({"kayıt no": IDS, "tarih": DAYS, "yorum": WORDS}, {"interaction_id": "kayıt no", "occurred_at": "tarih", "text": "yorum"}),
        ({"a": IDS, "b": DAYS, "c": WORDS}, {"interaction_id": "a", "occurred_at": "b", "text": "c"}),
        ({"Created": FEW, "x": FEW}, {}),
        ({"score": [str(n) for n in range(11)] + ["3"]}, {"nps": "score"}),
        ({"rating": ["0", "50", "100"] * 4}, {}),
        ({"who": [f"p{n % 5}@example.org" for n in range(12)]}, {"customer_id": "who"}),
        ({"created_at": DAYS, "updated_at": DAYS}, {"occurred_at": "created_at", "updated_at": "updated_at"}),
        ({"Chanel": FEW}, {"channel": "Chanel"}),
        ({"Event type": ["complaint", "Ticket", "review"] * 4}, {"kind": "Event type"}),
        ({"empty": [None] * 12}, {}),
        ({"Resolution time (h)": ["1.5", "2", "30"] * 4}, {"resolution_seconds": "Resolution time (h)"}),
    ],
)  # fmt: skip
def test_columns_are_suggested_by_name_and_values(
    columns: dict[str, list[str | None]], expected: dict[str, str]
) -> None:
    assert suggest([column(name, values) for name, values in columns.items()], NOW) == expected


@given(st.lists(st.tuples(st.sampled_from(["id", "date", "rating", "score", "text", "order id", "data", "x"]), st.sampled_from([IDS, DAYS, FEW, STARS, WORDS])), max_size=6, unique_by=lambda one: one[0]))  # fmt: skip
def test_no_column_is_suggested_twice(columns: list[tuple[str, list[str | None]]]) -> None:
    found = suggest([column(name, values) for name, values in columns], NOW)
    assert len({*found.values()}) == len(found)
    assert {*found} <= {*COLUMNS}


REAL = [
    ("comcast", "comcast_complaints/complaints.csv", {"interaction_id": "Ticket #", "occurred_at": "Date", "channel": "Received Via", "region": "State", "text": "Customer Complaint"}, "complaint"),
    ("cfpb", "cfpb_2015q1/complaints.csv", {"interaction_id": "Complaint ID", "occurred_at": "Date received", "product": "Product", "region": "State", "reason": "Issue"}, "complaint"),
    ("airline", "airline_tweets/Tweets.csv", {"interaction_id": "tweet_id", "occurred_at": "tweet_created", "reason": "negativereason", "sentiment": "airline_sentiment"}, "review"),
    ("leads", "olist_marketing_funnel/leads.csv", {"interaction_id": "mql_id", "occurred_at": "first_contact_date", "channel": "origin", "touchpoint": "landing_page_id"}, "signup"),
    ("deals", "olist_marketing_funnel/deals.csv", {"interaction_id": "mql_id", "occurred_at": "won_date", "segment": "business_segment"}, "signup"),
]  # fmt: skip


@pytest.mark.skipif(not DATA.is_dir(), reason="the real exports are not here")
@pytest.mark.parametrize(("name", "path", "expected", "kind"), REAL, ids=[one[0] for one in REAL])
def test_real_exports_are_suggested_as_people_mapped_them(
    name: str, path: str, expected: dict[str, str], kind: str
) -> None:
    looked = look(DATA / path)
    found = suggest(looked.columns, NOW)
    assert {column: found.get(column) for column in expected} == expected
    assert kind_of(Path(path).name, [column.name for column in looked.columns]) == kind


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Resolution time (in hrs)", "h"), ("first_reply_minutes", "min"), ("time_to_close_ms", "ms"),
        ("Bearbeitungszeit in Tagen", "s"), ("Lösungszeit (Stunden)", "h"), ("resolution", "s"), ("handleTimeSeconds", "s"),
    ],
)  # fmt: skip
def test_a_name_tells_the_unit(name: str, unit: str) -> None:
    assert unit_of(name, "resolution_seconds") == unit


@pytest.mark.parametrize(
    ("column", "value", "meant", "as_it_is"),
    [
        ("kind", "Beschwerde", "complaint", False), ("kind", "Refund request", "return", False), ("kind", "hm", "", False),
        ("csat", "Good", "4", False), ("csat", "0", "", False), ("csat", "5", "", True), ("csat", "4.5", "", False),
        ("nps", "10", "", True), ("nps", "11", "", False), ("sentiment", "NEG", "negative", False),
        ("device", "iPhone", "mobile", False), ("asked", "Yes", "", True), ("text", "x", "", True),
    ],
)  # fmt: skip
def test_what_values_mean(column: str, value: str, meant: str, as_it_is: bool) -> None:
    assert (meaning(column, value), sound(column, value)) == (meant, as_it_is)


def test_names_are_taken_apart_and_told() -> None:
    assert words_of("TicketID (in Hrs) #2 Größe") == ["ticket", "id", "in", "hrs", "#", "2", "grosse"]
    assert source_of("Desk export 2026-03-01 (2).csv.gz") == "desk"
    assert source_of("2026.csv") == "export"


# A mapping that is written is the mapping that is read.

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
NAMED = TEXTS.map(str.strip).filter(bool)
MOMENTS = st.one_of(
    st.builds(lambda unit: {"epoch": unit}, st.sampled_from([*MICROSECONDS_IN])),
    st.fixed_dictionaries(
        {"formats": st.sampled_from([(), ("%d/%m/%Y",), ("%m-%d-%y", "%d-%m-%y")]), "time_zone": st.sampled_from([None, "Europe/Rome"])}
    ),
)  # fmt: skip


def sources(name: str) -> st.SearchStrategy[Source]:
    told = COLUMNS[name]
    value = st.sampled_from(told.allowed) if told.allowed else TEXTS
    columns = st.lists(NAMED, min_size=1, max_size=2, unique=True).map(tuple)
    if told.type == "TIMESTAMP":
        return st.builds(lambda columns, more: Source(columns, **more), columns, MOMENTS)
    scales = st.just(1.0)
    if told.unit == "s":
        scales = st.one_of(st.sampled_from([*SECONDS_IN.values()]), st.floats(1e-6, 1e9))
    mapped = st.builds(
        Source,
        columns,
        values=st.dictionaries(st.text(st.characters(codec="utf-8")), value, max_size=3),
        otherwise=st.none() | value,
        scale=scales,
    )
    return mapped if name == "interaction_id" else mapped | st.builds(lambda one: Source(constant=one), value)


MAPPINGS = st.builds(
    Mapping,
    st.just("x.toml"),
    TEXTS,
    st.lists(NAMED, min_size=1, max_size=4).map(tuple),
    st.just("") | TEXTS,
    st.fixed_dictionaries(
        {name: sources(name) for name in ("source", "interaction_id", "occurred_at", "kind")},
        optional={
            name: sources(name) for name in ("channel", "csat", "sentiment", "resolution_seconds", "asked")
        },
    ),
)


@given(MAPPINGS)
def test_a_mapping_is_read_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, told: Mapping) -> None:
    path = tmp_path_factory.getbasetemp() / told.file
    path.write_text(as_toml(told), encoding="utf-8", newline="")
    assert load_mapping(path) == told


SOUND = Mapping("desk.toml", "desk", ("Case", "Opened"), "", {
    "source": Source(constant="desk"), "interaction_id": Source(("Case",)), "occurred_at": Source(("Opened",)),
    "kind": Source(constant="contact"), "channel": Source(constant="phone"), "resolution_seconds": Source(("Hours",), scale=3600.0),
})  # fmt: skip


def test_a_mapping_is_text_that_a_person_would_write() -> None:
    assert as_toml(SOUND).splitlines() == [
        'name = "desk"', 'recognise = ["Case", "Opened"]', "", "[columns]", 'source = { constant = "desk" }',
        'interaction_id = "Case"', 'occurred_at = "Opened"', 'kind = { constant = "contact" }', 'channel = { constant = "phone" }',
        'resolution_seconds = { column = "Hours", unit = "h" }',
    ]  # fmt: skip


def test_no_other_mapping_is_overwritten_untold(tmp_path: Path) -> None:
    path = save(SOUND, tmp_path)
    with pytest.raises(MappingError, match=r"desk\.toml"):
        save(SOUND, tmp_path)
    assert save(SOUND, tmp_path, replacing=True) == path
    unsound = Mapping("other.toml", "", ("Case",), "", SOUND.sources)
    with pytest.raises(MappingError, match="name"):
        save(unsound, tmp_path)
    assert [one.name for one in path.parent.iterdir()] == ["desk.toml"]


def test_of_mappings_that_fit_alike_the_one_that_names_all_columns_wins(tmp_path: Path) -> None:
    columns = ["Case", "Opened", "Hours"]
    other = replace(SOUND, file="other.toml", name="other")
    for mapping in (SOUND, other):
        save(mapping, tmp_path)
    assert [mapping.name for mapping in tied(columns, "x.csv", tmp_path)] == ["desk", "other"]
    save(only_for(other, columns, "x.csv"), tmp_path)
    assert tied(columns, "x.csv", tmp_path) == []
    assert recognise(columns, "x.csv", tmp_path).name == "other (x)"


# Trying a mapping out is what a landing does, with nothing kept.


def test_an_attempt_tells_what_would_be_kept_and_why_not(tmp_path: Path) -> None:
    path = tmp_path / "desk.csv"
    path.write_text("Case,Opened,Hours\n1,2025-03-01,2\n2,then,1\n3,2025-03-01,-1\n4,2025-03-02,\n5,6\n")
    looked = look(path)
    tried = attempt(looked, SOUND.format(looked.sheet.columns, path.name), NOW)
    assert (tried.read, tried.kept) == (5, 2)
    assert tried.rows[["interaction_id", "resolution_seconds"]].values.tolist()[0] == ["1", 7200.0]
    reasons = {(row.column, row.rule): (row.value, row.rows) for row in tried.refused.itertuples()}
    assert reasons == {
        ("occurred_at", "not_a_time"): ("then", 1), ("resolution_seconds", "too_low"): ("-1", 1), ("", "broken_line"): ("2", 1),
    }  # fmt: skip
    assert [*looked.first.columns] == ["Case", "Opened", "Hours"]


def test_a_suggestion_reads_a_real_landing(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    rows = [f"{n},{n:02}.03.2025 10:00,phone" for n in range(1, 29)]
    path.write_text("\n".join(["Case,Opened,Via", *rows]))
    looked = look(path)
    found = suggest(looked.columns, NOW)
    way = readings(looked.columns[1].values, NOW)[0]
    format = Format("x", {
        "source": Source(constant="x"), "kind": Source(constant="contact"), "occurred_at": Source((found["occurred_at"],), formats=(way.format,)),
        "interaction_id": Source((found["interaction_id"],)), "channel": Source((found["channel"],)),
    })  # fmt: skip
    tried = attempt(looked, format, NOW)
    assert (tried.kept, tried.rows["occurred_at"].iloc[0]) == (28, datetime(2025, 3, 1, 10))
    with open_sheet(path) as sheet:
        assert looked.sheet.columns == sheet.columns
