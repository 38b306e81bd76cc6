// Bar codes and square codes by the camera, or typed; with the appearance cccd a citizen card, which fills in its
// person. Of a card's code only the fields that questions ask for are kept: the rest of it is never written anywhere.

import { answersOf, doubts, isSame, readCard } from "../../interview/cccd.lazy.js"
import { display } from "../../engine/display.js"
import { action, part, spoken, stamp, word } from "../page.js"
import { plainText } from "../words.js"
export { learnt } from "../templates.lazy.js"

const PAUSE = 150 // milliseconds between two looks

/** A dialog with the camera's picture. → the text of the first code `accepts` takes, null when given up, or throws. */
async function scan(accepts) {
  const detector = new BarcodeDetector()
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment", width: { ideal: 1920 } },
  })
  const dialog = document.getElementById("dialog")
  const element = stamp("scan")
  const video = element.querySelector("video")
  const [track] = stream.getVideoTracks()
  const torch = action(element, "torch")
  torch.hidden = !track.getCapabilities?.().torch
  torch.addEventListener("click", () => {
    const isOn = torch.getAttribute("aria-pressed") !== "true"
    track.applyConstraints({ advanced: [{ torch: isOn }] }).then(
      () => torch.setAttribute("aria-pressed", isOn),
      () => (torch.hidden = true),
    )
  })
  let isOpen = true
  let found = null
  const closed = new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }))
  closed.then(() => (isOpen = false))
  dialog.replaceChildren(element)
  dialog.showModal()
  video.srcObject = stream
  try {
    await video.play().catch(() => {})
    while (isOpen && found === null) {
      // A frame that cannot be read is followed by another one.
      const codes = await detector.detect(video).catch(() => [])
      const text = codes.map(({ rawValue }) => rawValue).find(Boolean)
      if (text && accepts(text)) found = text
      else if (text) part(element, "status").textContent = word("scan.no_card")
      if (found === null) await new Promise((resolve) => setTimeout(resolve, PAUSE))
    }
  } finally {
    for (const one of stream.getTracks()) one.stop()
    video.srcObject = null
    if (isOpen) dialog.close()
    await closed // it is told later: the next dialog must not hear of this one's end
  }
  return found
}

export class Barcode {
  constructor(question) {
    this.question = question
    const looks = (question.node.appearance ?? "").split(" ")
    this.isCard = looks.includes("cccd")
    this.element = stamp("barcode")
    this.status = part(this.element, "status")
    this.input = this.element.querySelector("input")
    if (this.isCard || looks.includes("numbers")) this.input.inputMode = "numeric"
    this.input.setAttribute("aria-labelledby", question.labelId)
    this.input.addEventListener("input", () => {
      // A reader that types holds more than the number: it waits until it is read.
      if (!this.isCard || !this.input.value.includes("|")) question.answer(this.input.value, { isFinal: false })
    })
    this.input.addEventListener(
      "change",
      () => this.isCard && this.input.value.includes("|") && this.#take(this.input.value),
    )
    const button = action(this.element, "scan")
    part(button, "words").textContent = word(this.isCard ? "scan.card" : "scan.code")
    button.addEventListener("click", () => this.#scan())
    if (!("BarcodeDetector" in window && navigator.mediaDevices?.getUserMedia)) {
      button.hidden = true
      if (question.node.type === "barcode") this.status.textContent = word("scan.unsupported")
    }
    this.show(question.value)
  }

  async #scan() {
    this.status.textContent = ""
    try {
      const text = await scan((one) => !this.isCard || readCard(one))
      if (text !== null) await this.#take(text)
    } catch (error) {
      this.status.textContent = word(error.name === "NotAllowedError" ? "scan.denied" : "scan.no_camera")
    }
  }

  async #take(text) {
    const { question } = this
    if (!this.isCard) return this.#put([{ path: question.path, value: text }])
    const card = readCard(text)
    if (!card) {
      this.show(question.value)
      this.status.textContent = word("scan.no_card")
      return
    }
    const { record } = question
    const prefix = question.path.slice(0, question.path.lastIndexOf("/") + 1)
    const { number: own, ...targets } = question.node.parameters ?? {}
    const nodeOf = (name) => record.itemAt(prefix + name)?.node
    const known = { typeOf: (name) => nodeOf(name)?.type, choicesOf: (name) => record.choices(prefix + name) }
    const answers = [{ name: question.node.name, value: card.number }, ...answersOf(card, targets, known)]
    if (own && own !== question.node.name && nodeOf(own)) answers.push({ name: own, value: card.number })
    const given = answers
      .map(({ name, value }) => ({ path: prefix + name, node: nodeOf(name), value, before: record.get(prefix + name) }))
      .filter(({ path, value, before }) => !record.isReadonly(path) && !isSame(value, before))
    const differing = given.filter(({ before }) => before !== "")
    const isWanted = !differing.length || (await this.#ask(differing))
    this.#put(given.filter(({ before }) => isWanted || before === ""))
    this.show(question.value)
    this.status.textContent = [word("scan.read"), ...this.#doubts(card)].join(" ")
  }

  #put(answers) {
    const { question } = this
    const { interview, screen } = question
    for (const { path, value } of answers) if (path !== question.path) interview.set(path, value)
    const own = answers.find(({ path }) => path === question.path)
    if (own) question.answer(own.value)
    else screen.answered()
    for (const { path, value } of answers)
      (path === question.path ? this : screen.questions?.get(path)?.control)?.show(value)
  }

  // Both are shown, and nothing is written over without a yes.
  #ask(differing) {
    const { record } = this.question
    const said = (node, value) => display(record.bundle, node, value, spoken())
    const dialog = document.getElementById("dialog")
    const element = stamp("card-differs")
    part(element, "rows").append(
      ...differing.map(({ path, node, value, before }) =>
        stamp("card-row", {
          label: plainText(record.label(path, spoken())),
          before: said(node, before),
          card: said(node, value),
        }),
      ),
    )
    dialog.replaceChildren(element)
    dialog.returnValue = "no"
    dialog.showModal()
    return new Promise((resolve) =>
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }),
    )
  }

  // A form with a warning of its own says it, and asks for the reason.
  #doubts(card) {
    return this.question.node.warning ? [] : doubts(card).map((one) => word(`scan.doubt_${one}`))
  }

  show(value) {
    this.input.value = value
  }
}
