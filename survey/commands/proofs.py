"""`flask --app app round prove|verify` and `proof-keys …`: proofs handed out, checked by anybody, and their keys."""

from __future__ import annotations

import errno
import json
import os
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from flask_babel import gettext, lazy_gettext

from models import RegisterEntry, Round, RoundProof, StartRow
from survey.canonical import canonical_text
from survey.commands.days import DAY
from survey.commands.jobs import do_at_once
from survey.commands.questionnaires import chosen_round
from survey.commands.refusals import RefusedBy, RoundCommand
from survey.evidence import audit, proof_keys
from survey.evidence.signing import Signer, key_id
from survey.operations.keys import MAKE, PROOF, know, put
from survey.problems import Problem
from survey.register import event_log
from survey.rounds import log, proof, proof_file
from survey.rounds.proof import Differs
from survey.rounds.proof_file import Anchor, Fault, Verdict
from survey.terms import CommuneState
from survey.web.session import now, reading, transaction
from survey.work import ask_to_close

keys_group = AppGroup("proof-keys", help="The keys that proofs are signed with: list, rotate, name one as compromised.")

# What `verify` says of a file.
FAULTS = {
    "not_json": lazy_gettext("This is no file of proofs: it is damaged, cut off, or something else."),
    "too_large": lazy_gettext("The file is too large to be one of proofs."),
    "misshapen": lazy_gettext("This is no file of proofs of this program, or something in it was taken out or added."),
    "not_canonical": lazy_gettext("Another program wrote the file anew: it is not byte for byte what was made."),
    "signature": lazy_gettext("The signature is wrong: what was signed is not what stands here."),
    "root": lazy_gettext("The households at the end are not those that were signed."),
    "start_root": lazy_gettext("The start list is not the one that was signed."),
    "other_leaf": lazy_gettext("A household of another round or commune stands here."),
    "twice": lazy_gettext("Something stands here twice."),
    "start_lost": lazy_gettext("A household of the start list has no end."),
    "start_invented": lazy_gettext("A household is said to be of the start list, and is not."),
    "start_differs": lazy_gettext(
        "The village or the persons of a household at the start are not those of the start list."
    ),
    "end_differs": lazy_gettext("What a household is at the end does not fit what is said to have become of it."),
    "no_end": lazy_gettext("Nobody says what became of a household."),
    "counts": lazy_gettext("The numbers of households do not follow from the list."),
    "flow": lazy_gettext("The table does not follow from the list of households."),
    "identity": lazy_gettext("The table does not add up: end = 1−2−3−4+5+6+7+8."),
    "previous": lazy_gettext("A later revision does not name the one before it."),
    "other_root": lazy_gettext("The root given stands in no proof of this file."),
    "key_unnamed": lazy_gettext("The file does not name the key that it is signed with."),
    "key_unknown": lazy_gettext("It is signed with a key that the one given does not lead to."),
    "key_statement": lazy_gettext("What the file says of a key is not signed by the keys that it names."),
    "key_stolen": lazy_gettext(
        "The key is named as compromised: this proof counts only with a root from elsewhere (--root), and only if it "
        "was made before that day."
    ),
    "not_stored": lazy_gettext("This database knows no such proof, or another one."),
}
NOTES = {
    "trial": lazy_gettext("Trial: it counts for nothing official."),
    "illustrative": lazy_gettext("Classes rest on the illustrative B1 table, which is not official."),
    "corrected": lazy_gettext("Households whose class at the start was corrected after the round opened"),
    "key_stolen_later": lazy_gettext("The key was compromised later; the root from elsewhere vouches for this proof."),
    "made_later": lazy_gettext(
        "Made after the closing, by the register's log of that day and the rows as they stood when it was made"
    ),
    "superseded": lazy_gettext(
        "The commune was opened again since, or has a newer proof: only what never changes was compared."
    ),
    "not_anchored": lazy_gettext("Nothing from elsewhere vouches for this proof: do not trust it yet."),
    "key_unchecked": lazy_gettext(
        "The key was not checked: a key that the file brings itself proves nothing. Give its fingerprint, as the "
        "office published it: --key FINGERPRINT."
    ),
}
DIFFERS = {
    "changed": lazy_gettext("changed"),
    "missing": lazy_gettext("missing"),
    "added": lazy_gettext("added"),
    "columns": lazy_gettext("columns that are no longer there"),
    "log": lazy_gettext("not as it was written"),
}

AS_JSON = click.option("--json", "as_json", is_flag=True, help="Say it as JSON.")


@click.command(
    "prove", cls=RoundCommand,
    epilog="Ends with 0 when the file was written (--dry-run: could be), 1 when refused, 2 when called wrongly.",
)  # fmt: skip
@click.argument("round_id")
@click.option("--commune", "communes", multiple=True, help="Only this commune (its code); repeatable.")
@click.option("--out", "target", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--dry-run", is_flag=True, help="Say what would be signed and handed out; sign and write nothing.")
@AS_JSON
@with_appcontext
def prove(round_id: str, communes: tuple[str, ...], target: Path, dry_run: bool, as_json: bool) -> None:
    """Write the proofs of the communes that are closed into a file that anybody can check. It names nobody.

    A proof is signed once, at the closing: this hands out what was signed then. What was closed before there were
    proofs is proved now, by the register as it stood at the closing.
    """
    _check_place_of(target)
    with reading() as session:
        found = chosen_round(session, round_id)
        rows = log.rows_of(session, found, communes or None)
        closed = [row for row in rows if row.state in proof.IS_CLOSED]
        if communes and len(closed) < len(rows):
            raise Problem("round_step")
        if not communes:  # where nobody lives nothing is to be proved
            settled = log.settled(session, found.id, StartRow, RegisterEntry)
            closed = [row for row in closed if row.commune_id in settled]
        if not closed:
            raise Problem("round_step")
        missing = [row.commune_id for row in closed if proof.latest(session, found.id, row.commune_id) is None]
        if dry_run:
            for row in closed:
                if row.commune_id in missing:
                    proof.check(
                        session, found, row.commune_id, event_log.end_of(session, row.commune_id, row.closed_at)[0]
                    )
    if missing and not dry_run:
        _prove_now(found, missing)
    with reading() as session:
        latest = [proof.latest(session, found.id, row.commune_id) for row in closed]
        proofs = [one for one in latest if one is not None]
        content = proof.file_of(session, proofs)
        said: dict[str, Any] = {
            "id": found.id,
            "file": str(target),
            "communes": {one.commune_id: {"revision": one.revision, "root": one.anchor} for one in proofs},
            "not_closed": sum(row.state in (CommuneState.PLANNED, CommuneState.OPEN) for row in rows),
            "keys": sorted({proof_keys.fingerprint(one.public_key) for one in proofs}),
        }
    if dry_run:
        said["to_sign"] = missing
    else:
        _write(target, content)
    if as_json:
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    for one in proofs:
        click.echo(f"{one.commune_id}\t{one.revision}\t{one.anchor}")
    for commune_id in missing if dry_run else ():
        click.echo(gettext("%(commune)s: would be signed now.", commune=commune_id))
    if said["not_closed"]:
        click.echo(gettext("%(count)s communes are not closed yet, and not in the file.", count=said["not_closed"]))
    if proofs:
        click.echo(gettext("Key: %(keys)s", keys=", ".join(proof_keys.grouped(key) for key in said["keys"])))


def _check_place_of(target: Path) -> None:
    """Refuse before anything is signed where no file can be."""
    if not target.parent.is_dir():
        _no_file(target, os.strerror(errno.ENOENT))
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        _no_file(target, os.strerror(errno.EACCES))


def _write(target: Path, content: bytes) -> None:
    try:
        target.write_bytes(content)
    except OSError as fault:
        _no_file(target, fault.strerror)


def _no_file(target: Path, fault: str | None) -> NoReturn:
    words = gettext("%(file)s cannot be written: %(fault)s", file=target, fault=fault)
    raise RefusedBy(words, "file_not_written") from None


def _prove_now(survey_round: Round, communes: list[str]) -> None:
    done = do_at_once(lambda session: ask_to_close(session, survey_round, communes, now(), None))
    for _, code in (done.result or {"left": []})["left"]:
        raise Problem(code)


@click.command(
    "verify",
    cls=RoundCommand,
    epilog="Ends with 0 when every proof holds, 1 with what is broken when not, 2 when called wrongly.",
)
@click.argument("file", type=click.File("rb"))
@click.option("--key", help="Fingerprint of the key that the office published, or a file of `proof-keys list --out`.")
@click.option("--root", help="The root as printed with the decision, or the text of the sheet's QR code.")
@click.option("--against-database", is_flag=True, help="Recompute everything; name the first rows that differ.")
@AS_JSON
@with_appcontext
def verify(file: BinaryIO, key: str | None, root: str | None, against_database: bool, as_json: bool) -> None:
    """Check a FILE of proofs ("-": standard input): signature and arithmetic alone, without a database."""
    anchor = _anchor(key, root)
    found = proof_file.verify(file.read(proof_file.MAX_BYTES + 1), anchor)
    differs: list[tuple[str, proof.Differs]] = []
    if against_database and not any(one.code in ("not_json", "misshapen", "too_large") for one in found.faults):
        differs = _against_database(found)
    if found.is_known is None and not all(found.trusted):
        found.notes.append(Fault("key_unchecked"))
    if as_json:
        click.echo(json.dumps(_as_json(found, differs), ensure_ascii=False))
    else:
        _tell(found, differs)
    if not found.holds or differs:
        raise SystemExit(1)


def _against_database(found: Verdict) -> list[tuple[str, proof.Differs]]:
    """What the database has otherwise, by commune; what it does not have is a fault of the file."""
    differs = []
    with reading() as session:
        for body, fingerprint in zip(found.bodies, found.fingerprints, strict=True):
            where = (body["commune"], body["revision"])
            stored = session.get(RoundProof, (body["commune"], body["round"]["id"], body["revision"]))
            if (
                stored is None
                or stored.body != canonical_text(body)
                or (proof_keys.fingerprint(stored.public_key) != fingerprint)
            ):
                found.faults.append(Fault("not_stored", *where))
                continue
            if not proof.is_current(session, stored):
                found.notes.append(Fault("superseded", *where))
            differs += [(body["commune"], one) for one in proof.differences(session, stored)]
    return differs


def _tell(found: Verdict, differs: list[tuple[str, proof.Differs]]) -> None:
    for body, key in zip(found.bodies, found.fingerprints, strict=True):
        words = [
            body["round"]["title"],
            body["commune"],
            str(body["revision"]),
            body["made_at"],
            proof_file.root_of_body(body),
        ]
        click.echo("\t".join(map(printable, [*words, proof_keys.grouped(key)])))
    for fault in found.faults:
        click.echo(fault_in_words(fault))
    for commune, one in differs:
        click.echo(difference_in_words(commune, one))
    for note in found.notes:
        click.echo(fault_in_words(note))
    if found.holds and not differs:
        click.echo(gettext("Everything holds."))
    else:
        click.echo(gettext("BROKEN: see above."), err=True)


def _as_json(found: Verdict, differs: list[tuple[str, proof.Differs]]) -> dict[str, Any]:
    return {
        "holds": found.holds and not differs,
        "key": {None: "unchecked", True: "known", False: "unknown"}[found.is_known],
        "broken": [vars(one) for one in found.faults],
        "differs": [{"commune": commune, **one._asdict()} for commune, one in differs],
        "notes": [vars(one) for one in found.notes],
        "proofs": [
            {
                "round": body["round"]["id"], "commune": body["commune"], "revision": body["revision"],
                "root": proof_file.root_of_body(body), "trusted": trusted, "made_at": body["made_at"],
                "trial": body["trial"],
                "illustrative": body["illustrative"], "key": key,
            }
            for body, key, trusted in _each(found)
        ],
    }  # fmt: skip


def _each(found: Verdict) -> list[tuple[dict[str, Any], str, bool]]:
    """Body, key and whether it is trusted; of a file that is none of ours nobody asked the last."""
    trusted = [*found.trusted, *[False] * (len(found.bodies) - len(found.trusted))]
    return list(zip(found.bodies, found.fingerprints, trusted, strict=True))


def _is_file(name: str) -> bool:
    """Whether there is such a file; what no file can be called is none."""
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False


def _anchor(key: str | None, root: str | None) -> Anchor:
    statements: list[dict[str, Any]] = []
    if key is not None and _is_file(key):
        try:
            statements = json.loads(Path(key).read_bytes())["keys"]
            for place, one in enumerate(statements):
                proof_file.check_key(one, f"keys[{place}]")
            fingerprint = proof_keys.fingerprint(statements[-1]["key"])
        except (OSError, ValueError, KeyError, TypeError, IndexError, proof_file.Misshapen):
            raise click.BadParameter(gettext("This is no file of proof keys."), param_hint="--key") from None
    else:
        fingerprint = "".join((key or "").split()).lower()
        if key is not None and (
            len(fingerprint) != proof_keys.FINGERPRINT or set(fingerprint) - set("0123456789abcdef")
        ):
            raise click.BadParameter(
                gettext("A fingerprint has %(count)s digits.", count=proof_keys.FINGERPRINT), param_hint="--key"
            )
    return Anchor(fingerprint or None, proof_file.root_in(root) if root is not None else None, statements)


@keys_group.command("list", epilog="Ends with 0.")
@click.option("--out", "target", type=click.File("wb"), help="Write what is known of them, for `round verify --key`.")
@AS_JSON
def list_keys(target: BinaryIO | None, as_json: bool) -> None:
    """The keys that proofs are and were signed with, by their fingerprints."""
    with transaction() as session:
        proof_keys.take_up(session, _prover(), now())
        found = proof_keys.keys_of(session)
        said = proof_keys.statements(session)
    if target is not None:
        target.write(canonical_text({"keys": said}).encode())
    if as_json:
        listed = [one | {"fingerprint": proof_keys.fingerprint(one["key"])} for one in said]
        click.echo(json.dumps(listed, ensure_ascii=False))
        return
    for key in found:
        state = gettext("in use") if key.public_key == _prover().public_key else gettext("former")
        if key.compromised_on:
            state = gettext("compromised since %(day)s", day=key.compromised_on.isoformat())
        click.echo(f"{proof_keys.grouped(proof_keys.fingerprint(key.public_key))}\t{state}")


@keys_group.command("rotate", epilog="Ends with 0.")
def rotate() -> None:
    """Sign with a new key from the next start on. The former introduces it, and stays the key of what it signed."""
    path = Path(current_app.config["INSTANCE"]) / PROOF
    made = MAKE[PROOF]()
    following = Signer(made)
    with transaction() as session:
        proof_keys.succeed(session, Signer(path.read_bytes()), following, now())
        know(session, PROOF, key_id(following.public_key))
        audit.record(session, now(), None, "proof_key_rotated", proof_keys.fingerprint(following.public_key))
    put(path, made)  # only after the former has introduced it: a crash between the two loses nothing
    name = proof_keys.grouped(proof_keys.fingerprint(following.public_key))
    click.echo(gettext("New key %(key)s. Start the service again.", key=name))
    click.echo(gettext("Publish this fingerprint, and make a new backup now: the old one does not have this key."))


@keys_group.command("compromised", epilog="Ends with 0 when it was said, 1 when refused, 2 when called wrongly.")
@click.argument("name", metavar="FINGERPRINT")
@click.option("--since", type=DAY, required=True, help="The first day of the doubt.")
def compromised(name: str, since: date) -> None:
    """Say that somebody else may have had a former key since a day. Its proofs then count only with a root from
    elsewhere."""
    wanted = "".join(name.split()).lower()
    with transaction() as session:
        found = [key for key in proof_keys.keys_of(session) if proof_keys.fingerprint(key.public_key) == wanted]
        if not found:
            raise click.ClickException(gettext("No key has this fingerprint. See: proof-keys list"))
        [key] = found
        if key.public_key == _prover().public_key:
            raise click.ClickException(gettext("This key is in use. Change it first: proof-keys rotate"))
        if key.compromised_on is not None and since > key.compromised_on:
            raise click.ClickException(gettext("An earlier day was said already: it stands."))
        proof_keys.compromise(key, since, _prover(), now())
        audit.record(session, now(), None, "proof_key_compromised", wanted, {"since": since.isoformat()})
    click.echo(gettext("Said. Hand out the keys anew: proof-keys list --out FILE"))


def _prover() -> Signer:
    signer: Signer = current_app.extensions["prover"]
    return signer


def fault_in_words(fault: Fault) -> str:
    words = FAULTS.get(fault.code) or NOTES.get(fault.code) or fault.code
    where = " ".join(part for part in (fault.commune, str(fault.revision or "")) if part)
    return printable(f"{where + ': ' if where else ''}{words}{f' ({fault.what})' if fault.what else ''}")


def difference_in_words(commune: str, one: Differs) -> str:
    """A table, how many of its rows are otherwise, and the keys of the first."""
    named = ", ".join(one.rows) + (" …" if len(one.rows) < one.number and one.rows else "")
    return printable(f"{commune}: {one.table}: {one.number} {DIFFERS[one.kind]}{f': {named}' if named else ''}")


def printable(text: str) -> str:
    """What a file brings along, so that it cannot steer the terminal that it is shown on."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
