"""What was carried in by hand, taken in with the keys of this server: for the page and for the command."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path
from typing import IO

from flask import current_app
from sqlalchemy.orm import Session

from models import Account
from survey.carry.carry import Taken, receipts_of, take
from survey.carry.sealed import open_bundle
from survey.web.language import current_language
from survey.web.results import result_of
from survey.web.session import now


def bring_in_bundle(session: Session, stream: IO[bytes], carrier: Account | None) -> Taken:
    """Open and store one bundle. Raises what `open_bundle` and `take` raise."""
    instance = Path(current_app.config["INSTANCE"])
    with tempfile.TemporaryDirectory(dir=instance, prefix="bundle-") as folder:
        escrow = current_app.extensions["escrow"]
        bundle = open_bundle(stream, escrow, Path(folder), current_app.config["FILE_LIMIT"])
        return take(session, bundle, carrier, instance / "files", now(), current_app.extensions["signer"])


def receipts_file(session: Session, taken: Taken) -> bytes:
    """The receipts of a bundle, to be carried back."""
    results = [result_of(outcome) for outcome in taken.outcomes]
    return receipts_of(session, taken, results, now(), current_app.extensions["signer"])


def reasons_of(taken: Taken) -> tuple[tuple[str, int], ...]:
    """Why entries are held, and how many for each reason, in words."""
    counted = Counter(outcome.reason for outcome in taken.outcomes if outcome.reason)
    return tuple((reason.label(current_language()), count) for reason, count in counted.most_common())
