"""Which words are names: given and family names as Faker lists them, less the words that are more often something else."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any


def _words(told: str, between: str | None = None) -> frozenset[str]:
    return frozenset(word.strip() for word in told.split(between))


LOCALES = _words(
    "en en_US en_GB en_IE en_IN en_KE en_PK de_DE de_AT fr_FR es_ES es_MX it_IT tr_TR pt_PT pt_BR nl_NL pl_PL ar_AA ar_SA fa_IR"
)
"""Faker's lists that are read: those of the nine languages, and of their neighbours."""

ALSO_WORDS = _words("""
    abbott access ace acer adams add air ala alba alpha altima amber america amor anderson angel anger apollo
    apple april arch arizona art asa asia asus athena atlas aurora austin author autumn baby bahar bailey baker banks
    barbie barr barış bay bell berlin best bill bishop black blue bonita boss box bradford brain branch brand brandy
    bremen british brooklyn brown buck buddy burr bush california cam camry candy cap carol carpenter carry case cash
    ceil chance chase chelsea cherry chip christian church clark clementine cliff cloud coco con constance cook cooper
    corolla cotton cruz crystal daisy dakota dale dallas danish davis dawn day dean del dell delta deniz destiny
    deutsch dev diamond dick diva dixie doc doctor dolores dom don dora dot drew drive duke earl early easter echo eda
    eden edit else ember emit emmy energy english esperanza essen essence eta eve evening ever exa excel express faith
    fancy fay fed fire fisher floor flora florence florida ford forest forum fox frank free french frontier gala gale
    gauge gay gene general genesis geo georgia german ginger glen gold golden good grace grammy grant gray green gross
    grove gust guy güneş hall halle halley ham hamburg handy harm harmony harvey haven hazel heath heather hence henna
    hill holly home honey honor hope hotel houston hub hughes hung hunter ikea ima india indiana iris israel isreal
    italian ivory ivy jack jade jasmine jean jersey jewel job johnson jordan jos journey joy judge june junior kaiser
    kelvin kenya kick kiel kindle king kit klein kurz lady lamb lance lane lang lark latte lavender lean lee lemma
    lemon lenovo liberty light lily lincoln link lion little london long lot love loyal lucky luna lut luz mac mad
    madison major male man manual marina mark marshall mason mat math mats max maxi may media melody memphis mercedes
    mercury merry meta mia milan miles miller milo minor mission misty montana morning nan nest nevada newton nokia
    norma north nova ocean octave office olive opal orange orlando outlook owens page paige paris park pat
    patience paz peaches pearl peer penny persian personal phoenix pilot piper pleas poppy porsche porter portia
    powell power precious press price prime prince princess purl queen rain rand ray reason red reed research rice
    rich ridge ring river rob robin rocky rod roll roma rome rose royal ruby rush rusty sad said salud sandro sandy
    saturn savannah savaş scout seaborn sem sep server sevgi shade siena sienna sierra sim simpson sing sister skip
    sky skye smart smith sol sole sommer sonic sonny sony southwest spanish spirit spring stanford star stella
    sterling stone storm story sue sugar summer sunday sunny super sydney tab tad tailor tan taylor tea teams temple
    tennessee tera terra texas theta ties tiffany till tiny titan toledo torino toy trace trinity troy true turbo
    turkish umut unique united unknown val valencia van vander vega venice venus verona versa veta victor victoria
    vienna viola violet virgin virginia vista von wade walker ward washington watt west white will willow wilson
    windows windy winter wolf wood woods word worth young zara zeta zeus
""")
"""Names that are words, places or brands as well: a name only beside another name or behind a cue."""

NEVER = _words("""
    a an the and or but not no nor so very too i you he she it we they my your his her its our their me him us them this that
    these those who what when where why how is are was were be been am do does did have has had can could will would should
    shall may might must in on at of to for from by with without about after before over under again still also just only
    never always since until if then than as because there here all any each every everyone everybody nobody someone anyone
    one two three please thanks thank regards sincerely dear hi hello hey sir madam madame monsieur messieurs herren damen
    team teams support service services customer customers client clients help helpdesk care desk sales billing accounts
    account department dept company store shop office manager management management's staff crew agent representative rep
    folks friends guys people mr mrs ms miss dr prof new old good great bad more less most best worst kind happy sorry
    amazon google apple microsoft samsung comcast xfinity zendesk paypal klarna visa mastercard netflix spotify uber ebay dhl
    ups fedex alexa siri cortana bixby facebook instagram whatsapp twitter tiktok youtube android iphone windows chrome
    clean martens pepper oetker coffee beat bean bank store app web online mobile internet cable phone email mail chat bot
    order orders ticket invoice refund delivery return returns product products price sale sales deal monday tuesday wednesday
    thursday friday saturday sunday january february march june july august september october november december
    code number response reply foundation community university college school hospital church airport hotel
    santa san saint st port fort mount lake north south east heights city county metro fiber broadband
    street road avenue lane drive line series edition collection pro plus max mini premium gold silver limited inc ltd llc gmbh
    airlines airways america american
    der die das und oder nicht ich sie er es wir ihr mein ihre ihren ist sind war bitte danke hallo guten tag abend morgen
    kundenservice kundendienst kunde kunden firma bestellung lieferung rechnung lampe
    le la les et ou je vous nous il elle mon ma mes votre vos bonjour service-client équipe cher chère
    el los las y yo usted señores señor señora equipo hola gracias cliente
    il lo gli e io voi noi buongiorno buonasera assistenza spett spettabile ciao grazie
    ve ben siz biz bir bu merhaba ekibi müşteri hizmetleri sayın yetkili
    o os e eu você nós boa bom dia tarde noite equipe equipa olá obrigado obrigada
    في من على إلى هو هي لم لا ما هذا هذه الذي التي وعدني ولم وأنا و قال قالت
    است از به که را و این آن با در می من ما شما هستم نیست قول داد گفت
""")
"""Words that are never part of a name here, however they are capitalised."""


BRANDS = _words(
    """
    calvin klein, charlotte tilbury, charles schwab, christian dior, david yurman, edward jones, estee lauder, giorgio armani,
    harley davidson, hugo boss, jack daniel, jack daniels, jack wolfskin, jimmy choo, jo malone, karl lagerfeld, laura ashley,
    louis vuitton, marc jacobs, michael kors, morgan stanley, paul mitchell, ralph lauren, rice krispies, santa claus,
    steve madden, tommy hilfiger, tom tailor, tom ford, tory burch, yves rocher, yves saint laurent, mary kay, ben jerry,
    james bond, harry potter, george foreman, martha stewart, sally hansen, elizabeth arden, bobbi brown, kate spade
""",
    ",",
)
"""Brands that bear a person's name."""


@cache
def given_names() -> frozenset[str]:
    """Given names as they are written, first letter large where the script has one."""
    return frozenset(name for name in _listed("first_names") if name.lower() not in NEVER)


@cache
def family_names() -> frozenset[str]:
    """Family names, the same way."""
    return frozenset(name for name in _listed("last_names") if name.lower() not in NEVER)


def _listed(kind: str) -> set[str]:
    """The words of three letters and more of Faker's lists of a kind ('first_names', 'last_names')."""
    return {
        word
        for locale in LOCALES
        for provider in (import_module(f"faker.providers.person.{locale}").Provider,)
        for attribute in (kind, f"{kind}_male", f"{kind}_female")
        for name in _names(provider, attribute)
        for word in name.split()
        if (len(word) > 2 and word[0].lower() != word[0]) or _caseless(word)
    }


def _names(provider: Any, attribute: str) -> list[str]:
    return list(getattr(provider, attribute, ()))


def _caseless(word: str) -> bool:
    return len(word) > 1 and word.lower() == word.upper()
