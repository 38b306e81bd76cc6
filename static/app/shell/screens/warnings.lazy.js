// What is said above the list when this phone was withdrawn or cleared, when it is full, or when the server signs with
// a key that nobody introduced.

import { spelled } from "../../sync/keys.lazy.js"
import { action, ask, stamp, word } from "../page.js"
import { learnt } from "../templates.lazy.js"
import { missedNotices } from "./lost.lazy.js"
import { roomNotice } from "./room.lazy.js"

/**
 * The notices that hold by what the server said at the last contact, and by the room that is `left`.
 * @param {import("../main.js").Shell} app
 */
export async function warnings(app, { revoked, stranger }, rows, left) {
  await learnt()
  const notices = []
  if (revoked) notices.push(stamp("notice-withdrawn"))
  if (stranger) {
    const digits = await spelled(stranger)
    const notice = stamp("notice-stranger", { key: digits })
    action(notice, "trust-key").addEventListener("click", () => trust(app, stranger, digits))
    notices.push(notice)
  }
  notices.push(...(await missedNotices(app, rows)))
  if (left.isShort) notices.push(roomNotice(left))
  return notices
}

/**
 * Somebody has compared the key with the office: it is trusted from now on, and what was kept back is sent again.
 * @param {import("../main.js").Shell} app
 */
async function trust(app, key, digits) {
  if (
    !(await ask({
      title: word("stranger.title"),
      words: word("stranger.words", { key: digits }),
      yes: word("stranger.yes"),
    }))
  )
    return
  await app.store.set("receipt_keys", [...((await app.store.get("receipt_keys")) ?? []), key])
  await app.store.forgiveRefusals()
  await app.sync.now()
}
