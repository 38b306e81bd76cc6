// What the phone does with an answer of the server: docs/sync.md as pure decisions, so that a test can hold each row.

const LONGEST_WAIT = 3600 // seconds: a server that asks for more, or a proxy gone mad, is asked again all the same

/** Seconds that a server asks for (Retry-After, RFC 9110 §10.2.3); null for a date: the phone's clock may be wrong. */
const asked = (retryAfter) => (Number(retryAfter) > 0 ? Math.min(Number(retryAfter), LONGEST_WAIT) : null)

/** @type {(why: string, seconds?: number | null) => Verdict} */
const wait = (why, seconds = null) => ({ act: "wait", seconds, why })

/**
 * `answer` is null or {why} (no answer: offline, unreachable, slow), or {status, ours, body, retryAfter}. Returns {act,
 * …}: done · sign_in · fresh_token · halve (too much, or one of several is malformed) · refused {problem}: keep and
 * show · wait {seconds|null, why}: keep everything and try again later (null: by the growing pauses of `pause`). `why`
 * is a cause of causes.lazy.js.
 * @param {Answered | null} answer
 * @returns {Verdict}
 */
export function verdict(answer, { batch = 1, repeated = false } = {}) {
  if (!answer?.status) return wait(answer?.why ?? "unreachable")
  const { status, body, retryAfter } = answer
  // One entry that the server, or somebody in between, cannot take must not hold up its neighbours: halving finds it.
  if (batch > 1 && (isOfContent(answer) || mayBeAlone(answer))) return { act: "halve" }
  // A proxy's word, or somebody in between.
  if (!answer.ours && status !== 413) return wait(status >= 500 ? "server_down" : "portal")
  if (status >= 200 && status < 300) return { act: "done" }
  const problem = body?.problem ?? { code: status === 413 ? "too_large" : `http_${status}`, title: "", next: "" }
  if (status === 401) return { act: "sign_in", problem }
  if (status === 403 && problem.code === "csrf") {
    return repeated ? wait("server_down") : { act: "fresh_token" }
  }
  if (status === 429 || status === 503) return wait("busy", asked(retryAfter))
  if (status === 507) return wait("server_full", asked(retryAfter))
  if (status >= 500 || status === 408) return wait("server_down", asked(retryAfter))
  return { act: "refused", problem }
}

/**
 * May the fault lie in what was sent, so that something else goes all the same? A server out of order, or a proxy that
 * minds some words.
 * @param {Answered | Verdict} answer
 */
export const mayBeAlone = ({ status, ours }) =>
  status === 500 || status === 423 || (!ours && status >= 400 && status < 500 && ![401, 407, 408, 429].includes(status))

/**
 * Is it this entry that is refused, whatever goes beside it, and not this phone or its account?
 * @param {Answered | Verdict} answer
 */
export const isOfContent = ({ status }) => [400, 413, 415, 422].includes(status)

/**
 * Did the line break, and may be there again at once?
 * @param {string | undefined} why
 */
export const isBroken = (why) => why === "unreachable" || why === "slow"

/**
 * Seconds before try number `tries` (1, 2, …): doubling from 5 s to 10 minutes, with jitter so phones do not march in
 * step.
 */
export function pause(tries, random = Math.random) {
  const longest = Math.min(600, 5 * 2 ** (tries - 1))
  return longest * (0.5 + random() / 2)
}

/**
 * A greeting as it lies in plain: what lets somebody write, or vouch for what is carried by hand, is not in it.
 * @param {any} greeting
 */
export const plainOf = ({ csrf: _, proof: __, bundle_pass: ___, ...greeting }) => greeting

export const MOST_ENTRIES = 50
const MOST_BYTES = 3.5 * 1024 * 1024 // below the server's 4 MiB, leaving room for the envelope

/**
 * Entries [{entry, bytes}] in order → lists that fit one call each, of so many `bytes` and entries; one that is too big
 * alone goes alone.
 */
export function batches(entries, bytes = MOST_BYTES, most = MOST_ENTRIES) {
  const made = []
  let size = Infinity
  for (const one of entries) {
    if (size + one.bytes > bytes || made.at(-1).length >= most) {
      made.push([])
      size = 0
    }
    made.at(-1).push(one)
    size += one.bytes
  }
  return made
}

/**
 * Does a receipt speak of what we sent? `expected` is {entry_id, content_hash} or {sha256}. A receipt for other content
 * is no receipt: the entry stays unsent.
 */
export function speaksOf(receipt, expected) {
  let body
  try {
    body = JSON.parse(receipt.body)
  } catch {
    return false
  }
  return Object.entries(expected).every(([key, value]) => body[key] === value)
}

/** Is it all that push says of an entry that names these files? What is not signed must at least make sense. */
export function isResult(result, files) {
  const isNamed = (hash) => files.some((file) => file.sha256 === hash)
  return (
    ["stored", "held"].includes(result?.outcome) &&
    Array.isArray(result.missing_files) &&
    result.missing_files.every(isNamed)
  )
}
