// What a screen tells of a household beside interviews: asked once more, kept with its hash, and sent when it can be.

import { contentHash } from "../canonical.js"
import { ask } from "./page.js"

/**
 * Asks `{ title, words, yes }`, makes the entry and keeps it for sending; false where the person did not want it.
 * @param {any} app
 * @param {any} button which is of no use meanwhile: a second tap would tell it twice
 * @param {{ title: string, words: string, yes: string }} question
 * @param {{ code: string }} household
 * @param {string} name of its head, as it is listed
 * @param {() => any} make the entry
 */
export async function tell(app, button, question, household, name, make) {
  if (button.disabled || !(await ask(question))) return false
  button.disabled = true
  try {
    const entry = await make()
    const content_hash = await contentHash(entry)
    await app.store.say({ id: entry.id, draft_id: entry.id, name, code: household.code, entry, content_hash })
  } finally {
    button.disabled = false
  }
  app.changed()
  app.sync.now()
  return true
}
