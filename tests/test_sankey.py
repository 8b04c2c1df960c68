import json
from collections import Counter
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx import sankey

STAGES = ["aware", "try", "buy", "renew"]
RANKS = {stage: rank for rank, stage in enumerate([*STAGES, sankey.OPEN, sankey.LEFT])}
COLUMNS = [
    "step", "origin", "target", "n", "back", "origin_name", "target_name", "rank", "target_rank", "told",
]  # fmt: skip

journeys = st.lists(
    st.tuples(st.lists(st.sampled_from(STAGES), min_size=1, max_size=8), st.sampled_from([sankey.LEFT, sankey.OPEN])),
    min_size=1,
    max_size=30,
)  # fmt: skip


def links(counts):
    """A row for each (step, origin, target) and its number, in the order given."""
    rows = [
        (step, origin, target, n, RANKS[target] < RANKS[origin], origin.title(), target.title(), RANKS[origin],
         RANKS[target], f"{n} from {origin} to {target}")
        for (step, origin, target), n in counts.items()
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def walked(walks):
    return Counter(
        (step, origin, target)
        for stages, end in walks
        for step, (origin, target) in enumerate(pairwise([*stages, end]), start=1)
    )


def drawn(counts, room=-1, **how):
    """What is drawn where there is this much room, the widest unless said otherwise."""
    spec = sankey.options(links(counts), {"alt": "Ways"}, **how)
    return spec["media"][room]["option"]["series"][0]


SOME = {
    (2, "buy", "left"): 2,
    (1, "aware", "buy"): 6,
    (1, "aware", "left"): 3,
    (1, "buy", "try"): 1,
    (2, "buy", "renew"): 4,
    (2, "try", "open"): 1,
}


def test_a_node_is_a_stage_at_a_step_in_the_order_of_its_rank():
    assert [(node["depth"], node["shown"]) for node in drawn(SOME)["data"]] == [
        (0, "9 Aware"), (0, "1 Buy"), (1, "1 Try"), (1, "6 Buy"), (1, "3 Left"), (2, "4 Renew"), (2, "1 Open"), (2, "2 Left"),
    ]  # fmt: skip


def test_nodes_and_links_tell_their_way_and_a_sentence():
    series = drawn(SOME)
    assert [node["way"] for node in series["data"]][:2] == [[1, "aware", ""], [1, "buy", ""]]
    assert [node["told"] for node in series["data"]][:2] == [
        "Aware at step 1: 9 visits", "Buy at step 1: 1 visit",
    ]  # fmt: skip
    assert [link["way"] for link in series["links"]] == [list(way) for way in SOME]
    assert series["links"][0]["told"] == "2 from buy to left"


@pytest.mark.parametrize(
    ("way", "colour", "marked"),
    [
        ((1, "aware", "buy"), "gray", False),
        ((1, "buy", "aware"), "orange", True),
        ((1, "buy", "left"), "red", False),
        ((1, "buy", "open"), "gray", False),
    ],
)
def test_only_a_way_that_goes_back_or_ends_is_coloured(way, colour, marked):
    (link,) = drawn({way: 1})["links"]
    assert link["lineStyle"]["color"] == f"var(--st-{colour}-color)"
    assert link["edgeLabel"]["show"] is marked


def test_a_journey_still_under_way_is_the_lightest():
    onward, going = drawn({(1, "aware", "buy"): 1, (1, "aware", "open"): 1})["links"]
    assert going["lineStyle"]["opacity"] < onward["lineStyle"]["opacity"]


def test_from_right_to_left_columns_are_mirrored_and_ways_are_not():
    there, back = drawn(SOME), drawn(SOME, rtl=True)
    assert [2 - node["depth"] for node in back["data"]] == [node["depth"] for node in there["data"]]
    assert [(link["target"], link["source"]) for link in back["links"]] == [
        (link["source"], link["target"]) for link in there["links"]
    ]
    assert [link["way"] for link in back["links"]] == [link["way"] for link in there["links"]]


def test_from_right_to_left_words_keep_their_own_direction():
    assert (
        drawn(SOME, rtl=True)["data"][0]["shown"]
        == "\N{FIRST STRONG ISOLATE}9 Aware\N{POP DIRECTIONAL ISOLATE}"
    )


def test_nothing_flows_where_there_is_nothing():
    for counts in ({}, {(1, "aware", "buy"): 0}):
        assert (drawn(counts)["data"], drawn(counts)["links"]) == ([], [])


def test_the_rooms_are_told_apart_by_every_width():
    queries = [each["query"] for each in sankey.options(links(SOME), {"alt": "Ways"})["media"]]
    assert [query["minWidth"] for query in queries] == [0, *(query["maxWidth"] + 1 for query in queries[:-1])]
    assert "maxWidth" not in queries[-1]


@settings(max_examples=40, deadline=None)
@given(journeys, st.sampled_from(range(len(sankey.ROOMS))), st.integers(2, 8), st.booleans())
def test_what_flows_into_a_node_is_who_is_there(walks, room, steps, rtl):
    """Held against a plain walk of the same journeys."""
    series = drawn(walked(walks), room, steps=steps, rtl=rtl)
    there = Counter(place for stages, end in walks for place in enumerate([*stages, end], start=1))
    last = min(steps, sankey.ROOMS[room][1])
    into = Counter()
    for link in series["links"]:
        step, _, target = link["way"]
        into[step + 1, target] += link["value"]
    at = {(node["way"][0], node["way"][1]): node for node in series["data"]}
    assert into == {place: n for place, n in there.items() if 1 < place[0] <= last}
    assert all(f"{there[place]} " in node["shown"] for place, node in at.items())


@settings(max_examples=40, deadline=None)
@given(journeys, st.sampled_from(range(len(sankey.ROOMS))), st.booleans())
def test_every_link_runs_one_column_on_between_nodes_that_are_there(walks, room, rtl):
    series = drawn(walked(walks), room, rtl=rtl)
    depth = {node["name"]: node["depth"] for node in series["data"]}
    assert len(depth) == len(series["data"])
    assert min(depth.values()) == 0
    assert max(depth.values()) < sankey.ROOMS[room][1]
    assert {depth[link["target"]] - depth[link["source"]] for link in series["links"]} == {1}


def test_the_specification_is_plain_json():
    spec = sankey.options(links(SOME), {"alt": "Ways"})
    assert json.loads(json.dumps(spec)) == spec
    assert spec["baseOption"]["aria"] == {"enabled": True, "label": {"description": "Ways"}}
