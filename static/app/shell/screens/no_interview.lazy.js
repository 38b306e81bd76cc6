// Why a household has no interview: visits at which nobody was there, each with its time, and what is told the commune.

import { HOME, ofHousehold } from "../addresses.js"
import { sha256 } from "../../canonical.js"
import { countingOf, mayBeSaid, missingIn, outcomeOf, VISITS } from "../../interview/outcome.lazy.js"
import { shrink, watchPlace } from "../media.js"
import { action, number, part, stamp, time, word } from "../page.js"
import { survey } from "../register.js"
import { space } from "../storage.js"
import { tell } from "../tell.lazy.js"
import { learnt } from "../templates.lazy.js"

/**
 * Adds a visit, or changes the one of `at`; two windows that do so wait for each other.
 * @param {import("../main.js").Shell} app
 * @returns {Promise<Attempt[]>}
 */
const noteVisit = (app, key, visit) =>
  navigator.locks.request(`so-ho ${key}`, async () => {
    const others = ((await app.store.get(key)) ?? []).filter(({ at }) => at !== visit.at)
    const visits = [...others, visit]
    await app.store.set(key, visits)
    return visits
  })

/**
 * One photo of what speaks for it: kept in hand until it is told, for until then nothing names it.
 * → {made(): once what was taken last is small, or false: it could not be made so, file(): {blob, sha256} or null,
 * drop(words): it is none any more, leave()}
 */
function photoOf(element) {
  /** @type {{ blob: Blob, sha256: string } | null} */
  let kept = null
  let making = Promise.resolve(true)
  let turn = 0
  const [take, clear, picture] = [action(element, "photo"), action(element, "clear"), part(element, "picture")]
  const leave = () => picture.src && URL.revokeObjectURL(picture.src)
  const draw = (words) => {
    leave()
    picture.hidden = clear.hidden = !kept
    if (kept) picture.src = URL.createObjectURL(kept.blob)
    else picture.removeAttribute("src")
    part(element, "take").textContent = word(kept ? "photo.again" : "photo.take")
    part(element, "photo-status").textContent = words
  }
  const make = async (taken) => {
    const mine = ++turn
    part(element, "photo-status").textContent = word("photo.working")
    try {
      const blob = await shrink(taken)
      const made = { blob, sha256: await sha256(await blob.arrayBuffer()) }
      if (mine !== turn) return making // another one was taken since, or none is wanted any more
      kept = made
      draw(word("photo.kept", { size: number(Math.ceil(blob.size / 1000)) }))
      return true
    } catch {
      if (mine !== turn) return making
      part(element, "photo-status").textContent = word("photo.failed")
      return false
    }
  }
  take.addEventListener("change", () => {
    const [taken] = take.files
    if (!taken) return
    making = make(taken)
    take.value = "" // the same file may be chosen again
  })
  const made = async () => {
    const isMade = await making
    making = Promise.resolve(true) // who was told that it failed may tell the commune without one
    return isMade
  }
  const drop = (words = "") => {
    turn += 1
    making = Promise.resolve(true)
    kept = null
    draw(words)
  }
  clear.addEventListener("click", () => drop())
  draw("")
  return { made, file: () => kept, drop, leave }
}

/** @param {import("../main.js").Shell} app */
export async function show(app, { step: roundId, more: householdId }) {
  await learnt()
  const { rows, hello, villages, rounds } = await survey(app.store)
  const found = rows.find(({ household }) => household.household_id === householdId && household.round_id === roundId)
  if (!found || rounds.get(roundId)?.state !== "open" || !hello?.commune) return void app.replace(HOME)
  const { household } = found
  const commune = hello.commune.id
  const name = household.head_name || word("row.unnamed")
  const element = stamp("no-interview", { title: word("visits.title", { name }) })
  action(element, "back").href = ofHousehold(household)
  part(element, "where").textContent = [villages.get(household.village_id)?.name, household.code]
    .filter(Boolean)
    .join(" · ")

  const key = `visits ${roundId} ${householdId}`
  /** @type {Attempt[]} */
  let visits = (await app.store.get(key)) ?? []
  /** @type {string | null} */
  let place = null
  /** @type {(() => void) | null} */
  let stop = null
  const form = /** @type {HTMLFormElement} */ (part(element, "form"))
  const photo = photoOf(element)
  const chosen = () => /** @type {HTMLInputElement | null} */ (form.querySelector("input:checked"))

  const draw = () => {
    const counting = countingOf(visits, household)
    const advice = counting.length >= VISITS ? "enough" : counting.length ? "again" : "none"
    part(element, "advice").textContent = word(`visits.${advice}`, { count: number(counting.length) })
    part(element, "visits").replaceChildren(
      ...visits.map((visit) => {
        const line = document.createElement("li")
        line.textContent = word(visit.place ? "visits.here" : "visits.one", { time: time(visit.at) })
        return line
      }),
    )
    for (const input of form.querySelectorAll("input")) input.disabled = !mayBeSaid(input.value, counting)
  }

  /** The position, where the phone gives it: nobody waits for it, and `take` may never be called. */
  const locate = (take) => {
    stop?.()
    stop = watchPlace(
      ({ value, accuracy }) => {
        place = value
        part(element, "place").textContent = word("visits.place", { metres: number(Math.round(accuracy)) })
        take?.()
        take = null
      },
      () => {},
    )
  }

  action(element, "visit").addEventListener("click", async ({ currentTarget: button }) => {
    button.disabled = true
    const visit = { at: new Date().toISOString(), place: null }
    visits = await noteVisit(app, key, visit).finally(() => (button.disabled = false))
    part(element, "noted").textContent = word("visits.noted", { time: time(visit.at) })
    draw()
    locate(async () => {
      visits = await noteVisit(app, key, { ...visit, place })
      draw()
    })
  })
  form.addEventListener("change", () => stop || locate())

  /** The outcome, once the bytes of its photo are on the disk: it names them. */
  const made = async (kind, reason) => {
    const file = photo.file()
    const { size, type } = file?.blob ?? { size: 0, type: "" }
    const files = file ? [{ path: "anh", sha256: file.sha256, size, type }] : []
    if (file) {
      const room = await space()
      await room.within(size, () => app.store.saveFile({ sha256: file.sha256, blob: file.blob, size, type }))
    }
    return outcomeOf({ household, commune, kind, reason, visits, place, files, now: new Date() })
  }
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    const kind = chosen()?.value ?? ""
    const reason = /** @type {HTMLTextAreaElement} */ (action(element, "reason")).value
    const missing = missingIn({ kind, reason, visits: countingOf(visits, household) })
    part(element, "no-kind").hidden = missing !== "kind"
    part(element, "no-reason").hidden = missing !== "reason"
    if (missing) return void part(element, `no-${missing}`).scrollIntoView({ block: "center" })
    const label = /** @type {any} */ (chosen()).closest("label").querySelector("span").firstChild.textContent.trim()
    const words = word("visits.sure_words", { name, kind: label })
    // A weak phone works on a photo for seconds, and a tap on the button does not give it up.
    if (!(await photo.made())) return void part(element, "photo-status").scrollIntoView({ block: "center" })
    const question = { title: word("visits.sure"), words, yes: word("visits.yes") }
    try {
      if (!(await tell(app, action(element, "say"), question, household, name, () => made(kind, reason)))) return
    } catch (error) {
      if (error?.name !== "QuotaExceededError" || !photo.file()) throw error
      return void photo.drop(word("photo.full")) // it can be told without
    }
    app.go(HOME)
  })
  draw()
  const leave = () => {
    stop?.()
    photo.leave()
  }
  return { element, leave }
}
