// What the phone does with an answer of the server: docs/sync.md as pure decisions, so that a test can hold each row.

const LONGEST_WAIT = 3600 // seconds: a server that asks for more, or a proxy gone mad, is asked again all the same

/** Seconds that a server asks for (Retry-After, RFC 9110 §10.2.3); null for a date: the phone's clock may be wrong. */
const asked = (retryAfter) => (Number(retryAfter) > 0 ? Math.min(Number(retryAfter), LONGEST_WAIT) : null)

const wait = (why, seconds = null) => ({ act: "wait", seconds, why })

/**
 * `answer` is null or {why} (no answer: offline, unreachable, slow), or {status, ours, body, retryAfter}. Returns {act, …}:
 * done · sign_in · fresh_token · halve (too much, or one of several is malformed) · refused {problem}: keep and show ·
 * wait {seconds|null, why}: keep everything and try again later (null: by the growing pauses of `pause`). `why` is a
 * cause of later/causes.js.
 */
export function verdict(answer, { batch = 1, repeated = false } = {}) {
  if (!answer?.status) return wait(answer?.why ?? "unreachable")
  const { status, body, retryAfter } = answer
  if (!answer.ours) return wait(status >= 500 ? "server_down" : "portal") // a proxy's word, or somebody in between
  if (status >= 200 && status < 300) return { act: "done" }
  const problem = body?.problem ?? { code: `http_${status}`, title: "", next: "" }
  if (status === 401) return { act: "sign_in", problem }
  if (status === 403 && problem.code === "csrf") {
    return repeated ? wait("server_down") : { act: "fresh_token" }
  }
  if (status === 429 || status === 503) return wait("busy", asked(retryAfter))
  if (status === 507) return wait("server_full", asked(retryAfter))
  if (status >= 500 || status === 408) return wait("server_down", asked(retryAfter))
  // One entry that the server cannot read must not hold up its neighbours: halving finds it.
  if ((status === 413 || status === 400) && batch > 1) return { act: "halve" }
  return { act: "refused", problem }
}

/** Seconds before try number `tries` (1, 2, …): doubling from 5 s to 10 minutes, with jitter so phones do not march in step. */
export function pause(tries, random = Math.random) {
  const longest = Math.min(600, 5 * 2 ** (tries - 1))
  return longest * (0.5 + random() / 2)
}

const MOST_ENTRIES = 50
const MOST_BYTES = 3.5 * 1024 * 1024 // below the server's 4 MiB, leaving room for the envelope

/** Entries [{entry, bytes}] in order → lists that fit one call each; one that is too big alone goes alone. */
export function batches(entries) {
  const made = []
  let size = Infinity
  for (const one of entries) {
    if (size + one.bytes > MOST_BYTES || made.at(-1).length >= MOST_ENTRIES) {
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
  return ["stored", "held"].includes(result?.outcome) && Array.isArray(result.missing_files) && result.missing_files.every(isNamed)
}
