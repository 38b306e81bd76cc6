"""What the desk says about a held entry and about a failed check."""

from __future__ import annotations

from flask_babel import LazyString, gettext, ngettext
from flask_babel import lazy_gettext as _

from survey.form.record import FailedCheck
from survey.review.dossier import Check
from survey.review.hands import INTERVIEWED, PROPOSED, SAID
from survey.review.signs import Sign
from survey.terms import QuarantineReason
from survey.web.audit_words import act_in_words

_Q = QuarantineReason

NEXT_STEP: dict[QuarantineReason, LazyString] = {
    _Q.UNKNOWN_FORM: _(
        "The phone used a version of the form that this server does not have. Once the administrator has published it, "
        "have the entry judged again."
    ),
    _Q.UNKNOWN_HOUSEHOLD: _(
        "The household is not on the list of this round. Find the household that it is, and attach the entry to it."
    ),
    _Q.OUTSIDE_AREA: _(
        "The enumerator is not assigned to this village. If the visit was agreed, release the entry, or assign the "
        "village and have it judged again."
    ),
    _Q.ROUND_CLOSED: _("The round is closed or unknown. The entry is kept, but cannot count any more."),
    _Q.ROUND_CANCELLED: _(
        "The round was opened by mistake and cancelled. The entry is kept and counts nowhere: interview the household "
        "in the right round, or discard it with a word why."
    ),
    _Q.ID_REUSED: _(
        "Two entries bear the same id with different answers. Both wait: compare them and say which one counts."
    ),
    _Q.BAD_ANSWERS: _(
        "Answers are missing or not possible, see the failed checks. Return the record with a comment, so "
        "that it is mended on the phone."
    ),
    _Q.TOO_MUCH: _(
        "Working out the rules of this questionnaire takes more for these answers than may be run, so nothing was made "
        "of it. If there are far too many members or too long a text, return it to be mended; else tell who made the "
        "questionnaire."
    ),
    _Q.BAD_SHAPE: _(
        "The entry cannot be read as a record. It is kept as it came; have the household asked again, then "
        "discard this one."
    ),
    _Q.TOO_LARGE: _(
        "The entry is larger than a household's record can be. It is kept as it came; have the household "
        "asked again, then discard this one."
    ),
    _Q.FUTURE_DATE: _(
        "The phone's clock was ahead. Ask the enumerator on which day the household was visited, confirm that day "
        "here, and have the phone's date corrected."
    ),
    _Q.DOUBTFUL_DATE: _(
        "The phone's clock was wrong or in doubt, and ages and the class hang on the day. Ask the enumerator on which "
        "day the household was visited, confirm that day here, and have the phone's date corrected."
    ),
    _Q.SERVER_CLOCK: _(
        "The phone and this server do not agree about the time, and it is the server that seems to be wrong. Have the "
        "administrator set its clock, then have the entry judged again."
    ),
    _Q.OUTSIDE_STANDARD: _(
        "The household was visited outside the period of the round's poverty standard, whose lines do not hold then. "
        "Have it interviewed in a round of the standard in force; when the period is prolonged, judge it again."
    ),
    _Q.ALREADY_ACCEPTED: _(
        "This household was accepted already. Compare both; to take this one instead, reopen the accepted "
        "record first. To stay with the accepted one, discard this one."
    ),
    _Q.TWO_INTERVIEWS: _(
        "There is another interview of this household, and nobody has decided between them. Compare them and say which "
        "one counts."
    ),
    _Q.TOO_MANY: _(
        "More than twenty interviews of this household wait, so this one was not compared with the others. Say which "
        "one counts; ask whoever sent so many why."
    ),
    _Q.REVOKED: _("The account may no longer send records. If the interview is genuine, release it; else discard it."),
}


def name_of_check(check: Check | FailedCheck, language: str) -> str:
    """What is wrong, in the form's own words where it has some."""
    said = check.message.get(language) or next(iter(check.message.values()), "")
    kinds = {
        "required": gettext("This has to be answered."),
        "constraint": gettext("This answer is not possible."),
        "warning": gettext("This answer is unusual."),
        "type": gettext("This answer is of the wrong kind."),
        "choice": gettext("This answer is not among the choices."),
        "unknown": gettext("The form has no such question."),
        "too_much": gettext("The rules of the form take too much for these answers."),
    }
    return said or kinds.get(check.kind, check.kind)


def judged_words(did: str, done: int, left: int) -> str:
    """What was done to several held entries at once; "" when nothing was."""
    if did == "judge":
        words = ngettext(
            "%(num)s interview is no longer held for that.", "%(num)s interviews are no longer held for that.", done
        )
        rest = ngettext("%(num)s is held as before.", "%(num)s are held as before.", left)
    elif did in ("release", "discard"):
        words = (
            ngettext("%(num)s interview was released.", "%(num)s interviews were released.", done)
            if did == "release"
            else ngettext("%(num)s interview was discarded.", "%(num)s interviews were discarded.", done)
        )
        rest = ngettext(
            "%(num)s was left as it was: look at it by itself.",
            "%(num)s were left as they were: look at them one by one.",
            left,
        )
    else:
        return ""
    return f"{words} {rest}" if left else words


# What is worth a second look; the record itself says when and who.
SIGNS = {
    Sign.SPLIT: _("split lately"),
    Sign.CHILDREN: _("children missing"),
    Sign.TURNS: _("poor by turns"),
}

# What comes from phones and stands in no log of acts, on the page of the household that it is about.
FROM_PHONES = {
    INTERVIEWED: _("Interviewed the household"),
    PROPOSED: _("Proposed a change from a phone"),
    SAID: _("Said why the household was not interviewed"),
}


def hand_in_words(verb: str) -> str:
    """What somebody did to a household."""
    return str(FROM_PHONES[verb]) if verb in FROM_PHONES else act_in_words(verb)
