// Who of this interview stands in another household of this phone too, told while it can still be put right. It stops
// nobody: two people may well be called alike, and the office compares the whole commune.

import { alikeIn, membersIn } from "../../interview/alike.lazy.js"
import { ofHousehold } from "../addresses.js"
import { action, part, stamp, word } from "../page.js"
import { survey } from "../register.js"
import { learnt } from "../templates.lazy.js"

const SAID = "other_people" // pairs of whom somebody said so, in the account's store

/** A row of the register as it is compared: whoever was said last to live there. */
function livingIn({ household, items }) {
  const members = membersIn(items.at(-1)?.entry.answers ?? household.last_answers)
  return {
    id: household.household_id,
    isNew: Boolean(household.is_new),
    members: members.length ? members : [{ ho_ten: household.head_name }],
    household,
  }
}

/** A person and how the other household has them. */
function wordsOf({ person, theirs }) {
  const values = { name: person.name, year: person.year || word("alike.unknown"), other: theirs.name }
  if (person.number && person.number === theirs.number) return word("alike.number", values)
  return word(person.key === theirs.key ? "alike.same" : "alike.near", values)
}

function card({ household }, alike, villages) {
  const place = [villages.get(household.village_id)?.name, household.code].filter(Boolean).join(", ")
  const head = household.head_name || word("row.unnamed")
  const element = stamp("alike-household", { words: word("alike.household", { head, place }) })
  element.dataset.alike = household.household_id
  part(element, "people").append(...alike.map((one) => stamp("alike-person", { words: wordsOf(one) })))
  action(element, "household").href = ofHousehold(household)
  return element
}

/**
 * Fills `place`, which is hidden while there is nobody to tell of.
 * @param {HTMLElement} place
 * @param {import("../main.js").Shell} app
 * @param {{ record: import("../../engine/record.js").Record, draft: Draft }} interview
 */
export async function sayAlike(place, app, { record, draft }) {
  const [{ rows, villages }, said = []] = await Promise.all([survey(app.store), app.store.get(SAID)])
  const here = { id: draft.household_id, isNew: Boolean(draft.new_household), members: membersIn(record.answers()) }
  const found = alikeIn(here, rows.map(livingIn), (key) => said.includes(key))
  if (!found.length) return place.replaceChildren()
  await learnt()
  const element = stamp("alike")
  const hint = part(element, here.isNew ? "new" : "known")
  hint.hidden = false
  for (const other of new Set(found.map((one) => one.other))) {
    const alike = found.filter((one) => one.other === other)
    const row = card(other, alike, villages)
    action(row, "other-people").addEventListener("click", async () => {
      await app.store.set(SAID, [...((await app.store.get(SAID)) ?? []), ...alike.map(({ key }) => key)])
      await sayAlike(place, app, { record, draft })
    })
    part(element, "households").append(row)
  }
  place.replaceChildren(element)
}
