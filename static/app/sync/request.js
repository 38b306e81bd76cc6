// A request to the server and what came of it (docs/sync.md): fetch is used in this file only. What is the network's
// fault is told apart from what our own code cannot do. It knows no store and no screen.

import { sha256 as hashOf } from "../canonical.js"
import { within } from "../deadline.js"
import { verdict } from "./reply.js"

const PATIENCE = 30_000 // milliseconds without a byte of an answer
const LASTS = 600_000 // milliseconds: the server takes it for a quarter of an hour

/**
 * What shows the server that the vault is open, and the token to write with; in memory only.
 * @type {{ access: string, csrf: string, since: number } | null}
 */
let shown = null

/** What an opened vault was given goes along with every request from now on. */
export const show = (access, csrf) => (shown = { access, csrf, since: performance.now() })

/** Is it time to show anew that the vault is open? A talk may be longer than what one time lasts. */
export const isStale = () => shown !== null && performance.now() - shown.since > LASTS

/** @returns {Record<string, string>} */
const carried = () => (shown ? { "X-So-Ho-Access": shown.access } : {})

/** The vault is locked: nothing shows it as open any more, and the server is told if it can be. */
export async function shut() {
  if (!shown) return
  const headers = { ...carried(), "X-CSRF-Token": shown.csrf }
  shown = null
  await call("/api/v1/vault/lock", { method: "POST", headers })
}

/**
 * Why a sync stopped early: {act: "sign_in"|"wait"|"refused"|"other_account", problem, seconds, why}; see reply.js.
 */
export class Stopped extends Error {
  /** @param {Verdict} verdict */
  constructor(verdict) {
    super(verdict.act)
    Object.assign(this, verdict)
  }
}

/** Fetch itself failed, or its answer broke off. Any other error is ours, and must never pass for a bad line. */
export class NoAnswer extends Error {}
/** @returns {never} */
const lost = (error) => {
  throw error?.name === "TimeoutError" ? error : new NoAnswer()
}
/** Of a call that may fail: null when it brought nothing. */
const nothing = (error) => {
  if (error instanceof NoAnswer || error?.name === "TimeoutError") return null
  throw error
}

/**
 * An answer with the whole of its body; `again()` is told with each piece that the line still moves. Throws NoAnswer.
 */
async function whole(response, again) {
  const reader = response.body?.getReader()
  const pieces = []
  for (let piece; reader && !(piece = await reader.read().catch(lost)).done; pieces.push(piece.value)) again()
  return reader ? new Response(new Blob(pieces)) : response
}

/** The same of JSON: what the line left of it is none. Throws NoAnswer. */
async function jsonOf(response, again) {
  const text = await (await whole(response, again)).text()
  try {
    return JSON.parse(text)
  } catch {
    return lost()
  }
}

/**
 * @param {string} address
 * @param {{ method?: string, body?: any, headers?: Record<string, string>, patience?: number }} how
 * @returns {Promise<Answered>}
 */
export async function call(address, { method = "GET", body, headers = {}, patience = PATIENCE } = {}) {
  // Our API never redirects; a captive portal does.
  /** @type {RequestInit} */
  const how = {
    method,
    body,
    headers: { ...carried(), ...headers },
    credentials: "same-origin",
    cache: "no-store",
    redirect: "manual",
  }
  try {
    return await within(patience, async (signal, again) => {
      const response = await fetch(address, { ...how, signal }).catch(lost)
      const ours = response.headers.get("X-So-Ho") === "1"
      const isJson = response.headers.get("Content-Type")?.startsWith("application/json")
      const isBare = method === "HEAD" || response.status === 201 || response.status === 204
      return {
        status: response.status || 302, // a redirect that is not followed shows no status
        ours: ours && (isBare || isJson),
        body: ours && isJson ? await jsonOf(response, again) : null,
        retryAfter: response.headers.get("Retry-After"),
        header: (name) => response.headers.get(name),
      }
    })
  } catch (error) {
    if (error?.name === "TimeoutError") return { why: "slow" }
    if (error instanceof NoAnswer) return { why: navigator.onLine === false ? "offline" : "unreachable" }
    throw error
  }
}

/**
 * Who is signed in on the server now, or throws Stopped. A phone that has not shown that it is open is told no name.
 * @returns {Promise<Hello>}
 */
export async function hello() {
  const answer = await call("/api/v1/hello")
  const judged = verdict(answer)
  if (judged.act !== "done") throw new Stopped(judged)
  return answer.body
}

/** The same where it must be somebody: who cannot show that the vault is open signs in anew. */
export async function who() {
  const greeting = await hello()
  if (!greeting.account) throw new Stopped({ act: "sign_in" })
  return greeting
}

/** A short question to the server, as JSON: its answer, or throws Stopped. */
export async function told(address, csrf, said) {
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf }
  const answer = await call(address, { method: "POST", headers, body: JSON.stringify(said) })
  const judged = verdict(answer)
  if (judged.act !== "done") throw new Stopped(judged)
  return answer.body
}

/**
 * A questionnaire's bundle as the server has it now, also a draft that was never published; null when it gives none.
 */
export async function preview(address) {
  const answer = await call(address)
  return answer.status === 200 ? answer.body : null
}

/** A questionnaire's picture or sound out of `folder`, when it is byte for byte the one meant; null otherwise. */
export async function formFile(folder, name, { sha256, type }) {
  const bytes = await within(PATIENCE, async (signal, again) => {
    const how = { headers: carried(), redirect: /** @type {const} */ ("error"), signal }
    const answer = await fetch(folder + encodeURIComponent(name), how).catch(lost)
    return answer.ok && (await whole(answer, again)).arrayBuffer()
  }).catch(nothing)
  return bytes && (await hashOf(bytes)) === sha256 ? new Blob([bytes], { type }) : null
}

/**
 * A page of templates that is not part of the shell, as HTML: as the worker keeps it, or from the server. Throws
 * NoAnswer.
 */
export async function templatesAt(address) {
  return within(PATIENCE, async (signal, again) => {
    const answer = await fetch(address, { redirect: "error", signal }).catch(lost)
    const page = answer.ok ? await (await whole(answer, again)).text() : ""
    return page.includes("<template") ? page : lost() // what stands in between answers with a page too
  })
}

/** Browsers say by a TypeError that a module has not come; one of ours speaks of something else. */
const isNotThere = (error) => error instanceof TypeError && /module/.test(error.message)

/** A part of the app that is not on every phone yet. Throws Stopped. */
export const brought = (load) =>
  within(PATIENCE, load).catch((error) => {
    const isSlow = error?.name === "TimeoutError"
    if (!isSlow && !isNotThere(error) && !(error instanceof NoAnswer)) throw error
    throw new Stopped({ act: "wait", seconds: null, why: isSlow ? "slow" : "unreachable" })
  })

/** The key of a ring as the office opens it: base64. `wrapped` and `vault` as vault.js gives them. Throws Stopped. */
export async function recover(wrapped, vault) {
  const { csrf } = await hello()
  return (await told("/api/v1/vault/recover", csrf, { wrapped, vault })).key
}

/** Ends the session on the server. false when there was no answer: it must be tried again. */
export async function signOut() {
  try {
    const greeting = await hello()
    const body = new URLSearchParams({ csrf_token: greeting.csrf })
    const response = await within(PATIENCE, (signal) =>
      fetch("/logout", { method: "POST", body, signal }).catch(lost),
    ).catch(nothing)
    return Boolean(response?.ok)
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
    return error.act === "sign_in"
  }
}
