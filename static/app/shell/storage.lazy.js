// How much this phone may still keep. Work stops before the disk does it: an interview that is open can always be
// finished.
//
// A browser's own estimate is not to be relied on: Chromium says "10 GiB more" to everybody, on a full phone too. So
// two pieces of nothing lie on the disk, in Cache Storage, where they go at once. A photo that finds no room gets the
// first: from then on it is said that room is short. An answer or a receipt that finds none gets the second as well:
// from then on nothing new is begun. Both are put back when there is room again.

const RESERVE = 8e6 // bytes: the answers and entries of twenty open interviews, several times over
const EARLY = 16e6 // fifty photos
const PARTS = { reserve: RESERVE, early: EARLY }
const SMALL = 1e5 // a signature, the log of an interview: these belong to finishing

const open = () => caches.open("reserve")

/** Which of the two lie on the disk, put there if they can be: {reserve, early}. */
function hold() {
  return navigator.locks.request("so-ho-reserve", async () => {
    const cache = await open()
    const put = (name) => cache.put(`/${name}`, new Response(new Blob([new Uint8Array(PARTS[name])])))
    const held = {}
    for (const name of Object.keys(PARTS)) {
      held[name] =
        Boolean(await cache.match(`/${name}`)) ||
        (await put(name).then(
          () => true,
          (error) => error.name !== "QuotaExceededError",
        ))
    }
    return held
  })
}

const release = async (name) => (await open()).delete(`/${name}`)

/** Something that must not be lost found no room. → whether there is more now. */
export const relieve = async () => (await release("early")) || release("reserve")

/**
 * {usage, quota} in bytes by the browser's word; whether room `isShort`, and whether nothing new may be begun:
 * `isFull`.
 */
export async function room() {
  const [{ usage = 0, quota = 0 } = {}, held] = await Promise.all([navigator.storage?.estimate?.(), hold()])
  const left = quota ? quota - usage : Infinity
  return {
    usage,
    quota,
    isShort: !held.early || left < EARLY,
    isFull: !held.reserve || left < Math.min(RESERVE, quota / 4),
  }
}

/**
 * Runs `work`, which puts a file of `size` bytes down, unless the phone is too full for it: then QuotaExceededError.
 */
export async function within(size, work) {
  const isSmall = size <= SMALL
  if (!isSmall && (await room()).isFull) throw new DOMException("", "QuotaExceededError")
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (error?.name !== "QuotaExceededError" || !(await (isSmall ? relieve() : release("early")))) throw error
    }
  }
}

/** Was the app opened from the home screen? */
export const isInstalled = () => matchMedia("(display-mode: standalone)").matches

/**
 * Asks the browser to keep everything even on a full phone; its answer stands in `device` as persist {agreed,
 * installed, at}. Asked once, once more from the home screen (browsers agree more readily then), and `again` on a tap.
 * → agreed?
 */
export async function persist(device, again = false) {
  if (!navigator.storage?.persist) return false
  const asked = await device.get("persist")
  const installed = isInstalled()
  if (asked && !again && (asked.agreed || asked.installed || !installed)) return asked.agreed
  const agreed = await navigator.storage.persist()
  await device.set("persist", { agreed, installed, at: new Date().toISOString() })
  return agreed
}

/** What push tells of it. */
export async function described(device) {
  const { usage: used, quota, isShort: short } = await room()
  const persisted = (await navigator.storage?.persisted?.()) ?? false
  return { used, quota, short, persisted, asked: Boolean(await device.get("persist")), installed: isInstalled() }
}
