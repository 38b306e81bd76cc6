"""Refusals of signing in, of passwords, of the second factor, of four eyes, and of files that nobody asked for, for
`problems.py`: code → status, what is so, the next step."""

from __future__ import annotations

from survey.text import N_

REFUSALS: dict[str, tuple[int, str, str]] = {
    "not_named": (
        409,
        N_("No record that you sent names this file, so it is not kept here."),
        N_("Send the record first, then the file again. The file stays on this device."),
    ),
    "file_quota": (
        429,
        N_("Too many files came from this account within a day."),
        N_("Nothing was lost: the rest stays on this device and goes by itself later. Tell your supervisor."),
    ),
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
    "tried_out": (
        401,
        N_("Five wrong tries, one after another: this sign-in was ended."),
        N_("Sign in again. Nothing on this device was lost."),
    ),
    "not_open": (
        401,
        N_("This phone has not shown that it is unlocked."),
        N_("Open Sổ Hộ and type the PIN. If it still says so, sign in again. Nothing on this device was lost."),
    ),
    "new_waits": (
        429,
        N_("Wrong passwords were typed for this account name on devices that it does not know; such devices wait now."),
        N_(
            "Sign in on a device where this account was signed in before: that goes at once. Else wait, or ask who "
            "looks after the account to let new devices in."
        ),
    ),
    "new_refused": (
        429,
        N_("A hundred wrong passwords were typed for this account name: devices that it does not know are refused."),
        N_(
            "Sign in on a device where this account was signed in before, or ask who looks after the account to let "
            "new devices in."
        ),
    ),
    "password_short": (
        422,
        N_("This password is too short."),
        N_("At least 12 characters: a short sentence that only you know is good."),
    ),
    "password_long": (422, N_("This password is too long."), N_("At most 200 characters.")),
    "password_unkept": (
        422,
        N_("The password has a character that cannot be kept."),
        N_("Type it with letters, digits, signs and spaces."),
    ),
    "password_named": (
        422,
        N_("This password is made of your name, the account name or the name of the place."),
        N_("Choose words that have nothing to do with you or the place, such as a short sentence that only you know."),
    ),
    "password_row": (
        422,
        N_("This password is made of characters said again and again, or in a row."),
        N_("Choose a short sentence that only you know."),
    ),
    "password_common": (
        422,
        N_("Many people use this password, and it is tried first."),
        N_("Choose a short sentence that only you know, not only with digits added."),
    ),
    "password_known": (
        409,
        N_("Whoever knew a password of an account does not decide on what came by it then, nor hand it over."),
        N_("Another supervisor of the commune does, or the province."),
    ),
    "demo_password": (
        403,
        N_("This is the demo's password, which everybody knows: nobody signs in with it outside of a demo."),
        N_("Ask whoever looks after your account for a code of a first sign-in, then choose a password of your own."),
    ),
    "own_proposal": (
        409,
        N_("You proposed this questionnaire yourself: another person confirms it."),
        N_("Ask another officer of the province, or an administrator, to look at it."),
    ),
    "same_hands": (
        409,
        N_("One of you two could sign in as the other: that is one person, not two."),
        N_("Let the account be handed over to its owner first (page Accounts), or ask another officer."),
    ),
    "not_proposed": (
        409,
        N_("Nobody proposes this draft for publication now."),
        N_("Load the page again to see what became of it."),
    ),
    "form_seen_other": (
        409,
        N_("This draft, or the version before it, is not the one that you looked at."),
        N_("Load the page again. If it says the same, press “Save and check again”, then look at what changed."),
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
