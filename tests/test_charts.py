from datetime import date, timedelta

import altair as alt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx import charts, words
from cx.vega import labels, nice_ticks

FIRST = date(2026, 1, 5)
TITLES = {
    name: name
    for name in (
        "week",
        "value",
        "range",
        "n",
        "campaign",
        "channel",
        "action",
        "when",
        "group",
        "rate",
        "mix",
        "total",
    )
}
NONE = pd.DataFrame(columns=["name", "starts_on", "ends_on", "channel"])


def weeks(values, unfinished=0, tones=None):
    """A week for each value (None is a gap), the last few unfinished."""
    value = pd.Series(values, dtype="float64")
    told = {f"{name}_text": "" for name in ("week", "value", "range", "n")}
    return pd.DataFrame(
        {"week": [FIRST + timedelta(weeks=i) for i in range(len(value))], "value": value}
    ).assign(
        lo=value - 1,
        hi=value + 1,
        finished=[i < len(value) - unfinished for i in range(len(value))],
        tone=tones or [""] * len(value),
        **told,
    )


def campaign(name, starts_on, ends_on):
    return {"name": name, "starts_on": starts_on, "ends_on": ends_on, "channel": "email"}


def aims(*told):
    """The target's steps: so many days after the first week, and the value from then on."""
    rows = [
        {"from": FIRST + timedelta(days=day), "value": value, "text": f"Target {value:g}"}
        for day, value in told
    ]
    return pd.DataFrame(rows, columns=["from", "value", "text"])


def ahead(values):
    """A forecast of these values, from the fourth week on."""
    value = pd.Series(values, dtype="float64")
    bounds = {"lo": value - 4, "hi": value + 4, "lo80": value - 2, "hi80": value + 2}
    return pd.DataFrame(
        {"week": [FIRST + timedelta(weeks=3 + i) for i in range(len(value))], "value": value}
    ).assign(**bounds)


def trend(rows, campaigns=NONE, target=50.0, actions=None, forecast=None):
    told = aims((-700, target)) if isinstance(target, float) else target
    return charts.trend(rows, campaigns, told, TITLES, lambda value: f"{value:g}", actions, forecast)


def movers(rows):
    frame = pd.DataFrame(rows, columns=["group", "rate", "mix", "tone"])
    total = frame["rate"] + frame["mix"]
    return charts.movers(frame.assign(total=total, text=total.map("{:+.1f}".format)), TITLES)


def data(spec, name):
    return spec["datasets"][name].to_pylist()


MOVERS = movers([("Buy", -2.0, 0.5, "bad"), ("Help", 0.1, 0.2, ""), ("Renew", 1.0, 0.0, "good")])


@pytest.mark.parametrize(
    "spec",
    [
        trend(weeks([50, 51, None, 53, 54], unfinished=1), pd.DataFrame([campaign("Spring", FIRST, FIRST)])),
        trend(weeks([50, 51]), target=None),
        trend(weeks([])),
        trend(weeks([None, None])),
        trend(weeks([50], unfinished=1)),
        trend(
            weeks([50, 51, 52]),
            target=aims((-9, 49.0), (7, 52.0)),
            actions=pd.DataFrame([{"on": FIRST, "name": "Ask less", "aimed": True, "told": "done"}]),
            forecast=ahead([52, 53]),
        ),
        MOVERS,
        movers([]),
    ],
)
def test_every_chart_is_valid_vega_lite(spec):
    inline = {name: table.to_pylist() for name, table in spec["datasets"].items()}
    alt.LayerChart.from_dict({**spec, "datasets": inline}, validate=True)


@pytest.mark.parametrize(
    ("values", "runs", "alone"),
    [
        ([1, 2, 3], [1, 1, 1], [False, False, False]),
        ([1, None, 3, 4], [1, 2, 3, 3], [True, False, False, False]),
        ([None, 2, None], [0, 1, 2], [False, True, False]),
    ],
)
def test_a_missing_week_is_a_gap_in_the_line(values, runs, alone):
    rows = data(trend(weeks(values)), "weeks")
    assert [row["run"] for row in rows] == runs
    assert [row["alone"] for row in rows] == alone


@pytest.mark.parametrize(
    ("values", "unfinished", "segment"),
    [
        ([1, 2, 3], 1, [2, 3]),
        ([1, None, 3], 1, [3]),
        ([1, 2, None], 1, [2]),
        ([1, 2, 3], 0, []),
        ([3], 1, [3]),
    ],
)
def test_the_unfinished_week_is_a_segment_of_its_own(values, unfinished, segment):
    spec = trend(weeks(values, unfinished))
    assert [row["value"] for row in data(spec, "open")] == segment
    assert [row["value"] for row in data(spec, "weeks") if row["drawn"]] == [
        v for v in values[: len(values) - unfinished] if v
    ]


def test_the_last_finished_week_is_marked_not_the_unfinished_one():
    rows = data(trend(weeks([1, 2, 3], unfinished=1)), "weeks")
    assert [row["last"] for row in rows] == [False, True, False]


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "shown"),
    [
        (FIRST - timedelta(days=9), FIRST - timedelta(days=5), []),
        (FIRST - timedelta(days=9), FIRST + timedelta(days=1), [(0, 2)]),
        (FIRST + timedelta(days=3), FIRST + timedelta(days=3), [(3, 4)]),
        (FIRST + timedelta(days=12), FIRST + timedelta(days=90), [(12, 14)]),
    ],
)
def test_campaigns_are_cut_to_the_weeks_shown(starts_on, ends_on, shown):
    spec = trend(weeks([1, 2, 3]), pd.DataFrame([campaign("Spring", starts_on, ends_on)]))
    zero = data(spec, "weeks")[0]["week"]
    days = [
        ((row["week"] - zero) / 86_400_000, (row["end"] - zero) / 86_400_000)
        for row in data(spec, "campaigns")
    ]
    assert days == shown


def test_a_week_of_few_answers_does_not_flatten_the_others():
    rows = weeks([50.0] * 40)
    rows.loc[3, ["lo", "hi"]] = 0.0, 100.0
    low, high = charts.trend(rows, NONE, None, TITLES, str)["layer"][1]["encoding"]["y"]["scale"]["domain"]
    assert high - low < 5


@pytest.mark.parametrize(
    ("selection", "days"),
    [
        ({}, None),
        ({"brush": {}}, None),
        ({"brush": {"week": []}}, None),
        ({"brush": {"week": [1_767_571_200_000, 1_768_780_800_000.5]}}, (FIRST, FIRST + timedelta(days=14))),
        ({"brush": {"week": [1_768_780_800_000, 1_767_571_200_000]}}, (FIRST, FIRST + timedelta(days=14))),
    ],
)
def test_a_brush_reads_as_days(selection, days):
    assert charts.brushed(selection) == days


def test_the_words_on_the_axes_come_from_python():
    words.use("de")
    try:
        spec = trend(weeks([50, 51, 52, 53, 54, 55, 56, 57, 58]))
        assert "2. M\u00e4rz" in str(spec["layer"][1]["encoding"]["x"]["axis"])
    finally:
        words.use("en")


@pytest.mark.parametrize(("language", "side"), [("en", "left"), ("fa", "right")])
def test_names_stand_where_reading_starts(language, side):
    words.use(language)
    try:
        spec = movers([("Buy", -2.0, 0.5, "bad")])
        assert spec["layer"][1]["encoding"]["y"]["axis"]["orient"] == side
    finally:
        words.use("en")


def test_the_first_mover_names_its_parts():
    assert [row["group"] for row in data(MOVERS, "first")] == ["Buy"]
    assert MOVERS["height"] == 3 * charts.ROW_HEIGHT


@pytest.mark.parametrize("value", [0, 84.5, -3, 0.1, 1e6, 100.0])
def test_a_label_is_found_by_the_number_that_the_browser_writes(value):
    written = {0: "0", 84.5: "84.5", -3: "-3", 0.1: "0.1", 1e6: "1000000", 100.0: "100"}[value]
    assert labels({value: "text"})["labelExpr"] == f'({{"{written}": "text"}})[datum.value]'


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_round_few_and_within_bounds(low, span):
    ticks = nice_ticks(low, low + span)
    room = span * 1e-6 + 1e-6
    assert 2 <= len(ticks) <= 9
    assert all(low - room <= tick <= low + span + room for tick in ticks)
    assert ticks == sorted(set(ticks))


@pytest.mark.parametrize(
    ("told", "drawn"),
    [
        ([], []),
        ([(-30, 50.0)], [(0, 50, "Target 50"), (14, 50, "")]),
        ([(-30, 50.0), (7, 60.0)], [(0, 50, "Target 50"), (7, 50, ""), (7, 60, "Target 60"), (14, 60, "")]),
        ([(-30, 50.0), (-10, 60.0)], [(0, 60, "Target 60"), (14, 60, "")]),
        ([(10, 50.0)], [(10, 50, "Target 50"), (14, 50, "")]),
        ([(-30, 50.0), (13, 60.0)], [(0, 50, "Target 50"), (13, 50, ""), (13, 60, ""), (14, 60, "")]),
        ([(14, 50.0)], []),
    ],
)
def test_a_target_is_a_step_through_time_named_where_there_is_room(told, drawn):
    spec = trend(weeks([1, 2, 3]), target=aims(*told))
    zero = data(spec, "weeks")[0]["week"]
    steps = [((row["week"] - zero) // 86_400_000, row["value"], row["text"]) for row in data(spec, "target")]
    assert steps == drawn


def test_a_forecast_leads_on_from_the_last_known_week_and_widens_the_chart():
    spec = trend(weeks([50, 51, 52, 53], unfinished=1), forecast=ahead([54, 55, 56]))
    rows = data(spec, "forecast")
    assert [row["value"] for row in rows] == [52, 54, 55, 56]
    assert (rows[0]["lo"], rows[0]["hi"]) == (52, 52)
    assert spec["layer"][1]["encoding"]["x"]["scale"]["domain"][1] == rows[-1]["week"]


@pytest.mark.parametrize(("days", "shown"), [(-1, []), (0, ["Ask less"]), (14, ["Ask less"]), (15, [])])
def test_actions_are_marked_within_the_weeks_shown(days, shown):
    done = pd.DataFrame([{"on": FIRST + timedelta(days=days), "name": "Ask less", "aimed": True, "told": ""}])
    spec = trend(weeks([1, 2, 3]), actions=done)
    assert [row["name"] for row in (data(spec, "actions") if "actions" in spec["datasets"] else [])] == shown
