// Sound, films and other files: recorded here or chosen, kept under their hash, played back, removed.

import { two } from "../../bytes.js"
import { isJoinable, recordingOf } from "../../interview/pieces.rare.js"
import { keep, Kept, kilobytes } from "./picture.js"
import { action, number, part, stamp, word } from "../page.js"
import { space } from "../storage.js"

const BITS = { normal: 64000, low: 24000, "voice-only": 12000 } // a second, as ODK's qualities of sound
const SOUNDS = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"]
const ROOM = 100000 // bytes that a recording may still grow after it was told to stop
const PIECE = 3000 // milliseconds: what a phone that dies takes with it

/** "0:07" of milliseconds. */
const clock = (passed) => `${Math.floor(passed / 60000)}:${two(Math.floor(passed / 1000) % 60)}`

/** The media type without its codecs. A file's picture is a file like any other: nobody checks it to be a picture. */
const typeOf = ({ type }, kind) => {
  const plain = type.split(";")[0].trim().toLowerCase()
  return !plain || (kind === "file" && plain.startsWith("image/")) ? "application/octet-stream" : plain
}

export class Attached extends Kept {
  /** @type {MediaRecorder | null} */
  #recorder = null
  #passed = 0
  /** @type {number | null} */
  #ticking = null

  constructor(question) {
    super()
    this.question = question
    this.kind = question.node.type
    this.element = stamp("attached")
    this.status = part(this.element, "status")
    this.canRecord =
      this.kind === "audio" &&
      Boolean(/** @type {any} */ (navigator.mediaDevices)?.getUserMedia && window.MediaRecorder)
    const looks = (question.node.appearance ?? "").split(" ")
    const take = action(this.element, "take")
    take.capture = ["selfie", "front", "new-front"].some((look) => looks.includes(look)) ? "user" : "environment"
    this.isNew = looks.includes("new") || looks.includes("new-front")
    for (const input of [take, action(this.element, "choose")]) {
      if (this.kind !== "file") input.accept = `${this.kind}/*`
      input.setAttribute("aria-labelledby", question.labelId)
      input.addEventListener("change", () => input.files[0] && (this.keeping = this.#choose(input)))
    }
    action(this.element, "record").addEventListener("click", () => this.#record())
    action(this.element, "pause").addEventListener("click", () => this.#pause())
    action(this.element, "stop").addEventListener("click", () => this.#recorder?.stop())
    action(this.element, "go-on").addEventListener("click", () => this.#record())
    action(this.element, "keep-rest").addEventListener("click", () => (this.keeping = this.#keepRest()))
    action(this.element, "drop-rest").addEventListener("click", () => {
      question.interview.dropPieces(question.path)
      this.#ways()
    })
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
        const sizes = {
          size: number(Math.ceil(file.size / 104857.6) / 10),
          limit: number(Math.floor(this.limit / 1048576)),
        }
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

  /** What is kept of a recording that was cut off. */
  get #rest() {
    return this.question.interview.pieces[this.question.path] ?? []
  }

  async #record() {
    if ((await (await space()).room()).isFull) return void (this.status.textContent = word("photo.full"))
    try {
      const pieces = await this.question.interview.piecesOf(this.question.path)
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true })
      const mimeType = SOUNDS.find((one) => MediaRecorder.isTypeSupported(one))
      const audioBitsPerSecond = BITS[this.question.node.parameters?.quality] ?? BITS.normal
      const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond })
      this.#passed = pieces.at(-1)?.ms ?? 0
      recorder.start(PIECE)
      this.#recorder = recorder
      this.keeping = this.#recorded(recorder, stream, pieces)
      this.#tick()
    } catch (error) {
      this.canRecord = false // a file can still be chosen
      await this.show(this.question.value)
      this.status.textContent = word(error.name === "NotAllowedError" ? "record.denied" : "record.none")
    }
  }

  /** Writes down each piece as it comes; at the end, whatever ended it, all of them become the answer. */
  async #recorded(recorder, stream, pieces) {
    const { interview, path } = this.question
    const run = (pieces.at(-1)?.run ?? -1) + 1
    let size = pieces.reduce((sum, { blob }) => sum + blob.size, 0)
    let writing = Promise.resolve()
    /** @type {any} */
    let fault = null
    const stop = () => recorder.state !== "inactive" && recorder.stop()
    const broken = (error) => {
      fault ??= error
      stop()
    }
    const hidden = () =>
      document.visibilityState === "hidden" && recorder.state === "recording" && recorder.requestData()
    document.addEventListener("visibilitychange", hidden) // the phone may not come back to it
    recorder.addEventListener("error", (event) => broken(event.error ?? new Error("the recorder failed")))
    recorder.addEventListener("dataavailable", ({ data }) => {
      if (!data.size) return
      pieces.push({ blob: data, run })
      size += data.size
      document.dispatchEvent(new Event("recording")) // somebody is speaking: the phone does not lock
      writing = writing.then(() => interview.keepPiece(path, { blob: data, run, ms: this.#passed })).catch(broken)
      if (size > this.limit - ROOM) stop()
    })
    await new Promise((ended) => recorder.addEventListener("stop", ended))
    document.removeEventListener("visibilitychange", hidden)
    // Nobody stopped it and nothing failed: the microphone was taken away, by a call or by another app.
    const isCut = stream.getTracks().some((track) => track.readyState === "ended")
    for (const track of stream.getTracks()) track.stop()
    this.#recorder = null
    clearInterval(this.#ticking)
    await writing
    await this.#keepAll(pieces, recorder.mimeType)
    if (fault || isCut)
      this.status.textContent = word(fault?.name === "QuotaExceededError" ? "record.full" : "record.cut")
  }

  /** Pieces become the answer. Where that fails they are still kept, and offered again. */
  async #keepAll(pieces, type) {
    try {
      const blob = await recordingOf(pieces, type)
      if (blob.size) await keep(this.question, blob, { type: typeOf(blob, "audio") })
      await this.show(this.question.value)
    } catch (error) {
      await this.show(this.question.value).catch(() => {})
      this.failed(error, "attached.failed")
    }
  }

  async #keepRest() {
    const pieces = await this.question.interview.piecesOf(this.question.path)
    await this.#keepAll(pieces, pieces[0]?.type ?? "")
    if (!this.question.value && !pieces.length) this.status.textContent = word("attached.failed")
  }

  settle() {
    if (this.#recorder && this.#recorder.state !== "inactive") this.#recorder.stop()
    return this.keeping
  }

  #pause() {
    const recorder = /** @type {MediaRecorder} */ (this.#recorder)
    if (recorder.state === "paused") recorder.resume()
    else recorder.pause()
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

  #ways(hash = this.question.value) {
    const state = this.#recorder?.state
    const rest = state || hash ? [] : this.#rest
    part(this.element, "rest").hidden = !rest.length
    part(this.element, "rest-words").textContent = word("record.rest", { time: clock(rest.at(-1)?.ms ?? 0) })
    action(this.element, "go-on").hidden = !this.canRecord || !isJoinable(rest[0]?.type)
    this.element.dataset.state = state ?? (rest.length ? "rest" : "idle")
    part(this.element, "timer").hidden = !state
    action(this.element, "record").hidden = !this.canRecord || Boolean(state) || Boolean(hash) || rest.length > 0
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
    if (file)
      kept.textContent = word(file.name ? "attached.named" : "attached.kept", {
        name: file.name,
        size: kilobytes(file.size),
      })
    part(this.element, "take").textContent = word(`${this.kind === "video" ? "video" : "record"}.take`)
    this.#ways(hash)
  }

  leave() {
    this.settle() // what was said so far is kept
    super.leave()
  }
}
