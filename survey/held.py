"""What becomes of an entry that is held, in words for the phone that sent it."""

from __future__ import annotations

from survey.text import N_ as _

# What becomes of an entry that is held, by its `QuarantineReason`: the phone shows it beside the reason.
_SUPERVISOR = _("Your supervisor will look at it. You need not send it again.")
HELD_NEXT: dict[str, str] = {
    "unknown_form": _("Load the new version of the form on this phone. What you sent is kept."),
    "unknown_household": _("Your supervisor will look for the household. You need not send it again."),
    "round_closed": _("The round is over. Your supervisor decides what becomes of it."),
    "round_cancelled": _("The round was opened by mistake and cancelled. What you sent is kept."),
    "bad_answers": _("Your supervisor will look at it and may return it to be mended."),
    "too_much": _("The questionnaire reckons too much for these answers. Your supervisor will look at it."),
    "already_accepted": _("The household is settled in this round. Your supervisor will compare the two."),
    "two_interviews": _("Your supervisor will compare the two and keep one."),
    "too_many": _("Your supervisor will compare them and keep one. Do not send it again."),
    "future_date": _("Check the date and time of this phone. What you sent is kept."),
    "doubtful_date": _(
        "Check the date and time of this phone, and tell your supervisor on which day you were there. "
        "What you sent is kept."
    ),
    "outside_standard": _("The poverty standard of this round is over. Your supervisor decides what becomes of it."),
    "server_clock": _("The office's clock is being checked. You need not send it again."),
}


def held_next(reason: str) -> str:
    """What to do about a held entry (message id)."""
    return HELD_NEXT.get(reason, _SUPERVISOR)
