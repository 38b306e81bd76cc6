// Codes at the desk: those of a phone are read by the camera into the form's lines, those of the receipts are shown one
// after another. Without this file the lines can be typed and all codes stand below each other.

import { BUNDLE, Gathering } from "../app/carry/frames.lazy.js"

const PAUSE = 150 // milliseconds between two looks
const SHOWN = 700 // milliseconds that one code stays

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
