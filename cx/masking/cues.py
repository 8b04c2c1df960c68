"""What stands before a name, or behind it, in nine languages.

A cue carries the words without one of which its pattern cannot hit: most texts are let go on these alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import regex

_WORD = r"\p{Lu}[\p{L}\p{M}]*(?:['’-]\p{L}[\p{L}\p{M}]*)*"
_LINK = r"(?:(?:von|van|de|da|del|della|di|do|dos|la|el|al|bin|ibn|der|den|ter)[ ]){0,2}"
_FULL = rf"(?P<name>(?:\p{{Lu}}\.[ ]?){{0,2}}{_WORD}(?:[ ]{_LINK}{_WORD}|[ ]\p{{Lu}}\.){{0,3}})"
_SCRIPT = r"(?:(?=[\p{L}\p{M}])\p{Arabic}){2,}"
_EASTERN = rf"(?P<name>{_SCRIPT}(?:[ ‌]{_SCRIPT})?)"
_GAP = r"[ \t]*[,:;.!–-]*\s*"
_END = r"(?=\W*(?:$|[\n.,;|(<+\[\d–-]))"

_TELLS = r"""my\ (?:full\ )?name(?:\ is|\ ?[:=]|['’]s)|(?:the\ )?name(?:\ is|['’]s)|mein\ name\ ist|ich\ heiße|je\ m['’]appelle|mon\ nom\ est
  |me\ llamo|mi\ nombre\ es|mi\ chiamo|il\ mio\ nome\ è|(?:benim\ )?ad[ıi]m|ismim|(?:o\ )?meu\ nome\ é|(?:eu\ )?me\ chamo|chamo-me
  |customer\ name\ ?:|name\ ?:"""
_CLOSES = r"""regards|sincerely|yours\ (?:truly|faithfully)|best\ wishes|best(?=[ ]?[,\n])|cheers|many\ thanks|thanks|thank\ you|signed|cordialement|bien\ à\ vous
  |sincères\ salutations|grüßen|grüße|gruß|mfg|lg|atentamente|saludos(?:\ cordiales)?|un\ saludo|saluti|saygılarımla|saygılar|sevgiler
  |atenciosamente|cumprimentos|obrigad[oa]|abraços|sent\ from\ my\ \w+"""
_MORE = r"(?:[ ](?:mate|all|again|a\ lot|so\ much|in\ advance|and\ thanks|for\ your\ (?:help|time)|im\ Voraus|d['’]avance))?"
_TITLES = r"""Mr|Mrs|Ms|Mister|Dr|Prof|Herrn?|Frau|Monsieur|Madame|Mme|Mlle|Mademoiselle|M\.|Sra?|Srta|Señora?|Señorita|Sig|Sig\.ra
  |Signora?|Signor|Dott|Dott\.ssa|Sayın|Dona|Senhora?"""
_MEETS = r"""spoke(?:n)?\ (?:with|to)|talked\ (?:with|to)|speaking\ (?:with|to)|chatted\ with|dealt\ with|by|did|except(?:\ for)?
  |thanks\ to|thank\ you|named|rep|miss|agent|colleague|technician|representative|supervisor|manager|driver|employee|courier|operator|ask\ for|reach|contact|under(?:\ the\ name)?|i\ am|i['’]m|this\ is|it['’]s|here\ is|ich\ bin|je\ suis
  |soy|sono|sou|ben|hablé\ con|atendió|falei\ com(?:\ [oa])?|atendid[oa]\ por|ho\ parlato\ con|parlai\ con|parlé\ (?:avec|à)
  |gesprochen\ mit|mit|mitarbeiter(?:in)?|kolleg(?:e|in)"""
_PEOPLE = r"""(?:[Mm]y|[Hh]is|[Hh]er|[Oo]ur)\ (?:wife|husband|son|daughter|mother|father|brother|sister|partner|assistant)
  |(?:agent|colleague|technician|representative|supervisor|advis[eo]r|nurse|engineer),?"""
_ACTS = r"""said|says|told|tells|promised|assured|explained|helped|answered|hung|lied|apologi[sz]ed|refused|insisted|offered|confirmed|claimed
  |replied|wrote|who|did|didn['’]t|never|(?:from|in)\ (?:the\ |your\ )?(?:support|billing|sales|customer|service|team|chat)|here\b
  |(?:was|is)\ (?:so|very|great|kind|rude|nice|super|amazing|helpful|unhelpful|fantastic|wonderful|lovely|no\ help)
  |at\ (?:the|your)|du\ service|del\ negozio|(?:du|vom|aus\ dem)\ \p{L}*(?:service|dienst|team)|war|a\ été|dijo|prometió|ha\ detto|disse"""
_GREETS = r"""dear|hi|hello|hey|hallo|liebe[r]?|sehr\ geehrte[r]?|bonjour|salut|ch(?:er|ère)|hola|estimad[oa]|querid[oa]|ciao|gentile
  |buongiorno|car[oa]|merhaba|sevgili|selam|olá|prezad[oa]|attn:?"""


@dataclass(frozen=True, slots=True)
class Cue:
    """A pattern with a group 'name', and the words of which a text must hold one for it to hit."""

    pattern: regex.Pattern[str]
    words: frozenset[str]


def _cue(pattern: str, words: str) -> Cue:
    told = {form for word in words.split() for form in (word, word.capitalize(), word.upper())}
    return Cue(regex.compile(pattern, regex.VERBOSE), frozenset(told))


def _behind(cue: str, gap: str, words: str, *, name: str = _FULL, after: str = "") -> Cue:
    return _cue(rf"(?<![\p{{L}}\p{{M}}\d])(?:{cue}){gap}{name}{after}", words)


_TELLING = "name names name's heiße appelle nom llamo nombre chiamo nome chamo adım adim ismim"

STRONG = (
    _behind(rf"(?i:{_TELLS})", r"[ ]?[:,]?[ ]*", _TELLING),
    _behind(
        rf"(?i:(?:{_CLOSES}){_MORE})",
        _GAP,
        """regards sincerely truly faithfully best cheers thanks thank signed sent cordialement vous salutations grüßen grüße gruß mfg lg
        atentamente saludos saludo saluti saygılarımla saygılar sevgiler atenciosamente cumprimentos obrigado obrigada abraços""",
        after=_END,
    ),
    _behind(
        rf"(?:{_TITLES})(?:[ ]?(?:&|and|und|et|y|e)[ ](?:{_TITLES}))?",
        r"\.?[ ]+",
        """mr mrs ms mister dr prof herr herrn frau monsieur madame mme mlle mademoiselle m sr sra srta señor señora señorita
        sig signor signora dott sayın dona senhor senhora""",
    ),
    _behind(
        _PEOPLE,
        r"[ ]",
        """wife husband son daughter mother father brother sister partner assistant agent colleague technician representative supervisor
        advisor adviser nurse engineer""",
    ),
    _cue(rf"(?P<name>{_WORD})[ ](?:Bey|Hanım)(?!\p{{L}})", "bey hanım"),
    _behind(
        r"اسمي|إسمي|السيدة?|الأستاذة?|نام\ من|اسم\ من|آقای|خانم|جناب",
        r"[ ]*:?[ ]*",
        "اسمي إسمي السيد السيدة الأستاذ الأستاذة نام اسم آقای خانم جناب",
        name=_EASTERN,
    ),
    _behind(
        r"مع\ تحياتي|تحياتي|مع\ الشكر|با\ احترام|با\ تشکر|ارادتمند",
        r"[ ]*[،,:-]?\s*",
        "تحياتي الشكر احترام تشکر ارادتمند",
        name=_EASTERN,
        after=r"(?=\W*$)",
    ),
)
"""Whatever is capitalised behind these is a name."""

WEAK = (
    _behind(rf"(?i:{_MEETS}|{_GREETS})", r"[ ]?,?[ ]+", ""),
    _cue(rf"(?<![\p{{L}}\p{{M}}\d])(?P<name>{_WORD}),?[ ](?:{_ACTS})(?!\p{{L}})", ""),
    _behind(r"أنا|انا|تحدثت\ مع|تكلمت\ مع", r"[ ]", "", name=_EASTERN),
    _behind(r"من", r"[ ]", "", name=_EASTERN, after=r"(?=[ ](?:هستم|ام)(?!\p{L}))"),
    _behind(r"با", r"[ ]", "", name=_EASTERN, after=r"(?=[ ]صحبت)"),
)
"""A listed name behind, or before, these is one."""

PAIR = _cue(
    rf"(?<![\p{{L}}\p{{M}}\d\[])(?P<name>{_WORD}(?:[ ]\p{{Lu}}\.)?[ ]{_LINK}{_WORD}(?:[ ]{_WORD})?)", ""
)
"""Two capitalised words or three."""

SMALL = _cue(rf"(?<!\p{{L}})(?i:{_TELLS})[ ]?:?[ ]*(?P<name>\p{{Ll}}+(?:[ ]\p{{Ll}}+)?)", _TELLING)
SMALL_PAIR = _cue(
    r"(?<!\p{L})(?i:this\ is|i\ am|i['’]m|it['’]s|ich\ bin|soy|sono)[ ](?P<name>\p{Ll}+[ ]\p{Ll}+)", ""
)
"""A name in small letters."""
