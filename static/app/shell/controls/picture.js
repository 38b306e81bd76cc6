// Photos, drawings and signatures: the bytes go to the store under their hash, the answer is the hash.

import { sha256 } from "../../canonical.js"
import { drawingPad, scaled, shrink } from "../media.js"
import { action, number, part, stamp, word } from "../page.js"
import { space } from "../storage.js"

/**
 * Keeps a file and makes it the question's answer. The bytes are on the disk before the answer names them.
 * @param {any} question
 * @param {Blob} blob
 * @param {{ type?: string, name?: string }} said
 */
export async function keep(question, blob, { type = blob.type, name } = {}) {
  const hash = await sha256(await blob.arrayBuffer())
  await (await space()).within(blob.size, () =>
    question.interview.saveFile({ sha256: hash, blob, size: blob.size, type, name }),
  )
  question.answer(hash)
}

export const kilobytes = (size) => number(Math.ceil(size / 1000))

/** What every file's control shares: an address for the bytes that the answer names, and what is said when it fails. */
export class Kept {
  /** @type {string | null} */
  #address = null
  /**
   * What is on its way to the disk.
   * @type {Promise<any> | null}
   */
  keeping = null

  /** Puts the file that `hash` names into `shown` (an element with a src); null when this phone has it not. */
  async draw(hash, shown) {
    this.leave()
    const kept = hash ? await this.question.interview.fileOf(hash) : null
    const file = kept?.blob ? kept : null
    shown.hidden = !file
    part(this.element, "elsewhere").hidden = !hash || Boolean(file)
    if (file) shown.src = this.#address = URL.createObjectURL(file.blob)
    return file
  }

  leave() {
    if (this.#address) URL.revokeObjectURL(this.#address)
    this.#address = null
  }

  settle() {
    return this.keeping
  }

  failed(error, otherwise) {
    this.status.textContent = word(error?.name === "QuotaExceededError" ? "photo.full" : otherwise)
  }
}

/** A canvas under a finger. Kept after every stroke: whoever closes the page after signing has signed. */
class Drawn extends Kept {
  #isBusy = false
  #isLate = false

  begin(template) {
    this.element = stamp(template)
    this.status = part(this.element, "status")
    /** @type {HTMLCanvasElement} */
    this.canvas = part(this.element, "pad")
    /** @type {ReturnType<typeof drawingPad>} */
    this.pad = drawingPad(this.canvas, () => this.keepDrawn())
  }

  keepDrawn() {
    this.#isLate = true
    if (!this.#isBusy) this.keeping = this.#keepDrawn()
  }

  async #keepDrawn() {
    this.#isBusy = true
    try {
      while (this.#isLate && !this.pad.isEmpty()) {
        this.#isLate = false
        await keep(this.question, await this.pad.picture(this.type))
      }
      this.status.textContent = word("saved.saved")
    } catch (error) {
      this.failed(error, "failed.title")
    } finally {
      this.#isBusy = false
    }
  }

  async clear() {
    this.#isLate = false
    this.pad.clear()
    await this.keeping // what is on its way to the disk would come back after it
    this.question.answer(null)
    this.show("")
  }
}

/** Taken by the camera or chosen; with `annotate` drawn upon, with `draw` drawn on white. */
export class Photo extends Drawn {
  #isDrawing = false

  constructor(question) {
    super()
    this.question = question
    const looks = new Set((question.node.appearance ?? "").split(" "))
    this.isFree = looks.has("draw")
    this.isDrawable = this.isFree || looks.has("annotate")
    this.isNew = looks.has("new") || looks.has("new-front")
    this.longest = Number(question.node.parameters?.["max-pixels"]) || undefined
    this.type = this.isFree ? "image/png" : "image/jpeg"
    this.begin("photo")
    if (this.isFree) Object.assign(this.canvas, scaled(800, 800, this.longest))
    this.pad.clear() // a canvas that changes its size forgets its white
    const take = action(this.element, "photo")
    take.capture = ["selfie", "front", "new-front"].some((one) => looks.has(one)) ? "user" : "environment"
    for (const input of [take, action(this.element, "choose")]) {
      input.setAttribute("aria-labelledby", question.labelId)
      input.addEventListener("change", () => input.files[0] && (this.keeping = this.#take(input)))
    }
    action(this.element, "clear").addEventListener("click", () => this.clear())
    action(this.element, "draw").addEventListener("click", () => this.#drawOn())
    action(this.element, "done").addEventListener("click", () => this.show(question.value))
    action(this.element, "undo").addEventListener("click", () => {
      this.pad.undo()
      if (this.isFree && this.pad.isEmpty()) this.clear()
      else this.keepDrawn()
    })
    for (const tone of part(this.element, "tools").querySelectorAll("input")) tone.name = `tone ${question.path}`
    part(this.element, "tools").addEventListener("change", ({ target }) => this.pad.colour(target.value))
    this.show(question.value)
  }

  async #take(input) {
    this.status.textContent = word("photo.working")
    try {
      await keep(this.question, await shrink(input.files[0], this.longest))
      await (this.isDrawable ? this.#drawOn() : this.show(this.question.value))
    } catch (error) {
      this.failed(error, "photo.failed")
    }
    input.value = "" // the same file may be chosen again
  }

  async #drawOn() {
    const file = await this.question.interview.fileOf(this.question.value)
    if (!file) return
    this.pad.on(await createImageBitmap(file.blob))
    await this.show(this.question.value, true)
  }

  async show(hash, isDrawing = this.isFree && !hash) {
    const file = await this.draw(hash, part(this.element, "picture"))
    if (isDrawing) part(this.element, "picture").hidden = true
    else this.pad.clear()
    part(this.element, "drawing").hidden = !isDrawing
    part(this.element, "taking").hidden = this.isFree || isDrawing
    part(this.element, "choosing").hidden = this.isFree || isDrawing || this.isNew
    part(this.element, "take").textContent = word(hash ? "photo.again" : "photo.take")
    action(this.element, "draw").hidden = !this.isDrawable || isDrawing || !file
    action(this.element, "clear").hidden = !hash
    this.status.textContent = file ? word("photo.kept", { size: kilobytes(file.size) }) : ""
    this.#isDrawing = isDrawing
    this.refresh()
  }

  refresh() {
    action(this.element, "done").hidden = !this.#isDrawing || !this.question.value
    if (this.#isDrawing) action(this.element, "clear").hidden = !this.question.value
  }
}

export class Signature extends Drawn {
  constructor(question) {
    super()
    this.question = question
    this.begin("signature")
    const width = Number(question.node.parameters?.["max-pixels"]) || this.canvas.width
    Object.assign(this.canvas, { width, height: width / 2 })
    this.pad.clear() // a canvas that changes its size forgets its white
    action(this.element, "clear").addEventListener("click", () => this.clear())
    this.show(question.value)
  }

  async show(hash) {
    this.canvas.hidden = Boolean(hash)
    action(this.element, "clear").hidden = !hash && this.pad.isEmpty()
    this.status.textContent = ""
    await this.draw(hash, part(this.element, "picture"))
  }

  refresh() {
    action(this.element, "clear").hidden = !this.question.value
  }
}
