// Photos and signatures: the bytes go to the store under their hash, the answer is the hash.

import { sha256 } from "../canonical.js"
import { shrink, signaturePad } from "../media.js"
import { action, number, part, stamp, word } from "./page.js"

/** Keeps a picture and makes it the question's answer. The bytes are on the disk before the answer names them. */
async function keep(question, blob) {
  const hash = await sha256(await blob.arrayBuffer())
  await question.interview.saveFile({ sha256: hash, blob, size: blob.size, type: blob.type })
  question.answer(hash)
}

/** What photo and signature share: showing the picture that the answer names. */
class Picture {
  #address = null

  async draw(hash) {
    if (this.#address) URL.revokeObjectURL(this.#address)
    this.#address = null
    const file = hash ? await this.question.interview.fileOf(hash) : null
    const picture = part(this.element, "picture")
    picture.hidden = !file
    part(this.element, "elsewhere").hidden = !hash || Boolean(file)
    if (file) picture.src = this.#address = URL.createObjectURL(file.blob)
    return file
  }

  leave() {
    if (this.#address) URL.revokeObjectURL(this.#address)
  }

  failed(error, otherwise) {
    part(this.element, "status").textContent = word(error?.name === "QuotaExceededError" ? "photo.full" : otherwise)
  }
}

export class Photo extends Picture {
  constructor(question) {
    super()
    this.question = question
    this.element = stamp("photo")
    this.status = part(this.element, "status")
    const input = action(this.element, "photo")
    input.setAttribute("aria-labelledby", question.labelId)
    input.addEventListener("change", () => input.files[0] && this.#take(input))
    action(this.element, "clear").addEventListener("click", () => {
      question.answer(null)
      this.show("")
    })
    this.show(question.value)
  }

  async #take(input) {
    this.status.textContent = word("photo.working")
    try {
      const longest = Number(this.question.node.parameters?.["max-pixels"]) || undefined
      await keep(this.question, await shrink(input.files[0], longest))
      await this.show(this.question.value)
    } catch (error) {
      this.failed(error, "photo.failed")
    }
    input.value = "" // the same file may be chosen again
  }

  async show(hash) {
    part(this.element, "take").textContent = word(hash ? "photo.again" : "photo.take")
    action(this.element, "clear").hidden = !hash
    const file = await this.draw(hash)
    this.status.textContent = file ? word("photo.kept", { size: number(Math.ceil(file.size / 1000)) }) : ""
  }
}

export class Signature extends Picture {
  constructor(question) {
    super()
    this.question = question
    this.element = stamp("signature")
    const canvas = part(this.element, "pad")
    const width = Number(question.node.parameters?.["max-pixels"]) || canvas.width
    Object.assign(canvas, { width, height: width / 2 })
    this.pad = signaturePad(canvas, () => this.#signed())
    action(this.element, "clear").addEventListener("click", () => {
      this.pad.clear()
      this.question.answer(null)
      this.show("")
    })
    this.show(question.value)
  }

  // After every stroke: whoever closes the page after signing has signed.
  async #signed() {
    try {
      await keep(this.question, await this.pad.picture())
      part(this.element, "status").textContent = word("saved.saved")
    } catch (error) {
      this.failed(error, "failed.title")
    }
  }

  async show(hash) {
    part(this.element, "pad").hidden = Boolean(hash)
    action(this.element, "clear").hidden = !hash && this.pad.isEmpty()
    part(this.element, "status").textContent = ""
    await this.draw(hash)
  }

  refresh() {
    action(this.element, "clear").hidden = !this.question.value
  }
}
