"""Postal addresses: a house number beside a street's word, with the town after it; UK postcodes; PO boxes.

A street's word alone is none ('the street was closed'), nor is a number before it in small letters.
An IP address is not looked for: nothing tells it from a version of four parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import regex

_WORD = r"\p{Lu}[\p{L}\p{M}'’.-]*"
_OF = r"(?:(?:de|del|dei|della|delle|degli|do|da|dos|das|du|des|di|la|le|les|los|las|el|l[’'])\s?|d[’']){0,3}"
_HOUSE = r"\d{1,5}(?:[-/]\d{1,4})?(?:\s?[a-zA-Z](?!\p{L}))?(?!\d)"
_UK = r"[A-Z]{1,2}\d[A-Z\d]?\s\d[ABD-HJLNP-UW-Z]{2}(?!\w)"
_NOT_TOWN = rf"(?!{_UK})(?!(?:Please|But|And|The|I|My|It|We|He|She|They|No|Not|Is|Was|So|You|Your|This|That|When|Why|Still)\b)"
_TOWN = rf"{_NOT_TOWN}{_WORD}(?:\s(?:am|an\sder|sur|of|del|de)\s{_WORD}|\s{_NOT_TOWN}{_WORD}){{0,2}}"
_FLAT = r"(?:(?:Apt|Apartment|Flat|Unit|Suite|Ste|Floor)\.?\s?\#?|\#\s?)\w{1,5}"

_ENGLISH = (
    r"Street|St|Road|Rd|Avenue|Ave|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Close|Square|Place|Terrace|Way|Crescent"
    r"|Highway|Hwy|Parkway|Pkwy|Gardens|Grove|Mews|Row|Circle|Cir|Trail|Walk"
)
_AFTER_ENGLISH = rf"""
    (?:,?\s+{_FLAT})?
    (?:,\s*{_TOWN})?
    (?:,?\s+[A-Z]{{2}},?\s+\d{{5}}(?:-\d{{4}})?(?!\d))?
    (?:,?\s+{_UK})?"""
_CODE_TOWN = rf"(?:[A-Z]{{1,2}}-)?\d{{4,5}}(?:-\d{{3}})?,?\s+{_TOWN}"
_AFTER = rf"(?:,?\s+{_CODE_TOWN}|\s[-–]\s{_TOWN})?"
_EASTERN = r"\s+\p{L}+(?:\s+\p{L}+){0,3}?\s*،?\s*"


@dataclass(frozen=True, slots=True)
class _Shape:
    """How addresses are written somewhere, and the words or parts of words of which a text must hold one."""

    pattern: regex.Pattern[str]
    words: frozenset[str] = frozenset()
    parts: tuple[str, ...] = ()

    def found(self, text: str, words: frozenset[str]) -> Iterator[tuple[int, int]]:
        if not self.words.isdisjoint(words) or any(part in text for part in self.parts):
            yield from (found.span() for found in self.pattern.finditer(text))


def _shape(pattern: str, words: str = "", parts: str = "") -> _Shape:
    forms = frozenset(form for word in words.split() for form in (word, word.capitalize()))
    return _Shape(regex.compile(pattern, regex.VERBOSE), forms, tuple(parts.split()))


_BESIDE_HOUSE = r"(?i:rue|avenue|av\.|boulevard|bd|place|chemin|allée|impasse|quai|route|cours)"
_BEFORE_HOUSE = r"(?i:calle|c/|avenida|avda\.?|av\.|plaza|paseo|carrera|rua|travessa|praça|alameda|estrada|viale|piazza|corso|vicolo|via)"
_NOT_VIA = r"(?!PayPal|Visa|Klarna|Apple|Google|E-?[Mm]ail|WhatsApp|Amazon|DHL|UPS|Chat|App\b|SMS|Web)"
_TURKISH = r"(?:Caddesi|Cadde|Cad\.|Sokağı|Sokak|Sok\.|Sk\.|Bulvarı|Mahallesi|Mah\.)"

_SHAPES = (
    _shape(
        rf"""(?:{_FLAT},?\s+)?(?<![\w.,-])\d{{1,5}}[a-zA-Z]?(?:[-/]\d{{1,4}})?,?\s+(?:[NSEW]\.?\s+)?
        (?:(?:(?:{_WORD}|\d+(?:st|nd|rd|th))\s+){{1,4}}?(?:{_ENGLISH})\b\.?
          |(?!way|wide)[a-z]{{3,}}\s(?:street|road|avenue|boulevard|blvd)\b){_AFTER_ENGLISH}""",
        words=_ENGLISH.replace("|", " ").lower() + " street road avenue boulevard blvd",
    ),
    _shape(
        rf"""\b(?:\p{{Lu}}[\p{{L}}-]*(?:stra(?:ß|ss)e|str\.|(?<!\bUm|\bAus)weg|allee|gasse|damm|chaussee
          |(?<!Park|Sitz|Arbeits|Steh|Stell)platz)|(?:\p{{Lu}}[\p{{L}}-]+\s)?(?<=\s|^)(?:Straße|Strasse|Str\.|Allee|Weg|Platz|Gasse))
        \s?{_HOUSE}{_AFTER}""",
        parts="straße strasse Straße Strasse str. Str. weg Weg llee asse damm chaussee latz",
    ),
    _shape(
        rf"""(?<!\w)\d{{1,4}}(?:\s?(?:bis|ter|[A-D])\b)?,?\s+{_BESIDE_HOUSE}\s+{_OF}{_WORD}(?:\s{_OF}{_WORD}){{0,2}}{_AFTER}""",
        words="rue avenue av boulevard bd place chemin allée impasse quai route cours",
    ),
    _shape(
        rf"""\b{_BEFORE_HOUSE}\s+{_NOT_VIA}{_OF}{_WORD}(?:\s{_OF}{_WORD}){{0,3}},?\s*(?:n[.º°]{{0,2}}\s*|No:?\s*)?{_HOUSE}{_AFTER}""",
        words="""calle c avenida avda av plaza paseo carrera rua travessa praça alameda estrada viale piazza corso vicolo via""",
    ),
    _shape(
        rf"""\b(?:(?:{_WORD}|\d+\.)\s+){{1,3}}{_TURKISH},?\s*(?:(?:{_WORD}|\d+\.)\s+{_TURKISH},?\s*)?
        (?:[Nn][Oo]\s?[:.]?\s*)?\d{{1,4}}(?!\d)(?:/\d+)?{_AFTER}""",
        parts="Cad Sok Sk. Bulvar Mah",
    ),
    _shape(
        rf"""(?<!\w)(?:(?:شارع|طريق){_EASTERN}|(?:خیابان|کوچه|بلوار|میدان){_EASTERN}(?:پلاک|شماره)\s*)\d{{1,5}}""",
        parts="شارع طريق خیابان کوچه بلوار میدان",
    ),
    _shape(
        rf"""(?:\b(?i:p\.?\s?o\.?\s?box|postfach|boîte\spostale|apartado(?:\sde\scorreos)?|casella\spostale|caixa\spostal|posta\skutusu)
        |ص\.?\s?ب\.?|صندوق\sپستی)\s*(?i:no\.?|nr\.?|n[º°]|:)?\s*\d[\d ]*(?:,\s*{_TOWN})?{_AFTER}""",
        parts="ox OX ostfach ostale partado aixa kutusu ب صندوق",
    ),
)
_NUMBERED_TOWN = regex.compile(rf"\b{_WORD}(?:\s{_WORD}){{0,3}}\s{_HOUSE},\s{_CODE_TOWN}")
_NUMBERED_TOWN_HINT = re.compile(r"\d\w?,\s(?:[A-Z]{1,2}-)?\d{4,5}")
_POSTCODE = regex.compile(rf"(?<!\w){_UK}")
_POSTCODE_HINT = re.compile(r"\d\s\d[A-Z]{2}|[A-Z\d]\s\d[A-Z]{2}")
_DIGIT = re.compile(r"\d")
_TOKEN = re.compile(r"\w+")


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """Streets with a house number, PO boxes, and UK postcodes that stand alone."""
    if not _DIGIT.search(text):
        return
    words = frozenset(_TOKEN.findall(text))
    for shape in _SHAPES:
        yield from shape.found(text, words)
    for hint, pattern in ((_NUMBERED_TOWN_HINT, _NUMBERED_TOWN), (_POSTCODE_HINT, _POSTCODE)):
        if hint.search(text):
            yield from (found.span() for found in pattern.finditer(text))
