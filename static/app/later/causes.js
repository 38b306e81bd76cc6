// Why something is not at the server yet: every cause that the phone tells apart, in one table. Its sentence and its next
// step are the words `cause.<code>` (those of a talk that stopped stand in words.html, the others in queue_parts.html).

/** Who can do something about it: "itself" (the phone tries again), "you" (whoever holds the phone), "office". */
export const CAUSES = {
  // Nothing goes through
  offline: "itself",
  unreachable: "itself",
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
  waiting: "itself",
  sending: "itself",
  wifi: "you",
  too_large: "office",
  malformed: "office",
  forbidden: "office",
  not_found: "office",
  media_type: "office",
  hash_mismatch: "itself",
  bad_receipt: "office",
  file_damaged: "office",
  file_missing: "office",
}

/** The code of a talk that stopped early ({act, why, problem}); null when it did not. */
export function causeOfStop(stopped) {
  if (!stopped) return null
  const code = stopped.why ?? stopped.problem?.code ?? stopped.act
  return stopped.act === "sign_in" || stopped.act === "other_account" ? stopped.act : code
}

/** Why a record that is finished has not arrived: its own refusal first, then what stopped the talk. */
export function causeOfEntry(item, { stopped = null, busy = false } = {}) {
  return item.problem?.code ?? (busy ? "sending" : (causeOfStop(stopped) ?? "waiting"))
}

/** Why a file of `store.filesWaiting()` has not arrived. `isHeld`: originals wait for Wi-Fi. */
export function causeOfFile(file, { stopped = null, busy = false, isHeld = false } = {}) {
  if (!file.isHere) return "file_missing"
  return file.problem?.code ?? (busy ? "sending" : isHeld ? "wifi" : (causeOfStop(stopped) ?? "waiting"))
}
