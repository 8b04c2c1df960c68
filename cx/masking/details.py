"""E-mail addresses, IBANs, cards and phones: what is told by its characters, in any script's digits.

Check digits settle an IBAN and a card. A phone has none: it is told by its shape, and in doubt a number of nine
digits or more is taken for one, because a phone in the clear is a larger loss than an order's number masked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import iban, luhn
from stdnum.exceptions import ValidationError

Spans = Iterator[tuple[int, int]]

# ---------------------------------------------------------------------------- e-mail

_LOCAL = r"[\w.!#$%&'*+/=?^`{|}~-]"
_LABEL = r"[\w-]+(?:\.[\w-]+)*"
_EMAIL = re.compile(rf"(?:(?<!{_LOCAL}){_LOCAL}++|\"[^\"\n]{{1,64}}\")[@＠](?:{_LABEL}|\[[\d.:]+\])")
_SPELT = re.compile(
    r"\b[\w.+-]{1,64}+\s?[(\[{]\s?(?:at|arroba|chiocciola|ät)\s?[)\]}]\s?"
    r"[\w-]+(?:(?:\s?[(\[{]\s?(?:dot|punkt|point|punto|ponto|nokta)\s?[)\]}]\s?|\s(?:dot|punkt|punto)\s|\.)[\w-]+)+",
    re.IGNORECASE,
)
_SPELT_AT = re.compile(r"[(\[{]\s?(?:at|arroba|chiocciola|ät)\s?[)\]}]", re.IGNORECASE)


def emails(text: str) -> Spans:
    """Addresses such as ann@mail.com, and those spelt 'ann (at) mail dot com'."""
    if "@" in text or "＠" in text:
        yield from (found.span() for found in _EMAIL.finditer(text))
    if ("(" in text or "[" in text or "{" in text) and _SPELT_AT.search(text):
        yield from (found.span() for found in _SPELT.finditer(text))


# ---------------------------------------------------------------------------- IBAN

_IBAN_HEAD = re.compile(r"[A-Za-z]{2}\d{2}(?=(?:[\s.\-–]{0,2}[A-Za-z0-9]){11})")
_IBAN_BODY = re.compile(r"[A-Za-z]{2}\d{2}(?:[\s.\-–]{0,2}[A-Za-z0-9]){11,30}")
_IBAN_SHAPE = re.compile(r"[A-Z]{2}\d{2}(?: [A-Z0-9]{4}){3,7}(?: [A-Z0-9]{1,3})?\b")
"""Fours as banks print them: an IBAN even where a digit of it is mistyped."""


def ibans(text: str) -> Spans:
    """Numbers whose check digits and country's length hold, spaced or not; and those printed in fours."""
    end = 0
    for head in _IBAN_HEAD.finditer(text):
        if head.start() >= end and (stop := _iban_end(text, head.start())):
            end = stop
            yield head.start(), stop


def _iban_end(text: str, start: int) -> int | None:
    body = _IBAN_BODY.match(text, start)
    ends = [at for at in range(body.end(), start + 14, -1) if text[at - 1].isalnum()] if body else []
    whole = next((at for at in ends if _is_iban(text[start:at])), None)
    printed = _IBAN_SHAPE.match(text, start)
    return whole or (printed.end() if printed else None)


def _is_iban(told: str) -> bool:
    plain = _ascii(re.sub(r"[\s.\-–]", "", told))
    try:
        iban.validate(plain, check_country=False)
    except ValidationError:
        return False
    return True


# ---------------------------------------------------------------------------- cards

_GROUPS = re.compile(r"\d+(?:[\s.\-–]{0,2}\d+)*")
_GROUP = re.compile(r"\d+")
_THIRTEEN = re.compile(r"\d(?:[\s.\-–]{0,2}\d){12}")
_PRINTED = ((4, 6, 5), (4, 6, 4))
"""How the cards that are not printed in fours are."""


def cards(text: str) -> Spans:
    """Numbers of 13 to 19 digits whose check digit holds, spaced or not; and any four fours."""
    if not _THIRTEEN.search(text):
        return
    for run in _GROUPS.finditer(text):
        yield from _merged(_cards_in([found.span() for found in _GROUP.finditer(text, *run.span())], text))


def _cards_in(groups: list[tuple[int, int]], text: str) -> Spans:
    for first, (start, _) in enumerate(groups):
        told = ""
        for last in range(first, len(groups)):
            told += text[slice(*groups[last])]
            if len(told) > 19:
                break
            sizes = tuple(stop - at for at, stop in groups[first : last + 1])
            if len(told) >= 13 and _is_card(_ascii(told), sizes, whole=len(sizes) == len(groups)):
                yield start, groups[last][1]


def _is_card(told: str, sizes: tuple[int, ...], *, whole: bool) -> bool:
    fours = set(sizes[:-1]) == {4} and sizes[-1] <= 4
    if sizes == (4, 4, 4, 4):
        return True
    return (fours or whole or len(sizes) == 1 or sizes in _PRINTED) and luhn.is_valid(told)


def _merged(spans: Spans) -> Spans:
    """The spans in order, those that overlap as one."""
    start, end = 0, 0
    for at, stop in sorted(spans):
        if at >= end:
            if end:
                yield start, end
            start = at
        end = max(end, stop)
    if end:
        yield start, end


def _ascii(told: str) -> str:
    return "".join(str(int(sign)) if sign.isdecimal() else sign for sign in told)


# ---------------------------------------------------------------------------- phones

_SEVEN = re.compile(r"\d(?:[\s().\-–/]{0,3}\d){6}")
_PLAIN = re.compile(
    r"""
    (?<![\d])\d{4}([-/.])\d{1,2}\1\d{1,2}(?!\d)(?:[ T,]+\d{1,2}:\d\d(?::\d\d)?)?     # dates and times
    | (?<!\d)(?<!\d[-/.])\d{1,2}([-/.])\d{1,2}\2(?:\d{4}|\d\d)(?![-/.]?\d)(?:[ ,]+\d{1,2}:\d\d)?
    | (?<!\d)\d{1,2}:\d\d(?::\d\d)?(?!\d)
    | [€$£¥₺﷼]\s?\d+(?:[\s.,'٬]\d{3}(?!\d))*(?:[.,٫]\d\d?(?!\d))?                       # money
    | (?<!\d)\d{1,3}(?:[\s.,'٬]\d{3})*(?:[.,٫]\d\d?)?\s?(?:[€$£¥₺%]|(?:EUR|USD|GBP|TRY|TL|BRL|CHF|SAR|ريال|تومان|درهم)\b)
    | (?<![\d.])\d{1,3}(?:[,.'٬]\d{3})+(?:[.,٫]\d+)?(?![\d.]|-\d)                    # thousands
    | (?<![\d.])\d+(?:\.\d+){0,4}\.\d(?:\.\d+)*(?![\d])                              # versions
    """,
    re.VERBOSE,
)
_RUN = re.compile(r"(?:[+＋]\s?|(?<!\w))\(?\d++(?:[\s().\-–/]{0,3}+\d++)*")
_LOCAL_SHAPE = re.compile(
    r"\d{3}[-. ]\d{4}|\d\d(?:[ .-]\d\d){3}|\d{3}(?:[ .-]\d\d){2}|\(?0\d+\)?[ ./-]+\d[\d \-]+"
)
_CALL = re.compile(
    r"(?:\b(?:phone|tel|telephone|mobile|cell|whatsapp|call(?: me)?(?: back)?|ring|fax|reach me|text me|telefon\w*|handy|nummer"
    r"|rufen sie mich|téléphone|appelez|portable|teléfono|móvil|llam\w+|cellulare|telefono|chiamat\w+|telefone|telem[óo]vel|celular"
    r"|ligue\w*|numaram)|هاتف\w*|جوال\w*|رقمي|تلفن|موبایل|شماره من)\W{1,3}(?:\w{1,8}\W{1,2}){0,3}$",
    re.IGNORECASE,
)
_ID = re.compile(
    r"(?:\b(?:order|ticket|invoice|case|tracking|ref|reference|sku|serial|sn|batch|item|upc|ean|isbn|imei|barcode|parcel|shipment|booking|confirmation|claim"
    r"|bestell\w+|rechnung\w*|vorgang\w*|sendung\w*|commande|facture|colis|pedido|factura|fatura|ordine|fattura|sipariş\w*|encomenda)"
    r"|طلب|الطلب|سفارش|فاکتور)"
    r"(?:\s?(?:no|nr|num|number|nummer|id|code|numéro|número|numero|numarası|رقم|شماره))?[\s.:#º°]{1,4}$",
    re.IGNORECASE,
)


def phones(text: str) -> Spans:
    """Numbers shaped as phones; dates, prices, versions and the short are left, and ids that are named as such."""
    if not _SEVEN.search(text):
        return
    for run in _RUN.finditer(_PLAIN.sub(lambda found: "\0" * len(found[0]), text)):
        if _is_phone(_ascii(run[0]), text[max(0, run.start() - 40) : run.start()]):
            yield run.span()


def _is_phone(told: str, before: str) -> bool:
    count = sum(sign.isdecimal() for sign in told)
    if count < 7:
        return False
    if told[0] in "+＋":
        return True
    groups = _GROUP.findall(told)
    if told[0] not in "0(" and _ID.search(before):
        return False
    if count >= 9:
        return count <= 15 or len(groups) > 1
    return bool(_LOCAL_SHAPE.fullmatch(told) or _CALL.search(before))
