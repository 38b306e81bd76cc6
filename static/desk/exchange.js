// Codes at the desk: those of a phone are read by the camera into the form's lines, those of the receipts are shown one
// after another. Without this file the lines can be typed and all codes stand below each other.

import { BUNDLE, Gathering } from "../app/carry/frames.lazy.js"

const PAUSE = 150 // milliseconds between two looks
const SHOWN = 700 // milliseconds that one code stays

const WHOLE = 8 * 1024 * 1024 // bytes that go with the form; what is larger goes before it, in parts as large

const MOST = 4 // files in parts at a time, as survey/files/bundle_parts.py keeps

const filled = (words, values) => words.replace(/\{(\w+)\}/g, (_, name) => values[name])

const place = /** @type {HTMLElement} */ (document.querySelector("[data-scan]"))
const status = /** @type {HTMLElement} */ (place.querySelector("[data-part=scanned]"))
const video = /** @type {HTMLVideoElement} */ (place.querySelector("video"))
const lines = /** @type {HTMLTextAreaElement} */ (place.querySelector("textarea"))
const [start, stop] = ["scan", "stop"].map(
  (name) => /** @type {HTMLElement} */ (place.querySelector(`[data-action=${name}]`)),
)
/** @type {MediaStream | null} */
let stream = null

function end() {
  for (const track of stream?.getTracks() ?? []) track.stop()
  stream = null
  video.hidden = stop.hidden = true
  start.hidden = false
}

async function look(detector, gathered) {
  for (const { rawValue } of await detector.detect(video).catch(() => [])) {
    if (gathered.add(rawValue) !== "new") continue
    lines.value = [...lines.value.split("\n").filter(Boolean), rawValue].join("\n")
    status.textContent = filled(status.dataset.got, gathered.progress)
  }
  if (gathered.missing.length || !gathered.total) return
  status.textContent = status.dataset.whole ?? ""
  end()
}

async function scan() {
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1920 } } })
  } catch {
    status.textContent = status.dataset.denied ?? ""
    return
  }
  video.srcObject = stream
  video.hidden = stop.hidden = false
  start.hidden = true
  video.play().catch(() => {}) // until it plays no code is found
  const [detector, gathered] = [new BarcodeDetector({ formats: ["qr_code"] }), new Gathering(BUNDLE)]
  for (const line of lines.value.split("\n")) gathered.add(line)
  while (stream) {
    await look(detector, gathered)
    await new Promise((resolve) => setTimeout(resolve, PAUSE))
  }
}

if ("BarcodeDetector" in window && /** @type {any} */ (navigator.mediaDevices)?.getUserMedia) {
  start.hidden = false
  start.addEventListener("click", scan)
  stop.addEventListener("click", end)
} else status.textContent = status.dataset.none ?? ""

for (const details of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("[data-codes]"))) {
  const codes = [...details.querySelectorAll("img")]
  const words = /** @type {HTMLElement} */ (details.querySelector("[data-part=place]"))
  let at = -1
  const next = () => {
    at = (at + 1) % codes.length
    codes.forEach((code, index) => (code.hidden = index !== at))
    words.textContent = filled(words.dataset.words, { index: at + 1, total: codes.length })
  }
  next()
  setInterval(() => details.open && next(), SHOWN)
}

// Files that are larger than a request may be: each is brought in parts (tus 1.0), and the form names them.
const form = /** @type {HTMLFormElement} */ (place.closest("form"))
const chosen = /** @type {HTMLInputElement} */ (form.querySelector("input[type=file]"))
const told = /** @type {HTMLElement} */ (form.querySelector("[data-part=brought]"))

async function sent(address, options, headers) {
  const token = /** @type {HTMLInputElement} */ (form.elements.namedItem("csrf_token")).value
  const answer = await fetch(address, { ...options, headers: { ...headers, "X-CSRF-Token": token } })
  if (!answer.ok) throw new Error(String(answer.status))
  return answer.headers
}

/** @param {File} file */
async function bring(file) {
  const made = await sent("/exchange/parts", { method: "POST" }, { "Upload-Length": String(file.size) })
  const address = /** @type {string} */ (made.get("Location"))
  for (let at = 0; at < file.size; ) {
    const [done, total] = [at, file.size].map((bytes) => Math.ceil(bytes / 2 ** 20))
    told.textContent = filled(told.dataset.words, { done, total, name: file.name })
    const head = await sent(
      address,
      { method: "PATCH", body: file.slice(at, at + WHOLE) },
      { "Upload-Offset": String(at), "Content-Type": "application/offset+octet-stream" },
    )
    at = Number(head.get("Upload-Offset"))
  }
  return `${address.slice(address.lastIndexOf("/") + 1)} ${file.name}`
}

form.addEventListener("submit", async (event) => {
  const files = [...(chosen.files ?? [])]
  if (files.reduce((sum, file) => sum + file.size, 0) <= WHOLE) return
  event.preventDefault()
  if (files.length > MOST) {
    told.textContent = told.dataset.many ?? ""
    return
  }
  try {
    const lines = []
    for (const file of files) lines.push(await bring(file))
    const parts = /** @type {HTMLInputElement} */ (form.elements.namedItem("parts"))
    parts.value = lines.join("\n")
    chosen.value = ""
    form.submit()
  } catch {
    told.textContent = told.dataset.broken ?? ""
  }
})
