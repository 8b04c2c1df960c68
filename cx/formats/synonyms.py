"""What exports call the canonical columns, kinds, units and scores: the usual words, in a few languages, the surest first."""

from __future__ import annotations


def _split(told: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in told.split(","))


NAMES = {
    "interaction_id": _split(
        "interaction id, ticket id, ticket number, ticket #, case number, case id, complaint id, conversation id, review id, "
        "response id, event id, message id, survey id, tweet id, record id, ticket no, ticket, case, id, uuid, guid, key, "
        "reference, ref, number, nummer, vorgangsnummer, fallnummer, ticketnummer, numero, num ticket, identifiant, "
        "identificador, codice, kimlik, kayit no"
    ),
    "occurred_at": _split(
        "occurred at, created at, created, date created, creation date, created time, opened at, opened, date opened, date received, "
        "received at, submitted at, submission date, timestamp, date time, datetime, date and time, event time, event date, "
        "order date, contact date, review date, date, time, when, day, datum, zeitpunkt, erstellt am, erstellt, eingang, "
        "eingangsdatum, fecha, fecha creacion, date de creation, cree le, data, data creazione, creato il, tarih, olusturma tarihi"
    ),
    "kind": _split("kind, interaction kind, interaction type, event kind, record type, event type"),
    "customer_id": _split(
        "customer id, customer, client id, user id, userid, contact id, requester id, account id, member id, subscriber id, "
        "customer number, customer no, customer email, email, e mail, email address, user, client, requester, kunde, kundennummer, "
        "kunden id, kunden nr, cliente, id cliente, correo, id client, numero client, codice cliente, musteri, musteri no, musteri id"
    ),
    "product": _split(
        "product, product name, product title, sku, item, item name, article, model, line item, produkt, produktname, artikel, "
        "producto, articulo, produit, article, prodotto, articolo, urun, urun adi"
    ),
    "channel": _split(
        "channel, contact channel, received via, via, origin, case origin, contact method, submitted via, medium, kanal, "
        "kontaktkanal, canal, canale"
    ),
    "text": _split(
        "text, comment, comments, feedback, message, body, description, review text, review, verbatim, customer complaint, "
        "complaint text, complaint, remarks, narrative, content, kommentar, nachricht, beschreibung, text der bewertung, rueckmeldung, "
        "comentario, comentarios, mensaje, descripcion, commentaire, avis, commento, messaggio, descrizione, yorum, mesaj, aciklama"
    ),
    "reason": _split(
        "reason, issue, category, issue type, complaint type, complaint reason, contact reason, negative reason, negativereason, topic, "
        "problem, cause, tag, grund, beschwerdegrund, thema, kategorie, anliegen, motivo, categoria, asunto, motif, categorie, raison, "
        "sebep, neden, konu, kategori"
    ),
    "csat": _split(
        "csat, csat score, rating, star rating, stars, satisfaction, satisfaction score, satisfaction rating, score, customer rating, "
        "bewertung, sterne, zufriedenheit, satisfaccion, calificacion, valoracion, estrellas, note, etoiles, valutazione, "
        "soddisfazione, stelle, puan, memnuniyet, yildiz"
    ),
    "nps": _split(
        "nps, nps score, net promoter score, likelihood to recommend, recommend, weiterempfehlung, recomendacion, recommandation, "
        "raccomandazione, tavsiye, score"
    ),
    "ces": _split("ces, ces score, customer effort, customer effort score, effort, effort score, aufwand, esfuerzo, sforzo"),
    "sentiment": _split("sentiment, airline sentiment, polarity, stimmung, sentimiento, duygu"),
    "order_id": _split(
        "order id, order number, order no, order, purchase id, invoice, bestellnummer, bestellung, bestell nr, auftragsnummer, pedido, "
        "numero pedido, commande, numero commande, ordine, numero ordine, siparis, siparis no"
    ),
    "units": _split("units, quantity, qty, lineitem quantity, menge, anzahl, stueck, cantidad, unidades, quantite, quantita, adet, miktar"),
    "amount": _split(
        "amount, total, price, total price, order total, value, order value, revenue, line total, amount paid, betrag, preis, summe, "
        "umsatz, importe, precio, montant, prix, importo, prezzo, totale, tutar, fiyat"
    ),
    "first_response_seconds": _split(
        "first response seconds, first response time, first reply time, time to first response, time to first reply, first reply, "
        "first response, response time, erste antwort, antwortzeit, reaktionszeit, tiempo primera respuesta, tiempo de respuesta, "
        "temps de reponse, tempo di risposta, yanit suresi"
    ),
    "resolution_seconds": _split(
        "resolution seconds, resolution time, full resolution time, time to resolution, time to resolve, to solve, handle time, "
        "time to close, loesungszeit, bearbeitungszeit, tiempo de resolucion, temps de resolution, tempo di risoluzione, cozum suresi"
    ),
    "resolved_first_contact": _split("resolved first contact, first contact resolution, fcr, resolved on first contact, one touch"),
    "segment": _split("segment, customer segment, customer type, tier, plan, business segment, customer group, kundensegment, kundengruppe, segmento, segmente"),
    "region": _split("region, country, state, market, territory, country code, land, bundesland, pais, estado, pays, paese, regione, ulke, bolge, sehir"),
    "brand": _split("brand, competitor, company name, marke, marca, marque, marka"),
    "device": _split("device, device type, device category, geraet, dispositivo, appareil, cihaz"),
    "language": _split("language, locale, lang, user language, sprache, idioma, langue, lingua, dil"),
    "touchpoint": _split("touchpoint, landing page, landing page id, page, page path, url, screen, seite, pagina"),
    "stage": _split("stage, journey stage, funnel stage"),
    "version": _split("version, app version, app version name, release, product version"),
    "campaign_id": _split("campaign id, campaign, utm campaign, kampagne, campana, campagne, campagna, kampanya"),
    "asked": _split("asked, survey sent, surveyed"),
    "handled_by": _split("handled by, handler, agent type"),
    "escalated": _split("escalated, is escalated, escalation, eskaliert, escalado"),
    "referred": _split("referred, is referral, referral"),
    "expectation": _split("expectation, expected rating"),
    "would_forgive": _split("would forgive, would buy again"),
    "would_trust": _split("would trust"),
    "goal": _split("goal, task, purpose of visit"),
    "goal_reached": _split("goal reached, goal completed, task completed"),
    "consent": _split("consent, consent given, gdpr consent, einwilligung, consentimiento, consentement, consenso"),
    "updated_at": _split(
        "updated at, updated, last updated, modified at, last modified, date modified, last modified date, geaendert am, aktualisiert, "
        "actualizado, mis a jour, modifie le, aggiornato, guncelleme"
    ),
}  # fmt: skip
"""Canonical column -> its names in exports; of two that fit the earlier weighs more."""

KINDS_TOLD = {
    "complaint": _split("complaint, beschwerde, reklamation, queja, reclamo, plainte, reclamation, lamentela, sikayet"),
    "return": _split("return, refund, rma, retoure, devolucion, retour, reso, iade"),
    "cancel": _split("cancel, cancellation, cancelled, churn, kuendigung, cancelacion, resiliation, disdetta, iptal"),
    "delivery": _split("delivery, delivered, shipment, shipping, lieferung, entrega, livraison, consegna, teslimat"),
    "signup": _split("signup, lead, mql, registration, deal, subscriber, anmeldung, registro, inscription, iscrizione, kayit"),
    "survey": _split("survey, nps, response, questionnaire, umfrage, encuesta, enquete, sondage, sondaggio, anket"),
    "review": _split("review, tweet, bewertung, resena, avis, recensione, yorum"),
    "order": _split("order, sale, purchase, bestellung, pedido, commande, ordine, siparis"),
    "visit": _split("visit, session, pageview, view, besuch, visita, visite, ziyaret"),
    "contact": _split("contact, ticket, case, conversation, chat, call, inquiry, question, incident, anfrage, consulta, demande, richiesta, talep"),
}  # fmt: skip
"""Kind -> words by which a file, a column or a value tells of it; the more particular kinds first."""

UNITS = {
    **dict.fromkeys(_split("ms, msec, millis, milliseconds, millisecond"), "ms"),
    **dict.fromkeys(_split("s, sec, secs, second, seconds, sekunden, segundos, secondes, secondi, saniye"), "s"),
    **dict.fromkeys(_split("min, mins, minute, minutes, minuten, minutos, minuti, dakika"), "min"),
    **dict.fromkeys(_split("h, hr, hrs, hour, hours, stunden, std, horas, heures, ore, saat"), "h"),
    **dict.fromkeys(_split("d, day, days, tage, dias, jours, giorni, gun"), "d"),
    **dict.fromkeys(_split("cents, cent, centavos, centimes"), "cents"),
}  # fmt: skip
"""A word in the name of a column -> the unit of a duration or an amount."""

_FIVE = {
    **dict.fromkeys(_split("very satisfied, very good, great, excellent, delighted, sehr gut, sehr zufrieden"), "5"),
    **dict.fromkeys(_split("satisfied, good, happy, gut, zufrieden"), "4"),
    **dict.fromkeys(_split("neutral, ok, okay, so so, average, neither"), "3"),
    **dict.fromkeys(_split("dissatisfied, unsatisfied, bad, unhappy, poor, schlecht, unzufrieden"), "2"),
    **dict.fromkeys(_split("very dissatisfied, very unsatisfied, very bad, awful, terrible, sehr schlecht, sehr unzufrieden"), "1"),
}  # fmt: skip

VALUES = {
    "csat": _FIVE,
    "sentiment": {
        **dict.fromkeys(_split("pos, good, happy, positiv, positivo, positif, olumlu, 1"), "positive"),
        **dict.fromkeys(_split("neu, mixed, none, neutro, neutre, notr, 0"), "neutral"),
        **dict.fromkeys(_split("neg, bad, angry, negativ, negativo, negatif, olumsuz, -1"), "negative"),
    },
    "device": {
        **dict.fromkeys(_split("phone, smartphone, ios, android, iphone"), "mobile"),
        **dict.fromkeys(_split("pc, computer, laptop, web"), "desktop"),
        **dict.fromkeys(_split("ipad"), "tablet"),
    },
    "handled_by": {
        **dict.fromkeys(_split("agent, person, staff"), "human"),
        **dict.fromkeys(_split("ai, chatbot, virtual agent"), "bot"),
    },
}  # fmt: skip
"""Canonical column -> a value of an export, in lower case -> what it clearly means."""
