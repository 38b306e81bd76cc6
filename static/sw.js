// The service worker, served as /sw.js with two lines in front: `const VERSION = "…"` and `const FILES = […]`.
// It keeps the files of this one release and nothing else: all of them or none. It never takes over by itself: a new
// release waits until the page, with no interview open and somebody's tap, sends "update". It never touches a request
// that writes, /api/, /login or /desk/.

const CACHE = `so-ho-${VERSION}`

async function keepEveryFile() {
  const isNew = !(await caches.has(CACHE))
  const cache = await caches.open(CACHE)
  try {
    // Past the browser's own cache: a stale module among new ones would break the shell.
    await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload", credentials: "omit" })))
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
  if (request.method !== "GET" || url.origin !== self.location.origin || !FILES.includes(url.pathname)) return
  event.respondWith(fromRelease(url.pathname, request))
})

self.addEventListener("message", (event) => {
  if (event.data === "update") self.skipWaiting()
})
