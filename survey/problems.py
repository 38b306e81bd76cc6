"""Every refusal in one table: code, HTTP status, sentence, what to do next.

`Problem(code)` is raised anywhere; `survey.web.security` turns it into JSON below /api/ and into a page elsewhere.
The sentences are message ids (English), translated where they are shown. They never carry personal data.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from survey import programme_refusals, sign_in_refusals


def _(message: str) -> str:
    """Marks a message for the catalog; it is translated where it is shown."""
    return message


class Refusal(NamedTuple):
    status: int
    title: str
    next: str


PROBLEMS: dict[str, Refusal] = {
    "malformed": Refusal(
        400, _("The data sent cannot be read."), _("Nothing was lost on this device. Ask your supervisor for help.")
    ),
    "hash_mismatch": Refusal(400, _("The file did not arrive whole."), _("It will be sent again.")),
    "bundle_unreadable": Refusal(
        400,
        _("This is no sealed file of a phone, or it did not arrive whole. Nothing of it was taken."),
        _("Copy the file from the phone again: the phone still has everything."),
    ),
    "bundle_other_server": Refusal(
        400,
        _("This file was sealed for another server: this one cannot open it."),
        _("Bring it to the office whose address the phone works with."),
    ),
    "bundle_of_nobody": Refusal(
        400,
        _("The account that made this file is not known here."),
        _("Let a supervisor bring it in on the page: the interviews are then held for a look."),
    ),
    "frames_unreadable": Refusal(
        400, _("These are no whole codes of a phone."), _("Scan them again, or use a file instead.")
    ),
    "frames_missing": Refusal(400, _("Some of the codes are still missing."), _("Go on scanning until all are here.")),
    "bad_request": Refusal(400, _("The request cannot be understood."), _("Go back and try again.")),
    "not_signed_in": Refusal(401, _("You are not signed in."), _("Sign in to go on.")),
    "session_expired": Refusal(401, _("Your session has ended."), _("Sign in again. Nothing on this device was lost.")),
    "sign_in_again": Refusal(
        401,
        _("Type your password once more to open what is locked."),
        _("Sign in again. Nothing on this device was lost."),
    ),
    "csrf": Refusal(403, _("This page has been open for too long."), _("Load the page again and repeat.")),
    "forbidden": Refusal(403, _("Your account may not do this."), _("Ask the administrator if you need it.")),
    "revoked": Refusal(
        403,
        _("This phone or account was withdrawn."),
        _("What is finished on it can still be sent. Ask the commune office for anything else."),
    ),
    "not_found": Refusal(404, _("There is nothing at this address."), _("Check the address or go back to the start.")),
    "method_not_allowed": Refusal(405, _("This address cannot be used that way."), _("Go back to the start.")),
    "not_allowed_now": Refusal(
        409, _("This cannot be done in the record's present state."), _("Load the page again to see what has changed.")
    ),
    "own_interview": Refusal(
        409, _("You cannot approve an interview that you made yourself."), _("Ask another supervisor to review it.")
    ),
    "day_needed": Refusal(
        409,
        _("The day of this interview is in doubt, and ages and the class hang on it."),
        _("Ask on which day it was, and confirm that day on its page."),
    ),
    "day_out_of_range": Refusal(
        400, _("This day lies too far back or too far ahead."), _("Give days between 2000 and 2100, then look again.")
    ),
    "impossible_day": Refusal(
        409,
        _("The interview cannot have been on that day."),
        _("Give a day of this round that is not after today."),
    ),
    "comment_needed": Refusal(409, _("Say what is to be mended."), _("Write a comment, then return the record.")),
    "round_not_ready": Refusal(
        409, _("The round cannot be closed yet."), _("Settle the points listed, then close it.")
    ),
    "commune_written_to": Refusal(
        409,
        _("Interviews or corrections kept coming in, so the proof could not be made and the commune stays open."),
        _("Close it again when the phones have sent what they have."),
    ),
    "standard_period": Refusal(
        409,
        _("The round's days lie outside the period of its poverty standard."),
        _("Change the days, choose a questionnaire of the standard in force then, or open it as a trial."),
    ),
    "standard_incomplete": Refusal(
        409,
        _("The standard is not complete: nobody can be classified under it yet."),
        _("Choose another questionnaire, or open the round as a trial."),
    ),
    "standard_scope": Refusal(
        409,
        _("The standard is one province's own, and the round covers communes of another."),
        _("Choose a questionnaire of the country's standard, or open the round as a trial."),
    ),
    "standard_missing": Refusal(
        409,
        _("No complete poverty standard is in force on the days of the round."),
        _("Change the days, or choose the standard and open the round as a trial."),
    ),
    "standard_unknown": Refusal(
        409, _("There is no standard of this code."), _("Enter the standard first, with its period and source.")
    ),
    "standard_without_form": Refusal(
        409,
        _("No published questionnaire works out the class by this standard."),
        _("Publish a version of the questionnaire that names the standard in its settings."),
    ),
    "standard_exists": Refusal(409, _("There is a standard of this code already."), _("Choose another code.")),
    "other_standard": Refusal(
        409,
        _("The questionnaire works out the class by another standard than the one chosen."),
        _("Choose the questionnaire's own standard, or another questionnaire."),
    ),
    "round_exists": Refusal(
        409,
        _("There is a round of this kind and year in this commune already."),
        _("Close it first if it is open. If it is closed, open the commune in it again, with the reason."),
    ),
    "round_step": Refusal(
        409,
        _("The round does not stand there in this commune."),
        _("Load the page again to see where it stands, and who may take the next step."),
    ),
    "round_locked": Refusal(
        409,
        _("The round is closed in this commune: what was accepted in it stands."),
        _("Ask the province to reopen the commune, with the reason, then mend the record."),
    ),
    "round_has_accepted": Refusal(
        409,
        _("The round cannot be cancelled: interviews were accepted in it."),
        _("Close it instead, or reopen the interviews listed first."),
    ),
    "round_days_taken": Refusal(
        409,
        _("Interviews of this round lie outside the days given."),
        _("Choose days that hold all that was interviewed."),
    ),
    "reason_needed": Refusal(409, _("This step needs a reason."), _("Write why, then take the step.")),
    "commune_needed": Refusal(409, _("A round needs at least one commune."), _("Choose the communes, or all of them.")),
    "already_asked": Refusal(
        409, _("The household has asked already in this round."), _("Look for it in the list of requests.")
    ),
    "asked_before_review": Refusal(
        409,
        _("The paper is older than the last periodic review of this commune, which has answered it."),
        _("Look at the day of the paper. If the household asks again now, enter its new paper."),
    ),
    "request_answered": Refusal(
        409,
        _("The household was interviewed already: its request stays."),
        _("Decide on the interview instead."),
    ),
    "not_ad_hoc": Refusal(
        409,
        _("Requests belong to an ad-hoc round that is open in the commune."),
        _("Choose that round on the page of the rounds."),
    ),
    "version_taken": Refusal(
        409,
        _("This version is published with other content, and a published version never changes."),
        _("Raise the version in the settings sheet, then upload the workbook again."),
    ),
    "form_has_faults": Refusal(
        409, _("This questionnaire cannot be published yet."), _("Mend what the check lists, then publish it.")
    ),
    "points_not_agreed": Refusal(
        409,
        _("The points table of this questionnaire is not one that two people agreed on."),
        _("Let two people type it on the page Points tables, or mark each of its rows minh_hoa."),
    ),
    "form_retired": Refusal(
        409, _("This version of the questionnaire is retired."), _("Choose a version that is in use.")
    ),
    "form_in_use": Refusal(
        409,
        _("An open round is asked with this version."),
        _("Put another version of the questionnaire in its place first."),
    ),
    "other_form": Refusal(
        409,
        _("A round stays with its questionnaire."),
        _("Choose another version of the same questionnaire."),
    ),
    "same_person": Refusal(
        409,
        _("Two different people type a points table, and nobody sees the other's figures before both are done."),
        _("Ask a colleague to type the other one."),
    ),
    "own_outcome": Refusal(
        409,
        _("You cannot decide on what you said yourself of a household."),
        _("Ask another person at the desk to confirm it, or to send it back."),
    ),
    "outcome_interviewed": Refusal(
        409,
        _("The household was interviewed in this round, and the interview was accepted."),
        _("Send the outcome back; or reopen the interview first, if it is not of this household."),
    ),
    "outcome_held": Refusal(
        409,
        _("What it is held for is not mended yet."),
        _("Mend that first, or send the outcome back with what is to be done."),
    ),
    "outcome_act_stands": Refusal(
        409,
        _("The household left the register with this decision."),
        _("Undo that on the household's page: this waits for a decision again then."),
    ),
    "outcome_other": Refusal(
        409,
        _("Another outcome of this household is confirmed already."),
        _("Take that decision back first, then confirm this one."),
    ),
    "assignee_elsewhere": Refusal(
        409,
        _("This person does not visit the village of the household."),
        _("Give them the village first, on the page of accounts, or choose somebody of the village."),
    ),
    "assignee_needed": Refusal(409, _("Nobody was chosen."), _("Choose at least one enumerator of the village.")),
    "households_needed": Refusal(409, _("No household was ticked."), _("Tick the households first.")),
    "likeness_contradicts": Refusal(
        409,
        _("This contradicts what was said of a third household: two of three pairs cannot be one and the third not."),
        _("Look at the pairs that were decided, and let the wrong one be asked again."),
    ),
    "flow_backward": Refusal(409, _("The flow would end before it begins."), _("Give a first day before the last.")),
    "register_future": Refusal(409, _("The day lies in the future."), _("Give today or an earlier day.")),
    "register_reason_needed": Refusal(409, _("Say why."), _("Write a reason: it stands in the household's history.")),
    "register_nothing_given": Refusal(409, _("Nothing was given to write down."), _("Fill in what is different.")),
    "register_village_unknown": Refusal(
        409, _("There is no such village in this commune."), _("Choose a village of the list.")
    ),
    "register_across": Refusal(
        409, _("A household is moved to another commune by the province."), _("Ask the province officer.")
    ),
    "register_other_commune": Refusal(
        409,
        _("The other household is on the register of another commune."),
        _("Have the province move it into this commune first, then do it here with the number that it has got here."),
    ),
    "register_not_there": Refusal(
        409,
        _("The household was not on the register on that day, or is not at all."),
        _("Give a later day, or choose another household."),
    ),
    "register_there_already": Refusal(
        409, _("This household is on the register already."), _("Open its page instead of entering it again.")
    ),
    "register_itself": Refusal(
        409, _("A household cannot be merged with itself, nor be its own duplicate."), _("Choose the other household.")
    ),
    "register_nobody_stays": Refusal(
        409, _("Nobody would stay in the household."), _("Leave somebody there; where all go, move the household.")
    ),
    "register_nobody_goes": Refusal(
        409, _("Nobody goes to the new household."), _("Choose at least one member who goes.")
    ),
    "register_head_goes": Refusal(
        409,
        _("The head of the household is among those who go."),
        _("Correct the head of the household first, then split it."),
    ),
    "register_member_unknown": Refusal(
        409,
        _("Somebody who is to go is no member of this household."),
        _("Write the names as they stand on the household's page."),
    ),
    "register_ended": Refusal(
        409,
        _("The household is not on the register any more on that day."),
        _("Bring it back first, or give an earlier day."),
    ),
    "register_target_ended": Refusal(
        409,
        _("The other household is not on the register any more on that day."),
        _("Choose the one that it was merged into, or bring it back first."),
    ),
    "register_cycle": Refusal(
        409, _("The other household was itself merged into this one."), _("End that merge first.")
    ),
    "register_not_merged": Refusal(
        409, _("These two households are not merged on that day."), _("Look at the household's history.")
    ),
    "register_not_ended": Refusal(
        409, _("The household is on the register: there is nothing to bring back."), _("Look at its history.")
    ),
    "register_rests_on_it": Refusal(
        409,
        _("Something newer needs what would be different then."),
        _("Undo first what is listed, the newest first; an interview is reopened or attached to another household."),
    ),
    "register_changes_nothing": Refusal(
        409,
        _("Nothing would be different."),
        _("If a later interview or correction says otherwise, give a later day."),
    ),
    "place_not_there": Refusal(
        409, _("There was no such village on that day."), _("Give a later day, or choose a village of the list.")
    ),
    "place_there_already": Refusal(409, _("There is such a village already."), _("Choose another one.")),
    "place_over": Refusal(
        409,
        _("The village is no more on that day: it was merged, or moved to another commune."),
        _("Choose what it is a part of now, give an earlier day, or undo that first."),
    ),
    "place_itself": Refusal(409, _("A village cannot be merged with itself."), _("Choose the other village.")),
    "place_cycle": Refusal(409, _("The other village was itself merged into this one."), _("Undo that merger first.")),
    "place_target_over": Refusal(
        409,
        _("The other village is no more on that day."),
        _("Choose the one that it was merged into, or give an earlier day."),
    ),
    "place_other_commune": Refusal(
        409,
        _("The other village lies in another commune."),
        _("Move the village to that commune first, then merge the two there."),
    ),
    "place_across": Refusal(
        409, _("A village is moved to another commune by the province."), _("Ask the province officer.")
    ),
    "place_name_taken": Refusal(
        409,
        _("Another village of the commune has this name already: lists could not tell them apart."),
        _("Add what tells it apart, such as a number."),
    ),
    "place_nobody_goes": Refusal(
        409, _("No household goes to the new village."), _("Choose the households that lie in it.")
    ),
    "place_nobody_stays": Refusal(
        409,
        _("No household would stay in the village."),
        _("Leave some there; where all go, rename the village instead."),
    ),
    "place_household_elsewhere": Refusal(
        409,
        _("A household that is to go does not lie in this village."),
        _("Choose among the households of the village as of that day."),
    ),
    "place_rests_on_it": Refusal(
        409,
        _("Something newer needs what would be different then."),
        _("Undo first what is listed, the newest first, or move the households that are listed."),
    ),
    "place_undo_there": Refusal(
        409,
        _("The household moved with its whole village."),
        _("Undo it on the page of the commune's villages."),
    ),
    "place_former_unknown": Refusal(
        409,
        _("No former commune that belongs to this commune has that code."),
        _("Choose one of the list, or have the table of former communes loaded first."),
    ),
    "table_of_one_commune": Refusal(
        409,
        _("A past day, the indicators and the flow of many communes take too long for a page."),
        _("Open the page of one commune, or have the administrator run “register table”."),
    ),
    "borders_not_loaded": Refusal(
        409,
        _("The communes of before are not loaded for this province, or not for that day."),
        _("Have the administrator load the table of former communes, or choose a later day for the borders."),
    ),
    "proposal_answered": Refusal(
        409, _("Somebody has answered this proposal already."), _("Look at the list of what waits.")
    ),
    "proposal_many": Refusal(
        409,
        _("Many changes of this household were proposed from this account and wait to be looked at."),
        _("Wait until the commune has looked at them, or tell its officer."),
    ),
    "proposal_held": Refusal(
        409,
        _("It cannot become a request yet: what it was held for still stands against it."),
        _("Mend that first, or set the proposal aside with a few words for who sent it."),
    ),
    "proposal_where": Refusal(
        409,
        _("To which household this person went is said in words, and has to be looked up."),
        _("Look the household up and write its number, or say that it is on no list."),
    ),
    "request_same": Refusal(
        409, _("The same was asked for already and waits for a decision."), _("Look at it in the list of requests.")
    ),
    "request_decided": Refusal(409, _("This request was decided already."), _("Look at what became of it.")),
    "request_witnessed": Refusal(
        409,
        _("Somebody else has proposed the same from a phone: it is not yours alone to take back."),
        _("Ask a colleague to look at it and decide."),
    ),
    "request_needed": Refusal(
        409, _("The province decides on an identity number."), _("Ask for it on this page; the province looks at it.")
    ),
    "undo_by_province": Refusal(
        409,
        _("The province decided on an identity number, and it alone takes it back."),
        _("Ask the province officer to undo it on this page, or ask for the right number."),
    ),
    "request_own": Refusal(
        409, _("Nobody decides on what they asked for themselves."), _("Ask a colleague, or take it back.")
    ),
    "person_not_there": Refusal(
        409,
        _("Nobody of this code was known in the register on that day."),
        _("Give a later day, or look the person up on the household's page."),
    ),
    "person_unclear": Refusal(
        409,
        _("Several members have this name, or none."),
        _("Write the person's code as it stands on the household's page."),
    ),
    "person_before_birth": Refusal(
        409, _("The day lies before the birth of this person."), _("Give a later day, or correct the birth first.")
    ),
    "person_dead": Refusal(
        409, _("This person has died by that day."), _("If that is wrong, undo the death in the history first.")
    ),
    "person_born_already": Refusal(
        409,
        _("This person is known already."),
        _("Write down instead that the person came to live here."),
    ),
    "person_lives_elsewhere": Refusal(
        409,
        _("This person is a member of a household already."),
        _("Transfer the person from that household, on its page."),
    ),
    "person_lives_there": Refusal(
        409, _("A person cannot be transferred to the household they are in."), _("Choose the other household.")
    ),
    "person_not_member": Refusal(
        409,
        _("This person is no member of the household on that day."),
        _("Look at the person's history, or give another day."),
    ),
    "person_head_goes": Refusal(
        409,
        _("This is the head of the household, and others stay."),
        _("Say who of them is head from then on."),
    ),
    "person_last_goes": Refusal(
        409,
        _("Nobody would be left in the household."),
        _("Write down about the household instead: died out, no household any more, merged or moved."),
    ),
    "person_name_missing": Refusal(409, _("The name is missing."), _("Write the full name with its tones.")),
    "person_number_wrong": Refusal(
        409, _("An identity number has 12 digits."), _("Look at the card again; leave it empty if there is none.")
    ),
    "person_birth_wrong": Refusal(
        409, _("There is no such day of birth, or it has not come yet."), _("Write the year alone if it is not known.")
    ),
    "person_itself": Refusal(409, _("This is the same person already."), _("Choose the other one.")),
    "person_same_already": Refusal(
        409, _("It was said already who this person is."), _("Undo that in the history first.")
    ),
    "person_two_of_one": Refusal(
        409,
        _("One interview lists both of them side by side: they are two persons."),
        _("If one was listed twice by mistake, write down that one of them is no member."),
    ),
    "register_undone": Refusal(
        409, _("This was undone already."), _("If it was right after all, write it down again.")
    ),
    "register_undoing": Refusal(409, _("An undoing cannot be undone."), _("Write down again what was undone.")),
    "conflict": Refusal(409, _("Somebody else changed this at the same time."), _("Load the page again and repeat.")),
    "vault_closed": Refusal(
        409,
        _("The office's key does not open what is locked on this phone."),
        _("Sign in as the person who locked it. If that is you, ask the administrator. Nothing here was lost."),
    ),
    "upload_offset": Refusal(
        409, _("The server holds another part of this file."), _("It goes on by itself from the right place.")
    ),
    "tus_version": Refusal(
        412, _("This version of the upload protocol is not spoken here."), _("Update the program that sends.")
    ),
    "too_large": Refusal(413, _("This is too large to send at once."), _("Send less at a time.")),
    "media_type": Refusal(
        415,
        _("This picture cannot be read: it is damaged, too large, or of a kind that is not taken."),
        _("Take the picture again, as JPEG, PNG or WebP."),
    ),
    "wrong_host": Refusal(
        421,
        _("This server is not reached by this name."),
        _("Open the address that your office gave you. Nothing on this device was lost."),
    ),
    "upload_busy": Refusal(423, _("This file is being sent just now."), _("It goes on by itself.")),
    "slow_down": Refusal(429, _("Too many attempts."), _("Wait fifteen minutes, then try again.")),
    "too_fast": Refusal(429, _("Too many requests come from this network."), _("Wait a moment, then try again.")),
    "checksum_mismatch": Refusal(460, _("This part of the file did not arrive whole."), _("It will be sent again.")),
    "job_crashed": Refusal(
        500,
        _("The program met a fault in this work, several times."),
        _("Nothing was left half done. Tell the administrator; it can be asked for again."),
    ),
    "job_gave_up": Refusal(
        500,
        _("This work was begun several times and broken off each time."),
        _("Tell the administrator: the server may be short of memory. It can be asked for again."),
    ),
    "list_mistakes": Refusal(
        409, _("The list has mistakes: nothing was corrected."), _("Mend the rows that are named and bring it again.")
    ),
    "list_questions": Refusal(
        409,
        _("The list leaves something in doubt: nothing was corrected."),
        _("Answer each with --answer ID=VALUE, or take the proposals (>) with --accept-proposals."),
    ),
    "list_asks": Refusal(
        409,
        _("The list has identity numbers, which are only asked for."),
        _("Name the account that asks with --by."),
    ),
    "list_changed": Refusal(
        409,
        _("The register has changed since the list was looked at, and the list does not fit it any more."),
        _("Upload the list again and look at what is asked."),
    ),
    "list_gone": Refusal(
        409,
        _("The list is not kept on the server any more."),
        _("Bring the same list again: what stands there already is recognised, and the rest follows."),
    ),
    "server_error": Refusal(500, _("Something failed on the server."), _("Nothing was lost. Try again in a moment.")),
    "busy": Refusal(503, _("The server is busy."), _("Try again in a moment.")),
    **{code: Refusal(*said) for code, said in programme_refusals.REFUSALS.items()},
    **{code: Refusal(*said) for code, said in sign_in_refusals.REFUSALS.items()},
    "storage_full": Refusal(
        507,
        _("The server's disk is full."),
        _("Nothing was lost: everything stays on this device and is sent later. Tell your supervisor."),
    ),
}

# What a plain HTTP error means here; anything else is told by its class (4xx, 5xx).
CODE_OF_STATUS = {
    400: "bad_request",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "media_type",
    429: "slow_down",
    503: "busy",
}


def code_of_status(status: int) -> str:
    """The code of the problem that an HTTP status stands for."""
    return CODE_OF_STATUS.get(status, "bad_request" if status < 500 else "server_error")


class Problem(Exception):
    """A refusal. `detail`: JSON for the caller (reasons, fields), never personal data; `retry_after`: seconds."""

    def __init__(self, code: str, detail: Any = None, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.refusal = PROBLEMS[code]
        self.detail = detail
        self.retry_after = retry_after

    @property
    def status(self) -> int:
        return self.refusal.status
