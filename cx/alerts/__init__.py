"""Alerts and the weekly brief on their way: what there is to say, to whom, when not, and never twice.

    alerts.toml -> rules;  the store -> facts;  the log -> what was said before
    rules + facts + log + now -> messages -> the log -> apprise -> the log

    facts        what there is to say, as the rules see it        (pure)
    deciding     which messages to send now                       (pure)
    events       the store's answers as facts, now or as of an earlier day
    wording      a message in words
    log          the table of what was sent, and what became of it
    addresses    names to addresses, from the secrets
    sending      the delivery of one message
    round        one look: facts, decisions, delivery
    replay       what would have been sent over the last days
    watching     the thread of the server
    telling      rules and log in words

An address is a secret: it is looked up when a message goes, and stands in no log, error, table or answer.
"""
