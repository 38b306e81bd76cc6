// The service worker, served as /sw.js with three lines in front: `const VERSION = "…"`, `const FILES = […]` and
// `const KINDS = […]`, files that only some questionnaires need: it keeps those when the page says so, and a new release
// keeps what the one before had. It keeps the files of this one release and nothing else: all of them or none. It never takes over by itself: a new
// release waits until the page, with no interview open and somebody's tap, sends "update". It never touches a request
// that writes, /api/, /login or /desk/.

const CACHE = `so-ho-${VERSION}`

// Past the browser's own cache: a stale module among new ones would break the shell.
const fresh = (file) => new Request(file, { cache: "reload", credentials: "omit" })

async function keptKinds() {
  const names = (await caches.keys()).filter((name) => name.startsWith("so-ho-"))
  const found = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()))
  const kept = new Set(found.flat().map((request) => new URL(request.url).pathname))
  return KINDS.filter((file) => kept.has(file))
}

async function keepKinds(wanted) {
  const cache = await caches.open(CACHE)
  const kept = new Set((await cache.keys()).map((request) => new URL(request.url).pathname))
  await cache.addAll(KINDS.filter((file) => wanted.includes(file) && !kept.has(file)).map(fresh))
}

async function keepEveryFile() {
  const isNew = !(await caches.has(CACHE))
  const cache = await caches.open(CACHE)
  try {
    await cache.addAll([...FILES, ...(await keptKinds())].map(fresh))
  } catch (error) {
    if (isNew) await caches.delete(CACHE)
    throw error // the install fails; the release before stays whole and is served on
  }
}

async function dropOtherReleases() {
  const names = await caches.keys()
  await Promise.all(names.filter((name) => name.startsWith("so-ho-") && name !== CACHE).map((name) => caches.delete(name)))
  await self.clients.claim()
}

async function fromRelease(address, request) {
  const cache = await caches.open(CACHE)
  return (await cache.match(address)) ?? fetch(request)
}

self.addEventListener("install", (event) => event.waitUntil(keepEveryFile()))

self.addEventListener("activate", (event) => event.waitUntil(dropOtherReleases()))

self.addEventListener("fetch", (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== "GET" || url.origin !== self.location.origin || ![...FILES, ...KINDS].includes(url.pathname)) return
  event.respondWith(fromRelease(url.pathname, request))
})

// What is to be sent is sealed while nobody has opened it: the worker sends nothing, it wakes the pages that stand.
self.addEventListener("sync", (event) => {
  event.waitUntil(self.clients.matchAll().then((pages) => pages.forEach((page) => page.postMessage("send"))))
})

self.addEventListener("message", (event) => {
  if (event.data === "update") self.skipWaiting()
  if (event.data === "claim") event.waitUntil(self.clients.claim())
  if (!event.data?.keep) return
  const [port] = event.ports
  const done = keepKinds(event.data.keep).then(() => true, () => false)
  event.waitUntil(done.then((isKept) => port.postMessage(isKept)))
})
