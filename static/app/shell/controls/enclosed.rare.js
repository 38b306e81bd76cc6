// What a label carries besides words: a picture (large on a tap), a sound, a film. The files belong to the form and lie
// on this phone since the last sync; one that is missing leaves the words, and says that something is missing.

import { action, part, stamp, word } from "../page.js"

const addresses = new Map() // of a file's hash: its bytes are on the disk, only the address is kept

/** An address for the form's file `name`, or null when this phone has it not. */
async function addressOf(interview, name) {
  const { sha256 } = interview.bundle.files?.[name] ?? {}
  if (!sha256) return null
  if (!addresses.has(sha256)) {
    const blob = await interview.formFile(name).catch(() => null)
    if (!blob) return null
    addresses.set(sha256, URL.createObjectURL(blob))
  }
  return addresses.get(sha256)
}

function enlarge(source, words) {
  const dialog = document.getElementById("dialog")
  const element = stamp("enlarged")
  Object.assign(element.querySelector("img"), { src: source, alt: words })
  dialog.replaceChildren(element)
  dialog.showModal()
}

function play(element) {
  const sound = element.querySelector("audio")
  const show = () => (part(element, "play").textContent = word(sound.paused ? "media.play" : "media.stop"))
  for (const event of ["play", "pause", "ended"]) sound.addEventListener(event, show)
  action(element, "play").addEventListener("click", () => {
    for (const other of document.querySelectorAll("audio, video")) if (other !== sound) other.pause()
    if (sound.paused) sound.play().catch(show)
    else {
      sound.pause()
      sound.currentTime = 0
    }
  })
  show()
}

async function fill(element, interview, name, large, words) {
  const source = await addressOf(interview, name)
  // Of a picture in an answer nothing is said: the answer's words are beside it.
  const missing = () =>
    element.replaceWith(
      ...(element.matches("img") && words ? [] : [stamp("media-missing", { words: words ? "" : name })]),
    )
  if (!source) return missing()
  const shown = element.matches("img") ? element : element.querySelector("img, audio, video")
  shown.addEventListener("error", missing, { once: true })
  shown.src = source
  if (shown.tagName === "IMG") shown.alt = words
  if (shown.tagName === "AUDIO") play(element)
  if (element.matches("button")) {
    element.addEventListener("click", async () =>
      enlarge((large && (await addressOf(interview, large))) || source, words),
    )
  }
}

/** Elements for {image, audio, video, "big-image"}; `words` say the same. A fixed picture does not open on a tap. */
export function enclosed(media, interview, words, { isFixed = false } = {}) {
  const large = media["big-image"]
  const kinds = isFixed
    ? { "media-picture": media.image }
    : { "media-image": media.image ?? large, "media-audio": media.audio, "media-video": media.video }
  return Object.entries(kinds).flatMap(([template, name]) => {
    if (!name) return []
    const element = stamp(template)
    const holder = document.createElement("div") // stays when a missing file's element goes
    holder.className = "enclosed"
    holder.append(element)
    fill(element, interview, name, large, words)
    return [holder]
  })
}
