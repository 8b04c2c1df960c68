"""One look: what there is to say is decided, written down, sent, and what became of it is written down.

A message is in the log before it goes. A process that ends in between leaves it there as begun: whether it arrived nobody
knows, so the next process says so in the log, and does not send it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from secrets import token_hex

from cx import clock, reference
from cx.alerts import addresses, briefs, log, wording
from cx.alerts.addresses import Secrets
from cx.alerts.answers import Answers
from cx.alerts.deciding import PAUSES, decide, open_keys, retries
from cx.alerts.events import facts
from cx.alerts.facts import Facts, Message, Sent
from cx.alerts.sending import Outcome, deliver
from cx.folders import Folders
from cx.limited import Seen
from cx.reference.alerts import Alerts
from cx.store import Store
from cx.surges import Memory
from cx.words import t

Deliver = Callable[[str, str, str, Sequence[Path]], Outcome]


@dataclass(frozen=True, slots=True)
class Post:
    """Where messages come from and how they go; `seen` is the store that they tell of, where that is not the one of the log."""

    store: Store
    folders: Folders
    secrets: Secrets
    deliver: Deliver = deliver
    seen: Seen | None = None

    def settle(self) -> None:
        """Say of what an earlier process had begun that nobody knows whether it arrived. Once, before anything is sent."""
        lost = [sent for sent in log.latest(self.store) if sent.state == "begun"]
        said = t("the server ended while it was being sent; it may have arrived and is not sent again")
        log.note(self.store, [log.now_known(sent, "unknown", clock.now(), said) for sent in lost])

    def look(self, told: Alerts, memory: Memory | None = None) -> tuple[Answers, Facts]:
        """What there is to say now."""
        seen = self.seen or Seen(self.store)
        tables = reference.tables(self.folders.reference).seen_with(seen.rows)
        answers = Answers(seen.store, tables, told.rules, memory)
        return answers, facts(answers, told, clock.now(), open_keys(log.latest(self.store)))

    def go(
        self, told: Alerts, answers: Answers, found: Facts, stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Send what is due, the refused whose time has come first, until there is no more or `stop` says so."""
        sent, now = log.latest(self.store), clock.now()
        for one in retries(told, sent, now):
            if not stop():
                self.send(one)
        for message in decide(told, found, sent, now):
            if not stop():
                self.send(in_words(answers, told, found, message))

    def send(self, sent: Sent) -> Sent:
        """Write down that this goes, send it, and write down what became of it."""
        if sent.message.kind == "ended":
            return self._noted(replace(sent, state="noted", since=clock.now()))
        begun = replace(sent, state="begun", since=clock.now(), tries=sent.tries + 1, said="")
        url = addresses.address(sent.message.address, self.secrets)
        if not url:
            return self._noted(_judged(begun, no_address(sent.message.address)))
        self._noted(begun)
        with briefs.files(self.seen or Seen(self.store), self.folders, sent.message.counts) as files:
            outcome = self.deliver(url, sent.title, sent.body, files)
        return self._noted(_judged(begun, outcome))

    def test(self, name: str) -> Sent:
        """Send a test message to the address of this name, whatever the rules say."""
        now, words = clock.now(), wording.a_test()
        message = Message(token_hex(8), now, "", name, "test", {})
        return self.send(Sent(message, "begun", now, len(PAUSES), words.title, words.body))

    def _noted(self, sent: Sent) -> Sent:
        log.note(self.store, [sent])
        return sent


def in_words(answers: Answers, told: Alerts, found: Facts, message: Message) -> Sent:
    """A message that was decided, ready to go."""
    words = wording.words(answers, told, found, message)
    return Sent(message, "begun", message.at, 0, words.title, words.body)


def no_address(name: str) -> Outcome:
    """There is nowhere to send to: it is tried again, as somebody may be about to say it."""
    return Outcome("refused", t("there is no address of this name; keep it in .streamlit/secrets.toml under [alerts] or in "
                                "{variable}", variable=addresses.variable(name)))  # fmt: skip


def troubles(sent: Iterable[Sent]) -> dict[str, Sent]:
    """The addresses whose latest message was not taken, each with that message."""
    last = {one.message.address: one for one in sent if one.state not in ("noted", "begun")}
    return {name: one for name, one in last.items() if one.state != "sent"}


def _judged(begun: Sent, outcome: Outcome) -> Sent:
    state = outcome.state
    if state == "refused" and begun.tries > len(PAUSES):
        state = "failed"
    return replace(begun, state=state, since=clock.now(), said=outcome.said)
