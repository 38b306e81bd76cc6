"""What a commune was asked about a word of its lists, and answers from then on by itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import ListWord
from survey.form.form import Form
from survey.register import last_year
from survey.register.known_words import CLASS, ETHNIC, RELATION, SEX, word_key
from survey.terms import HouseholdClass
from survey.text import normal

QUESTIONS = {RELATION: "quan_he", ETHNIC: "dan_toc", SEX: "gioi_tinh"}
KINDS = (CLASS, *QUESTIONS)


def words_of(session: Session, commune_id: str) -> list[ListWord]:
    of_commune = select(ListWord).where(ListWord.commune_id == commune_id)
    return list(session.scalars(of_commune.order_by(ListWord.kind, ListWord.word)))


def remembered(session: Session, commune_id: str) -> dict[str, dict[str, str]]:
    """kind → word, by `word_key` → meaning."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for one in words_of(session, commune_id):
        found[one.kind][word_key(one.word)] = one.meaning
    return found


def meanings(form: Form | None, kind: str) -> list[str]:
    """What a word of this kind may mean: a class, or a choice of the questionnaire."""
    if kind == CLASS:
        return [one.value for one in HouseholdClass]
    question = last_year.copied(form).get(QUESTIONS[kind])
    return [str(one["name"]) for one in form.choices[question.list]] if form and question and question.list else []


def remember(
    session: Session,
    commune_id: str,
    words: Mapping[tuple[str, str], str],
    now: datetime,
    account_id: str | None = None,
) -> None:
    """`words`: kind, word → meaning; what was remembered otherwise is replaced."""
    for (kind, word), meaning in words.items():
        forget(session, commune_id, kind, word)
        spelt = " ".join(normal("NFC", word).casefold().split())[:60]
        row = {"commune_id": commune_id, "kind": kind, "word": spelt, "meaning": meaning}
        session.add(ListWord(**row, at=now, account_id=account_id))
        session.flush()  # the next may be another spelling of it


def forget(session: Session, commune_id: str, kind: str, word: str) -> None:
    """The word is asked about again, however it is spelt."""
    for one in words_of(session, commune_id):
        if (one.kind, word_key(one.word)) == (kind, word_key(word)):
            session.delete(one)
    session.flush()  # whoever remembers it next adds it anew
