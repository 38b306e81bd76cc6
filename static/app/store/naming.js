// What names a file: an open interview (also an answer of it that was given anew), a finished entry, a questionnaire.
// A file that nothing names any more goes.

import { hashesIn } from "../engine/answers.js"
import { ask, between } from "./database.js"
import { plainly } from "./sealing.js"

/** The stores that say which files are named, and hold them. */
export const NAMING = ["drafts", "journal", "outbox", "forms", "files"]

/** All of a draft's journal. */
export const everythingOf = (id) => between([id], [id, []])

/** The files that a draft or a row of its journal names, sealed or not. */
const filesOf = (row) => (row.sealed ? row.files : hashesIn(row))

/** The open drafts that ever named one of `hashes`, with their journals: [{draft, rows}]. */
export async function mentioning({ drafts, journal }, hashes) {
  const found = []
  for (const draft of await ask(drafts.getAll())) {
    if (draft.state !== "open") continue
    const rows = await ask(journal.getAll(everythingOf(draft.id)))
    if ([draft, ...rows].flatMap(filesOf).some((hash) => hashes.includes(hash))) found.push({ draft, rows })
  }
  return found
}

export const everMentioned = async (stores, hashes) =>
  (await mentioning(stores, hashes)).flatMap(({ draft, rows }) => [draft, ...rows].flatMap(filesOf))

/**
 * Removes those of `hashes` that are not `inDrafts`, and that no finished entry and no questionnaire names any more.
 */
export async function dropUnnamed({ outbox, forms, files }, hashes, inDrafts) {
  if (!hashes.length) return
  const named = [
    (await ask(outbox.getAll())).map((row) => plainly(row).files),
    (await ask(forms.getAll())).map((form) => form.files),
  ]
  const kept = new Set([...hashesIn(named), ...inDrafts])
  for (const hash of new Set(hashes)) if (!kept.has(hash)) files.delete(hash)
}

/** Every file that a draft ever named. */
export const namedBy = async ({ journal }, draft) =>
  [draft, ...(await ask(journal.getAll(everythingOf(draft.id))))].flatMap(filesOf)
