"""Personal data are masked on arrival: what is found, what must be left, and how much of a labelled sample is missed."""

import csv
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iban, luhn

from cx.folders import PROJECT
from cx.masking import MARKS, masked

SAMPLE = Path(__file__).with_name("masking") / "sample.jsonl"
COMPLAINTS = PROJECT.parent / "shared" / "data" / "comcast_complaints" / "complaints.csv"
MARK = re.compile("(" + "|".join(map(re.escape, MARKS)) + ")")


def mask(text: str) -> str:
    (found,) = masked([text])
    assert found is not None
    return found


# ---------------------------------------------------------------------------- given, expect


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My name is Ann Jones, ring +44 7911 123456.", "My name is [NAME], ring [PHONE]."),
        ("write to ann.jones@mail.com!", "write to [EMAIL]!"),
        ("it is ann (at) mail dot com", "it is [EMAIL]"),
        ("card 4111 1111 1111 1111 exp 12/27", "card [CARD] exp 12/27"),
        ("card 4111 1111 1111 1112, mistyped", "card [CARD], mistyped"),
        ("to GB29 NWBK 6016 1331 9268 19 please", "to [IBAN] please"),
        ("nl91abna0417164300", "[IBAN]"),
        ("sent to 12 Baker Street, London NW1 6XE, sadly", "sent to [ADDRESS], sadly"),
        ("Hauptstraße 12, 10115 Berlin", "[ADDRESS]"),
        ("24 rue de la République, 69002 Lyon", "[ADDRESS]"),
        ("Rufen Sie 0171 2345678 an", "Rufen Sie [PHONE] an"),
        ("رقمي ٠٥٠١٢٣٤٥٦٧", "رقمي [PHONE]"),
        ("شماره من ۰۹۱۲۱۲۳۴۵۶۷ است", "شماره من [PHONE] است"),
        ("Kind regards,\nTom", "Kind regards,\n[NAME]"),
        ("Sehr geehrte Frau Schneider, wo bleibt es?", "Sehr geehrte Frau [NAME], wo bleibt es?"),
        ("اسمي محمد العلي", "اسمي [NAME]"),
    ],
)
def test_what_names_a_person_is_replaced_by_its_kind(text: str, expected: str) -> None:
    assert mask(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "order 4711-22 of 2025-10-12 at 14:35",
        "invoice 2025-00817 over €1,299.00, 10 of 12 parts",
        "v2.13.4 on Chrome 131.0.6778.86 and 1.299.000,00 TL",
        "order no. 1002004567 and ticket #88421399",
        "Dear Zendesk team, the way it works is worse",
        "Hi there, Mark as read fails. Will Amazon pay? May I ask?",
        "Rose gold, the St. Patrick's sale, Aroma One",
        "I am Very Disappointed. My name is on the account.",
        "La rue est fermée; Sokak lambası; die Straße; الشارع مغلق",
        "Calvin Klein and Ralph Lauren arrived",
    ],
)
def test_what_only_looks_so_is_left(text: str) -> None:
    assert mask(text) == text


def test_texts_keep_their_number_and_order_and_none_stays_none() -> None:
    assert masked([None, "", "a@b.co", "fine", None, "a@b.co"]) == [
        None,
        "",
        "[EMAIL]",
        "fine",
        None,
        "[EMAIL]",
    ]
    assert masked([]) == []


# ---------------------------------------------------------------------------- laws

CUES = (
    "Dear ",
    "my name is ",
    "Regards, ",
    "Mr ",
    "John ",
    "Smith ",
    "12 ",
    "Street ",
    ", ",
    "+49",
    "0171 ",
    "@",
    "[NAME]",
    "[",
    "]",
)
PIECES = st.lists(
    st.one_of(st.sampled_from(CUES), st.text(max_size=6), st.text("0123456789 -.", max_size=14)), max_size=12
)
TEXTS = st.one_of(st.text(), PIECES.map("".join))
WORDS = "the lamp came late and broken but nobody on chat would say why so now we wait for another one again"


def spaced(told: str, by: str) -> str:
    return by.join(told[at : at + 4] for at in range(0, len(told), 4))


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    told = draw(st.from_regex(r"[2-6][0-9]{11,17}", fullmatch=True))
    return spaced(told + luhn.calc_check_digit(told), draw(st.sampled_from(("", " ", "-", "\u00a0"))))


@st.composite
def accounts(draw: st.DrawFn) -> str:
    country, shape = draw(
        st.sampled_from(
            (
                ("DE", "[0-9]{18}"),
                ("GB", "[A-Z]{4}[0-9]{14}"),
                ("NL", "[A-Z]{4}[0-9]{10}"),
                ("TR", "[0-9]{5}0[0-9A-Z]{16}"),
            )
        )
    )
    own = draw(st.from_regex(shape, fullmatch=True))
    told = country + iban.calc_check_digits(f"{country}00{own}") + own
    return spaced(draw(st.sampled_from((told, told.lower()))), draw(st.sampled_from(("", " ", "-"))))


def around(text: str) -> bool:
    return not (text[:1].isdecimal() or text[-1:].isdecimal())


@given(TEXTS)
def test_masking_what_is_masked_changes_nothing(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@given(st.lists(st.sampled_from(WORDS.split())).map(" ".join))
def test_plain_words_are_left(text: str) -> None:
    assert mask(text) == text


@given(TEXTS.filter(around), card_numbers(), TEXTS.filter(around))
def test_a_card_never_survives(before: str, card: str, after: str) -> None:
    assert card not in mask(before + card + after)


@given(TEXTS.filter(around), accounts(), TEXTS.filter(around))
def test_an_iban_never_survives(before: str, account: str, after: str) -> None:
    assert account not in mask(before + account + after)


@given(TEXTS, st.emails(), TEXTS)
def test_an_address_never_survives(before: str, address: str, after: str) -> None:
    assert address not in mask(before + address + after)


# ---------------------------------------------------------------------------- a labelled sample


@dataclass
class Score:
    """Over some labelled texts, by kind: what was labelled and hidden whole, what was masked and rightly."""

    labelled: Counter[str] = field(default_factory=Counter)
    hidden: Counter[str] = field(default_factory=Counter)
    masks: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)


def is_held_out(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % 2 == 1


def masks_of(text: str) -> Iterator[tuple[int, int, str]]:
    """Where in a text its masks stand, and their kinds."""
    parts = MARK.split(mask(text))
    found = re.fullmatch(
        "".join("(.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts)), text, re.DOTALL
    )
    assert found
    yield from ((*found.span(at + 1), kind[1:-1]) for at, kind in enumerate(parts[1::2]))


def score(rows: list[dict[str, Any]]) -> Score:
    told = Score()
    for row in rows:
        text, masks = row["text"], list(masks_of(row["text"]))
        for start, end, kind in row["spans"]:
            seen = [at for at in range(start, end) if text[at].isalnum()]
            told.labelled[kind] += 1
            told.hidden[kind] += all(any(first <= at < last for first, last, _ in masks) for at in seen)
        for first, last, kind in masks:
            told.masks[kind] += 1
            told.right[kind] += any(
                first < end and start < last and kind == of for start, end, of in row["spans"]
            )
    return told


@pytest.fixture(scope="module")
def held_out() -> Score:
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    return score([row for row in rows if is_held_out(row["text"])])


@pytest.mark.parametrize(
    ("kind", "recall", "precision"),
    [
        ("NAME", 0.84, 0.95),
        ("EMAIL", 1, 1),
        ("PHONE", 0.95, 0.9),
        ("CARD", 1, 1),
        ("IBAN", 1, 1),
        ("ADDRESS", 0.7, 0.9),
    ],
)
def test_what_a_labelled_sample_shows(held_out: Score, kind: str, recall: float, precision: float) -> None:
    assert held_out.hidden[kind] >= recall * held_out.labelled[kind]
    assert held_out.right[kind] >= precision * held_out.masks[kind]


def test_the_docs_promise_no_more_than_that(held_out: Score) -> None:
    page = (PROJECT / "docs/privacy.md").read_text(encoding="utf-8")
    names = {"names": "NAME", "e-mail addresses": "EMAIL", "phones": "PHONE", "cards": "CARD", "IBANs": "IBAN",
             "postal addresses": "ADDRESS"}  # fmt: skip
    rows = re.findall(
        r"^\| ([\w -]+) \| \d+ % \((\d+) of (\d+)\) \| \d+ % \((\d+) of (\d+)\) \|$", page, re.MULTILINE
    )
    assert len(rows) == len(names)
    for name, *told in rows:
        kind = names[name]
        hidden, labelled, right, masks = map(int, told)
        assert labelled == held_out.labelled[kind]
        assert hidden <= held_out.hidden[kind]
        assert right / masks <= held_out.right[kind] / held_out.masks[kind]


def test_the_sample_tempts_at_least_as_often_as_it_tells() -> None:
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    assert len(rows) >= 200
    assert 2 * sum(not row["spans"] for row in rows) >= len(rows)


@pytest.mark.skipif(not COMPLAINTS.exists(), reason="needs the real complaints")
def test_real_complaints_are_hardly_touched() -> None:
    with COMPLAINTS.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        texts = [row["Customer Complaint"] for row in csv.DictReader(file)]
    changed = [text for text, found in zip(texts, masked(texts), strict=True) if text != found]
    assert 0 < len(changed) < len(texts) / 100
    assert any("Palmer Road" in text for text in changed)
