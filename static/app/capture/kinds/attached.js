// Sound, films and other files: recorded here or chosen, kept under their hash, played back, removed.

import { keep, Kept, kilobytes } from "../picture.js"
import { action, number, part, stamp, word } from "../page.js"
import { space } from "../space.js"

const BITS = { normal: 64000, low: 24000, "voice-only": 12000 } // a second, as ODK's qualities of sound
const SOUNDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"]
const ROOM = 100000 // bytes that a recording may still grow after it was told to stop

const two = (value) => String(value).padStart(2, "0")

/** "0:07" of milliseconds. */
const clock = (passed) => `${Math.floor(passed / 60000)}:${two(Math.floor(passed / 1000) % 60)}`

/** The media type without its codecs. A file's picture is a file like any other: nobody checks it to be a picture. */
const typeOf = ({ type }, kind) => {
  const plain = type.split(";")[0].trim().toLowerCase()
  return !plain || (kind === "file" && plain.startsWith("image/")) ? "application/octet-stream" : plain
}

export class Attached extends Kept {
  #recorder = null
  #passed = 0
  #ticking = null

  constructor(question) {
    super()
    this.question = question
    this.kind = question.node.type
    this.element = stamp("attached")
    this.status = part(this.element, "status")
    this.canRecord = this.kind === "audio" && Boolean(navigator.mediaDevices?.getUserMedia && window.MediaRecorder)
    const looks = (question.node.appearance ?? "").split(" ")
    const take = action(this.element, "take")
    take.capture = ["selfie", "front", "new-front"].some((look) => looks.includes(look)) ? "user" : "environment"
    this.isNew = looks.includes("new") || looks.includes("new-front")
    for (const input of [take, action(this.element, "choose")]) {
      if (this.kind !== "file") input.accept = `${this.kind}/*`
      input.setAttribute("aria-labelledby", question.labelId)
      input.addEventListener("change", () => input.files[0] && this.#choose(input))
    }
    action(this.element, "record").addEventListener("click", () => this.#record())
    action(this.element, "pause").addEventListener("click", () => this.#pause())
    action(this.element, "stop").addEventListener("click", () => this.#recorder.stop())
    action(this.element, "clear").addEventListener("click", () => {
      question.answer(null)
      this.show("")
    })
    question.interview.fileLimit().then((limit) => {
      this.limit = limit
      part(this.element, "limit").textContent = word("attached.limit", { limit: number(Math.floor(limit / 1048576)) })
    })
    this.show(question.value)
  }

  async #choose(input) {
    const [file] = input.files
    try {
      if (file.size > this.limit) {
        const sizes = { size: number(Math.ceil(file.size / 104857.6) / 10), limit: number(Math.floor(this.limit / 1048576)) }
        this.status.textContent = word("attached.large", sizes)
      } else if (!file.size) this.status.textContent = word("attached.empty")
      else {
        await keep(this.question, file, { type: typeOf(file, this.kind), name: file.name })
        await this.show(this.question.value)
      }
    } catch (error) {
      this.failed(error, "attached.failed")
    }
    input.value = ""
  }

  async #record() {
    if ((await (await space()).room()).isFull) return void (this.status.textContent = word("photo.full"))
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
      const mimeType = SOUNDS.find((one) => MediaRecorder.isTypeSupported(one))
      const audioBitsPerSecond = BITS[this.question.node.parameters?.quality] ?? BITS.normal
      const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond })
      const pieces = []
      let size = 0
      recorder.addEventListener("dataavailable", ({ data }) => {
        pieces.push(data)
        size += data.size
        if (size > this.limit - ROOM && recorder.state !== "inactive") recorder.stop()
      })
      recorder.addEventListener("stop", () => {
        for (const track of stream.getTracks()) track.stop()
        this.#recorder = null
        this.#keepRecording(new Blob(pieces, { type: recorder.mimeType }))
      })
      this.#recorder = recorder
      this.#passed = 0
      recorder.start(1000)
      this.#tick()
    } catch (error) {
      this.canRecord = false // a file can still be chosen
      await this.show(this.question.value)
      this.status.textContent = word(error.name === "NotAllowedError" ? "record.denied" : "record.none")
    }
  }

  #pause() {
    if (this.#recorder.state === "paused") this.#recorder.resume()
    else this.#recorder.pause()
    this.#ways()
  }

  #tick() {
    let last = Date.now()
    this.#ticking = setInterval(() => {
      if (this.#recorder?.state === "recording") this.#passed += Date.now() - last
      last = Date.now()
      this.#time()
    }, 250)
    this.#ways()
  }

  #time() {
    const time = part(this.element, "time")
    const text = clock(this.#passed)
    if (time.textContent !== text) time.textContent = text
  }

  async #keepRecording(blob) {
    clearInterval(this.#ticking)
    try {
      if (blob.size) await keep(this.question, blob, { type: typeOf(blob, "audio") })
      await this.show(this.question.value)
    } catch (error) {
      this.failed(error, "attached.failed")
    }
  }

  #ways(hash = this.question.value) {
    const state = this.#recorder?.state
    this.element.dataset.state = state ?? "idle"
    part(this.element, "timer").hidden = !state
    action(this.element, "record").hidden = !this.canRecord || Boolean(state) || Boolean(hash)
    action(this.element, "pause").hidden = action(this.element, "stop").hidden = !state
    part(this.element, "pausing").textContent = word(state === "paused" ? "record.resume" : "record.pause")
    part(this.element, "taking").hidden = this.kind !== "video" && (this.kind === "file" || this.canRecord)
    part(this.element, "choosing").hidden = Boolean(state) || (this.isNew && this.kind !== "file")
    action(this.element, "clear").hidden = !hash || Boolean(state)
    this.#time()
  }

  async show(hash) {
    this.status.textContent = ""
    const player = part(this.element, this.kind === "video" ? "video" : "audio")
    const file = await this.draw(hash, player)
    player.hidden ||= this.kind === "file"
    const kept = part(this.element, "kept")
    kept.hidden = !file
    if (file) kept.textContent = word(file.name ? "attached.named" : "attached.kept", { name: file.name, size: kilobytes(file.size) })
    part(this.element, "take").textContent = word(`${this.kind === "video" ? "video" : "record"}.take`)
    this.#ways(hash)
  }

  leave() {
    if (this.#recorder) this.#recorder.stop() // what was said so far is kept
    super.leave()
  }
}
