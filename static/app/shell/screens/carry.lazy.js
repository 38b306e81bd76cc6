// «Gửi không cần mạng»: finished interviews leave as a sealed file or as codes on the screen, receipts come back
// likewise.

import { CannotCarry, bundleOf, codesOf, nameOf, takeReceipts, toCarry } from "../../carry/carry.lazy.js"
import { Gathering, RECEIPTS } from "../../carry/frames.lazy.js"
import { letters, qr } from "../../carry/qr.lazy.js"
import { uuidv7 } from "../../ids.js"
import { action, number, part, stamp, time, word } from "../page.js"
import { inTurn } from "../redraw.js"
import { learnt } from "../templates.lazy.js"

const VERSION = 15 // of a code: large enough for few codes, small enough for a cracked screen
const QUIET = 4 // modules of white around a code (ISO/IEC 18004 §5.3.8)
const SPEEDS = [1500, 700, 350] // milliseconds that one code stays: slow, usual, fast
const PAUSE = 150 // milliseconds between two looks of the camera
const LATER = 60_000 // milliseconds after which a saved file's address is let go

const say = (element, name, text) => (part(element, name).textContent = text)

/** Runs `work` behind a tap: its fault is said in words, and the button waits meanwhile. */
async function guarded(button, status, work) {
  button.disabled = true
  status.textContent = ""
  try {
    await work()
  } catch (error) {
    if (!(error instanceof CannotCarry)) throw error
    status.textContent = word(`carry.${error.code}`)
  } finally {
    button.disabled = false
  }
}

// A browser may refuse to hand on a kind of file that it does not know: then it is saved.
async function handOn(file) {
  if (!navigator.canShare?.({ files: [file] })) return "no"
  try {
    await navigator.share({ files: [file], title: file.name })
    return "shared"
  } catch (error) {
    return error.name === "AbortError" ? "given_up" : "no"
  }
}

function save(file) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: file.name })
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), LATER)
}

/** A code as one path of squares. */
function drawCode(svg, text) {
  const rows = qr(text, { version: VERSION })
  const side = rows.length + 2 * QUIET
  const squares = rows.flatMap((row, y) =>
    Array.from(row, (isDark, x) => (isDark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : "")),
  )
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`)
  part(svg, "squares").setAttribute("d", squares.join(""))
}

/** Shows codes one after another for ever, at the speed that is chosen. */
class Loop {
  constructor(element) {
    this.element = element
    this.svg = part(element, "code")
    this.at = 0
    this.timer = null
    this.lock = null
    action(element, "speed").addEventListener("change", () => this.#next(0))
    action(element, "step").addEventListener("click", () => this.#next(1))
    action(element, "halt").addEventListener("click", () => (this.timer ? this.stop() : this.#next(1)))
  }

  start(frames) {
    this.frames = frames
    this.at = 0
    this.element.hidden = false
    this.#next(0)
    this.svg.scrollIntoView({ block: "center" })
    // A screen that goes dark is read by nobody. Where the browser cannot promise it, a tap now and then will do.
    this.lock ??= navigator.wakeLock?.request("screen").catch(() => null)
  }

  async end() {
    this.stop()
    this.element.hidden = true
    await (await this.lock)?.release()
    this.lock = null
  }

  stop() {
    clearTimeout(this.timer)
    this.timer = null
    say(this.element, "halting", word("carry.go_on"))
  }

  #next(by) {
    clearTimeout(this.timer)
    this.at = (this.at + by) % this.frames.length
    const text = this.frames[this.at]
    drawCode(this.svg, text)
    say(this.element, "place", word("carry.frame", { index: number(this.at + 1), total: number(this.frames.length) }))
    say(this.element, "text", text)
    say(this.element, "halting", word("carry.halt"))
    this.timer = setTimeout(() => this.#next(1), SPEEDS[action(this.element, "speed").value])
  }
}

class Screen {
  /** @param {import("../main.js").Shell} app */
  constructor(app) {
    this.app = app
    this.element = stamp("carry", { title: word("carry.title") })
    this.loop = new Loop(part(this.element, "codes"))
    this.gathered = new Gathering(RECEIPTS)
    const on = (name, work) => {
      const button = action(this.element, name)
      const status = part(button.closest("section"), "status")
      button.addEventListener("click", () => guarded(button, status, () => work(status)))
    }
    on("carry-file", (status) => this.#giveFile(status))
    on("carry-codes", (status) => this.#giveCodes(status))
    on("take-lines", (status) => this.#takeLines(status))
    on("scan-receipts", (status) => this.#scan(status))
    const chosen = action(this.element, "take-file")
    chosen.addEventListener("change", () =>
      guarded(chosen, part(chosen.closest("section"), "status"), () => this.#takeFile(chosen)),
    )
    const canScan = "BarcodeDetector" in window && navigator.mediaDevices?.getUserMedia
    action(this.element, "scan-receipts").hidden = !canScan
    part(this.element, "no-camera").hidden = Boolean(canScan)
  }

  draw = inTurn(async () => {
    const items = await toCarry(this.app.store)
    const photos = new Set(items.flatMap((item) => item.missing)).size
    say(
      this.element,
      "count",
      items.length
        ? word("carry.count", { count: number(items.length), photos: number(photos) })
        : word("carry.nothing"),
    )
    for (const name of ["carry-file", "carry-codes"]) action(this.element, name).disabled = !items.length
    if (!items.length) {
      this.loop.end()
      say(this.element, "status", "")
    }
    const moments = items
      .map((item) => item.carried_at)
      .filter(Boolean)
      .sort()
    say(
      this.element,
      "carried",
      moments.length ? word("carry.carried", { count: number(moments.length), time: time(moments.at(-1)) }) : "",
    )
    return items
  })

  async #device() {
    return this.app.device.once("device_id", () => uuidv7())
  }

  async #mark(items, now) {
    await this.app.store.carried(
      items.map((item) => item.id),
      now.toISOString(),
    )
    this.app.changed()
  }

  async #giveFile(status) {
    const [items, device, now] = [await toCarry(this.app.store), await this.#device(), new Date()]
    status.textContent = word("carry.sealing")
    const blob = await bundleOf(this.app.store, items, device, now)
    const file = new File([blob], nameOf(device, now), { type: blob.type })
    const way = await handOn(file)
    status.textContent = ""
    if (way === "given_up") return
    if (way === "no") save(file)
    status.textContent = word(way === "no" ? "carry.saved" : "carry.shared", { name: file.name })
    await this.#mark(items, now)
  }

  async #giveCodes(status) {
    const [all, device, now] = [await toCarry(this.app.store), await this.#device(), new Date()]
    const { frames, items } = await codesOf(this.app.store, all, device, now, letters(VERSION))
    status.textContent = word("carry.shown", { count: number(items.length), all: number(all.length) })
    this.loop.start(frames)
    await this.#mark(items, now)
  }

  async #takeFile(input) {
    const [file] = input.files
    input.value = ""
    if (file) await this.#take(new Uint8Array(await file.arrayBuffer()))
  }

  async #takeLines(status) {
    const gathered = new Gathering(RECEIPTS)
    const lines = this.element
      .querySelector("textarea")
      .value.split("\n")
      .filter((line) => line.trim())
    const isBad = lines.map((line) => gathered.add(line)).includes("bad")
    if (isBad || !gathered.total) throw new CannotCarry("bad_lines")
    if (gathered.missing.length)
      status.textContent = word("carry.missing", {
        missing: gathered.missing.map(number).join(", "),
        total: number(gathered.total),
      })
    else await this.#take(await this.#whole(gathered))
  }

  async #whole(gathered) {
    const bytes = await gathered.bytes()
    if (!bytes) throw new CannotCarry("not_receipts")
    return bytes
  }

  async #take(bytes) {
    const counts = await takeReceipts(this.app.store, bytes)
    const words = Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, number(count)]))
    say(this.element, "taken", word("carry.taken", words))
    this.app.changed()
  }

  async #scan(status) {
    const video = this.element.querySelector("video")
    const gathered = new Gathering(RECEIPTS)
    const detector = new BarcodeDetector({ formats: ["qr_code"] })
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "environment", width: { ideal: 1920 } },
      })
    } catch (error) {
      throw new CannotCarry(error.name === "NotAllowedError" ? "camera_denied" : "camera_none")
    }
    video.hidden = false
    video.srcObject = this.stream
    try {
      video.play().catch(() => {}) // until it plays no code is found
      while (this.stream && (!gathered.total || gathered.missing.length)) {
        // A picture that cannot be read is followed by another one.
        const codes = await detector.detect(video).catch(() => [])
        if (codes.some(({ rawValue }) => gathered.add(rawValue) === "new"))
          status.textContent = word("carry.scanned", { count: number(gathered.count), total: number(gathered.total) })
        await new Promise((resolve) => setTimeout(resolve, PAUSE))
      }
    } finally {
      this.#closeCamera()
      video.hidden = true
    }
    if (gathered.total && !gathered.missing.length) await this.#take(await this.#whole(gathered))
  }

  #closeCamera() {
    for (const track of this.stream?.getTracks() ?? []) track.stop()
    this.stream = null
  }

  leave() {
    this.loop.end()
    this.#closeCamera()
  }
}

/** @param {import("../main.js").Shell} app */
export async function show(app) {
  await learnt()
  const screen = new Screen(app)
  await screen.draw()
  return { element: screen.element, changed: screen.draw, leave: () => screen.leave() }
}
