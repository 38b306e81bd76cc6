// The service worker, served as /sw.js with three lines in front: `const VERSION = "…"`, `const FILES = {address:
// hash}` and `const REST = hash` of /rest.json, which lists in the same way what only some questionnaires need and what
// comes after the first sync: it keeps those when the page says so, and a new release keeps what the one before had.
// Each release has a cache of its own, with all of its FILES or it is not there. The modules among them come as one,
// /modules.json, and are kept each under its own address.
//
// Nothing is kept but the very bytes that the server said it serves: an answer that was led elsewhere, is of another
// type or has another SHA-256 (a captive portal's page, one of maintenance) is no file of ours, and is asked for again.
//
// It never takes over by itself: a new release waits until the page, with no interview open and somebody's tap, sends
// "update". The release before stays until a page of the new one says "started"; when pages of the new one say "failed"
// twice, or somebody taps, it is served again. It never touches a request that writes, /api/, /login or /desk/.

const CACHE = `so-ho-${VERSION}`
const NOTES = "releases" // a cache with one answer: {serving, before, failed}, two caches' names and a count
const LIST = "/rest.json"
const MODULES = "/modules.json"
const PATIENCE = 60000 // milliseconds without anything of a release coming in
const TYPES = {
  js: "text/javascript",
  css: "text/css",
  svg: "image/svg+xml",
  png: "image/png",
  webmanifest: "application/manifest+json",
  json: "application/json",
}

const OURS = /^\/(static\/(app|plain)\/|static\/kinds\.|language\/)|\.html$/ // whether this release has it or not
const LATER = /\.(lazy|rare)\.js$|\/(later|kinds)\// // a script without which a release starts; as 0.1 called it, too

const typeOf = (address) => TYPES[address.split(".").pop()] ?? "text/html"
const isOfType = (response, type) => (response.headers.get("Content-Type") ?? "").startsWith(type)
const releases = async () => (await caches.keys()).filter((name) => name.startsWith("so-ho-"))

// Keeping

/** What comes of an answer's body, as bytes; `moved()` with each piece. */
async function bytesOf(answer, moved) {
  const reader = answer.body.getReader()
  const pieces = []
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return new Blob(pieces).arrayBuffer()
    pieces.push(value)
    moved()
  }
}

const hashOf = async (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))))

/** The bytes that this release is made of at that address. Rejects for any others. */
async function fetched(address, hash, signal, moved, from = "no-cache") {
  const how = { cache: from, credentials: "omit", mode: "same-origin", redirect: "error", signal }
  const answer = await fetch(address, /** @type {RequestInit} */ (how))
  const isMeant = answer.ok && !answer.redirected && isOfType(answer, typeOf(address))
  const bytes = isMeant && (await bytesOf(answer, moved))
  if (bytes && (await hashOf(bytes)) === hash) return { bytes, headers: answer.headers }
  // What the page has just fetched is only asked about, and not sent twice. Where the browser has other bytes than it
  // was told it has, past its own cache: a stale file among new ones would break the shell.
  if (from === "no-cache") return fetched(address, hash, signal, moved, "reload")
  throw new TypeError(`not ours: ${address}`)
}

/** [[address, answer to keep], …] of what came under an address: the file, or every module of the shell. */
function unpacked(address, { bytes, headers }) {
  const kept = new Headers(headers)
  kept.delete("Content-Encoding") // these are the bytes that it stood for
  kept.delete("Content-Length")
  if (address !== MODULES) return [[address, new Response(bytes, { headers: kept })]]
  kept.set("Content-Type", TYPES.js)
  const modules = Object.entries(JSON.parse(new TextDecoder().decode(bytes)))
  return modules.map(([one, script]) => [one, new Response(script, { headers: kept })])
}

/**
 * Keeps all of {address: hash} or none. Gives up when nothing has come for a while: a stalled line must not hold up the
 * next try, and a slow one may take its time.
 */
async function keep(files) {
  const controller = new AbortController()
  let timer
  const moved = () => {
    clearTimeout(timer)
    timer = setTimeout(() => controller.abort(), PATIENCE)
  }
  moved()
  try {
    const bring = async ([address, hash]) => unpacked(address, await fetched(address, hash, controller.signal, moved))
    const all = (await Promise.all(Object.entries(files).map(bring))).flat()
    const cache = await caches.open(CACHE)
    for (const [address, answer] of all.reverse()) await cache.put(address, answer) // the page itself last: see isWhole
  } finally {
    clearTimeout(timer)
    controller.abort()
  }
}

const picked = (files, isWanted) => Object.fromEntries(Object.entries(files).filter(([address]) => isWanted(address)))

/** @type {Promise<{ [address: string]: string }> | null} */
let rest = null

/** What /rest.json lists: it is asked for when somebody first wants something of it. */
const listed = () =>
  (rest ??= readList().catch((error) => {
    rest = null
    throw error
  }))

async function readList() {
  const found = () => caches.match(LIST, { cacheName: CACHE })
  if (!(await found())) await keep({ [LIST]: REST })
  return /** @type {Response} */ (await found()).json()
}

const pathsIn = async (name) => (await (await caches.open(name)).keys()).map((request) => new URL(request.url).pathname)
const isWhole = (name) => caches.match("/", { cacheName: name }).then(Boolean)

/** The other releases that can be served, the oldest first: it is the one that is, where no notes say so. */
async function others() {
  const names = (await releases()).filter((name) => name !== CACHE)
  const found = await Promise.all(names.map(isWhole))
  return names.filter((_, place) => found[place])
}

async function install() {
  const isNew = !(await caches.has(CACHE))
  const kept = (await Promise.all((await releases()).map(pathsIn))).flat()
  // Where a release was before, the way to the interviews is kept at once: this one might not start.
  // Before 0.2 these files had other names: whoever has some of them gets all.
  const isFormer = kept.some((path) => /\/(kinds|later)\//.test(path))
  const isWanted = (address) => isFormer || kept.includes(address) || address.includes("plain")
  try {
    await keep({ ...FILES, ...(kept.length ? picked(await listed(), isWanted) : {}) })
  } catch (error) {
    if (isNew) await caches.delete(CACHE)
    throw error // the install fails; the release before stays whole and is served on
  }
  const [first] = await others()
  const { serving = first } = await noted()
  for (const name of await others()) {
    if ((await dropSpoilt(name)) && name === serving) self.skipWaiting() // no page of it can ever ask for this one
  }
}

/**
 * Former workers kept whatever was answered. A page in the place of a file goes, so that it is fetched anew; a release
 * that cannot start because of it goes as a whole. → did it?
 */
async function dropSpoilt(name) {
  const cache = await caches.open(name)
  for (const path of await pathsIn(name)) {
    const answer = await cache.match(path)
    const type = typeOf(path)
    const isSpoilt =
      path === "/"
        ? !(await /** @type {Response} */ (answer).text()).includes("/static/app/")
        : type !== "text/html" && isOfType(answer, "text/html")
    if (isSpoilt && (path === "/" || (type === TYPES.js && !LATER.test(path)))) return caches.delete(name)
    if (isSpoilt) await cache.delete(path)
  }
  return false
}

async function keepAsked(wanted) {
  const { serving = CACHE } = await noted()
  const kept = await pathsIn(serving)
  const missing = wanted.filter((address) => !kept.includes(address))
  if (!missing.length) return
  if (serving !== CACHE) throw new TypeError("of another release")
  await keep(picked(await listed(), (address) => missing.includes(address)))
}

// Which release is served

/** @type {Promise<any> | null} */
let notes = null

const noted = () =>
  (notes ??= caches
    .match("/releases", { cacheName: NOTES })
    .then((kept) => /** @type {Response} */ (kept).json())
    .catch(() => ({})))

async function note(said) {
  notes = Promise.resolve(said)
  await (await caches.open(NOTES)).put("/releases", new Response(JSON.stringify(said)))
}

async function activate() {
  notes = null // what the worker before wrote last
  const names = await others()
  const { serving } = await noted()
  const before = names.includes(serving) ? serving : names[0]
  await note({ serving: CACHE, before, failed: 0 })
  await Promise.all(
    (await releases()).filter((name) => name !== CACHE && name !== before).map((name) => caches.delete(name)),
  )
  await self.clients.claim()
}

async function started() {
  const { serving, before } = await noted()
  if (serving !== CACHE || !before) return
  await note({ serving })
  await caches.delete(before)
}

/** The page that stands could not start. The second time, and when somebody `asks`, the release before is served. */
async function failed(asks) {
  const { serving, before, failed: times } = await noted()
  if (serving !== CACHE || !before) return
  await note(asks || times ? { serving: before } : { serving, before, failed: 1 })
}

/** The release that did not start is tried again. */
async function forward() {
  const { serving } = await noted()
  if (serving !== CACHE) await note({ serving: CACHE, before: serving, failed: 0 })
}

async function fromRelease(address, request) {
  const { serving = CACHE } = await noted()
  const kept =
    (await caches.match(address, { cacheName: serving })) ?? (await caches.match(address, { cacheName: CACHE }))
  return kept ?? fetch(request)
}

const settled = (work) =>
  work.then(
    () => true,
    () => false,
  )

const HEARD = {
  update: () => self.skipWaiting(),
  claim: () => self.clients.claim(),
  started,
  failed: () => failed(false),
  back: () => failed(true),
  forward,
  release: async () => ({ serving: CACHE, newest: CACHE, ...(await noted()) }),
}

self.addEventListener("install", (event) => event.waitUntil(install()))

self.addEventListener("activate", (event) => event.waitUntil(activate()))

self.addEventListener("fetch", (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  // The release before may have files that this one has not.
  if (request.method !== "GET" || origin !== self.location.origin || !(pathname in FILES || OURS.test(pathname))) return
  event.respondWith(fromRelease(pathname, request))
})

// What is to be sent is sealed while nobody has opened it: the worker sends nothing, it wakes the pages that stand.
self.addEventListener("sync", (event) => {
  event.waitUntil(self.clients.matchAll().then((pages) => pages.forEach((page) => page.postMessage("send"))))
})

self.addEventListener("message", (event) => {
  const {
    data,
    ports: [port],
  } = event
  const work = data?.keep ? settled(keepAsked(data.keep)) : HEARD[data]?.()
  if (work) event.waitUntil(Promise.resolve(work).then((told) => port?.postMessage(told)))
})
