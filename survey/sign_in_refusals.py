"""Refusals of signing in with a second factor, for `problems.py`: code → status, what is so, the next step."""

from __future__ import annotations

from survey.text import N_

REFUSALS: dict[str, tuple[int, str, str]] = {
    "factor_needed": (
        403,
        N_("Your account needs a second factor at sign-in."),
        N_("Open the page of your account and set it up. What is finished on a phone is sent all the same."),
    ),
    "factor_and_password": (
        403,
        N_("Who knows the password of somebody does not also take away the second factor."),
        N_("Ask another officer who looks after this account, or the operator of the server."),
    ),
    "password_known": (
        409,
        N_("Whoever knew a password of an account does not decide on what came by it then, nor hand it over."),
        N_("Another supervisor of the commune does, or the province."),
    ),
    "somebody_may": (
        409,
        N_("A supervisor of the commune may decide on this."),
        N_("The province decides only where nobody in the commune may."),
    ),
    "not_enrolled": (
        409,
        N_("The person has not chosen a password yet."),
        N_("Let them sign in with the code first, then confirm."),
    ),
}
