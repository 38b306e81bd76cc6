// Why something is not at the server yet: every cause that the phone tells apart, in one table. Its sentence and its
// next step are the words `cause.<code>` (those of a talk that stopped stand in parts/words.html, the others in
// screens/queue.lazy.html).

import { isStuck } from "../store/store.js"

/**
 * Who can do something about it: "itself" (the phone tries again), "you" (whoever holds the phone), "office"; "lost":
 * to send it again cannot help.
 */
export const CAUSES = {
  // Nothing goes through
  offline: "itself",
  unreachable: "itself",
  clock: "you",
  slow: "itself",
  portal: "you",
  busy: "itself",
  server_down: "itself",
  server_full: "office",
  sign_in: "you",
  other_account: "you",
  phone_full: "you",
  app: "you",
  // One record or one file
  too_large: "office",
  malformed: "office",
  forbidden: "office",
  not_found: "office",
  media_type: "office",
  hash_mismatch: "itself",
  bad_receipt: "office",
  damaged: "lost",
  file_damaged: "lost",
  file_missing: "lost",
}

/**
 * What kept entries or files from going, of a talk that stopped early ({act, why, problem, parts}); null when something
 * else did.
 */
export const stopOfSending = (stopped) =>
  (stopped?.parts ?? [stopped]).find((one) => one && [undefined, "entries", "files"].includes(one.part)) ?? null

/** The code of that; null when there is none. */
export function causeOfStop(stopped) {
  const one = stopOfSending(stopped)
  if (!one) return null
  return ["sign_in", "other_account"].includes(one.act) ? one.act : (one.why ?? one.problem?.code ?? one.act)
}

const problemOf = (file) => (file.isHere ? file.problem : { code: "file_missing" })

/** What stands in the way of one record and its `files` (of `store.filesWaiting()`) alone: {code, …}, each once. */
export function problemsOf(item, files) {
  const found = item.state === "received" ? files.map(problemOf) : [item.problem]
  return [...new Map(found.filter(Boolean).map((problem) => [problem.code, problem])).values()]
}

/** May what `problemsOf` found change by sending again? */
export const canMend = (problems) => problems.every(({ code }) => CAUSES[code] !== "lost")

/**
 * What all that waits waits for: "sending", why the talk stopped, "wifi", "waiting" (its turn), "stuck" (nothing of it
 * goes by itself) or "none". `entries` and `files` are those that are not at the server, `isHeld`: originals wait for
 * Wi-Fi.
 */
export function standingOf(entries, files, { stopped = null, busy = false, isHeld = false } = {}) {
  if (busy) return "sending"
  if (causeOfStop(stopped)) return causeOfStop(stopped)
  const going = files.filter((file) => !isStuck(file))
  if (entries.some((item) => item.state === "waiting" && !item.problem)) return "waiting"
  if (going.length) return isHeld ? "wifi" : "waiting"
  return entries.length ? "stuck" : "none"
}
