"""What `openapi.py` says of the greeting: whole, and bare for a phone that is locked."""

from __future__ import annotations

from survey.terms import Role
from survey.web.phone.shapes import BASE64, FLAG, INSTANT, TEXT, WHOLE, Schema, closed, many, maybe, named, term_of

GREETING: Schema = {
    "csrf": TEXT,
    "generation": TEXT,
    "server_time": INSTANT,
    "clock_doubted": FLAG,
    "app_version": TEXT,
    "offers": many({"enum": ["brief", "receipts", "outcomes", "proposals", "supports"]}),
    "file_limit": WHOLE,
    "receipt_key": BASE64,
    "escrow": closed({"id": TEXT, "key": BASE64 | {"description": "RSA-3072, SPKI DER"}}),
    "receipt_keys": many(named("Signed"))
    | {"description": 'body {"made_at", "next", "previous"}: a key introduces the next and signs that'},
    "revoked": FLAG,
    "proof": maybe(closed({"session": TEXT, "nonce": TEXT, "bound": FLAG}))
    | {"description": "null: of an earlier release's sign-in, or too late for a key; the cookie alone is enough"},
}

GREETINGS: Schema = {
    "LockedHello": closed(GREETING),
    "Hello": closed(
        {
            "account": closed(
                {"id": TEXT, "username": TEXT, "display_name": TEXT, "role": term_of(Role), "language": TEXT}
            ),
            **GREETING,
            "commune": maybe(closed({"id": TEXT, "name": TEXT})),
            "villages": many(named("Village")),
            "rounds": many(named("Round")),
            "households": maybe(TEXT | {"description": "The mark of the list at /households; null: there is none"}),
            "supports": maybe(TEXT | {"description": "The mark of the list at /supports; null: there is none"}),
            "bundle_pass": named("Signed"),
        }
    ),
}
