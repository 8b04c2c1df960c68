"""alerts.toml as a person writes it: what stands, what is refused and how, and where addresses come from."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from cx import doctor
from cx.alerts import addresses
from cx.errors import BadReference
from cx.folders import PROJECT, Folders
from cx.query import Filters
from cx.reference.alerts import Alerts, alerts, sound
from cx.reference.rule_keys import KEYS

SOUND = '[[rule]]\nname = "Products"\non = "surge"\nto = ["lead"]\n'


def told(folder: Path, text: str) -> Alerts:
    (folder / "alerts.toml").write_text(text, encoding="utf-8")
    return alerts(folder)


def test_no_file_is_no_rule(tmp_path: Path) -> None:
    assert alerts(tmp_path) == Alerts()


def test_a_rule_says_what_whom_and_when_not(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        """
url = "https://cx.example.org/"
zone = "Europe/Berlin"
quiet = "20:00-07:00"

[[rule]]
name = "Products"
on = "surge"
product = "Lamp"
to = ["lead", "lead", "boss"]
least = 20
cool_down = "2d"
resolved = true
cause = "campaign"

[[rule]]
name = "Offices"
on = "kpi"
measure = ["csat", "nps"]
filters = { segment = "Office", region = ["North", "South"] }
to = "boss"
quiet = "12:00-13:00"
better = true
""",
    )
    products, offices = found.rules
    assert (found.problems, found.url, found.zone.key) == ((), "https://cx.example.org", "Europe/Berlin")
    assert (products.to, products.product, products.least) == (("lead", "boss"), ("Lamp",), 20)
    assert (products.cool_down, products.resolved, products.cause) == (timedelta(days=2), True, "campaign")
    assert products.quiet == (time(20), time(7))
    assert offices.filters == Filters(segment=("Office",), region=("North", "South"))
    assert (offices.measure, offices.quiet, offices.better) == (("csat", "nps"), (time(12), time(13)), True)
    assert found.names == ("lead", "boss")
    assert found.local(datetime(2026, 7, 1, 20, tzinfo=UTC).replace(tzinfo=None)) == datetime(2026, 7, 1, 22)


@pytest.mark.parametrize(
    ("hour", "silent"),
    [("19:59", False), ("20:00", True), ("23:00", True), ("06:59", True), ("07:00", False)],
)
def test_quiet_hours_run_over_midnight(tmp_path: Path, hour: str, silent: bool) -> None:
    (rule,) = told(tmp_path, SOUND + 'quiet = "20:00-07:00"').rules
    assert rule.silent(time.fromisoformat(hour)) is silent


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param('resolve = true', ["'resolve' is not known", "Did you mean 'resolved'"], id="unknown key"),
        pytest.param('on = "surges"', ["on is 'surges'", "Did you mean 'surge'?"], id="unknown kind"),
        pytest.param('on = "kpi"\nmeasure = "cast"', ["measure is 'cast'", "Did you mean 'csat'"], id="unknown measure"),
        pytest.param('on = "kpi"\nfilters = { segmnt = "x" }', ["filters is 'segmnt'", "'segment'"], id="unknown filter"),
        pytest.param('on = "kpi"\nresolved = true', ["resolved means nothing on = \"kpi\"", '"target"'], id="not of this kind"),
        pytest.param('least = 0', ["least must be a whole number from 1 on"], id="least"),
        pytest.param('least = true', ["least must be a whole number from 1 on"], id="least that is a truth"),
        pytest.param('quiet = "20-7"', ["quiet must be two times of day"], id="quiet"),
        pytest.param('cool_down = "a day"', ["cool_down must be a length of time", '"24h"'], id="cool-down"),
        pytest.param('to = []', ["to must name one address at least"], id="nobody"),
        pytest.param('to = ["mailto://me:hunter2@x.org"]', ["must be a name", "secrets.toml"], id="an address"),
        pytest.param('to = ["me@x.org"]', ["must be a name", "CX_ALERT_"], id="a mail address"),
        pytest.param('product = "json://hunter2"', ["must be a name"], id="an address elsewhere"),
        pytest.param('on = "json://hunter2"', ["must be a name"], id="an address as a kind"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named_with_what_to_do_and_the_other_rules_stand(
    tmp_path: Path, line: str, said: list[str]
) -> None:
    key = line.partition(" ")[0]
    before = "\n".join(row for row in SOUND.splitlines() if row.partition(" ")[0] != key)
    found = told(tmp_path, f'{before}\n{line}\n[[rule]]\nname = "Second"\non = "target"\nto = "boss"\n')
    (problem,) = found.problems
    assert [rule.name for rule in found.rules] == ["Second"]
    assert problem.startswith("alerts.toml, rule 'Products': ")
    assert [one for one in said if one not in problem] == []
    assert "hunter2" not in problem
    assert "x.org" not in problem
    with pytest.raises(BadReference, match="Products"):
        sound(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rule]]\nname = ", "alerts.toml cannot be read"),
        ('rules = 1', "'rules' is not known; each rule begins with [[rule]]. Did you mean 'rule'"),
        ('zone = "Berlin"', "zone must be a time zone"),
        ('url = "https://me:hunter2@cx.org"', "url must be the address of the dashboard"),
        ('[[rule]]\non = "surge"', "alerts.toml, rule 1: name and to is missing"),
        (SOUND + SOUND, "another rule has this name already"),
    ],
    ids=["no TOML", "unknown name", "zone", "url", "too little", "twice"],
)  # fmt: skip
def test_the_file_as_a_whole_is_checked_too(tmp_path: Path, text: str, said: str) -> None:
    (problem,) = told(tmp_path, text).problems
    assert said in problem
    assert "hunter2" not in problem


def test_an_address_comes_from_the_environment_or_the_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = {"support-lead": "json://secrets", "other": "json://other"}
    assert addresses.variable("support-lead") == "CX_ALERT_SUPPORT_LEAD"
    assert addresses.address("support-lead", lambda: secrets) == "json://secrets"
    monkeypatch.setenv("CX_ALERT_SUPPORT_LEAD", "json://environment")
    assert addresses.address("support-lead", lambda: secrets) == "json://environment"
    assert addresses.address("nobody", lambda: secrets) == ""


def test_the_doctor_names_what_is_wrong_with_a_rule_and_who_has_no_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = Folders(tmp_path).make()
    told(folders.reference, SOUND + '[[rule]]\nname = "B"\non = "brieff"\nto = "x"')
    found = {finding.told: finding.well for finding in doctor.examine(folders)}
    assert [said for said in found if "'brieff'" in said and not found[said]]
    assert [said for said in found if said.startswith("lead: no address") and not found[said]]
    told(folders.reference, SOUND)
    monkeypatch.setenv("CX_ALERT_LEAD", "json://localhost")
    assert ("Alerts", True) in [(finding.what, finding.well) for finding in doctor.examine(folders)]


def test_what_the_documentation_shows_stands(tmp_path: Path) -> None:
    page = (PROJECT / "docs" / "alerts.md").read_text(encoding="utf-8")
    shown = re.findall(r"```toml\n(.+?)```", page, re.DOTALL)
    found = told(tmp_path, shown[0])
    assert (found.problems, len(found.rules)) == ((), 6)
    assert {*tomllib.loads(shown[1])["alerts"]} <= {*found.names}
    assert [name for name in KEYS if f"`{name}`" not in page] == []


def test_the_example_that_is_shipped_says_nothing_until_its_lines_are_uncommented(tmp_path: Path) -> None:
    example = PROJECT / "data" / "reference" / "alerts.toml"
    if not example.exists():
        pytest.skip("its folder is another company's")
    text = example.read_text(encoding="utf-8")
    assert told(tmp_path, text) == Alerts()
    lines = [re.sub(r"^#(?! )", "", line) for line in text.splitlines()]
    found = told(tmp_path, "\n".join(lines))
    assert (found.problems, len(found.rules)) == ((), 3)
