// One section, or one member, a screen: the questions that are relevant now, drawn when they become so.

import { ofInterview, withWayBack } from "../addresses.js"
import { Group, isNamed, Items, nameOfInstance, nameOfScreen, Repeat } from "../controls/items.js"
import { screenOf, stands, within } from "../../interview/screens.js"
import { jumpTo } from "./check.js"
import { askedSections, nameOf } from "./overview.js"
import { action, ask, part, stamp, word } from "../page.js"
import { Question } from "../controls/question.js"

const removalWords = (record, instance) => ({
  title: isNamed(record, instance)
    ? word("repeat.remove", { name: record.instanceLabel(instance) })
    : word("repeat.remove_unnamed"),
  words: word("repeat.remove_words"),
  yes: word("repeat.remove_yes"),
})

class Screen {
  /** @param {import("../main.js").Shell} app */
  constructor(app, interview, path, { back }) {
    this.app = app
    /** @type {import("../../interview/interview.js").Interview} */
    this.interview = interview
    this.path = path
    this.element = stamp("section")
    this.element.dataset.place = path
    // Missing answers are named only to somebody who comes back to the screen: nobody is scolded in advance.
    this.isReturning = interview.visited.has(path)
    this.questions = new Map()
    const { record } = interview
    const { node } = record.itemAt(path)
    const place = part(this.element, "items")
    if (path.endsWith("]")) this.body = new Items(this, place, path)
    else if (["group", "repeat"].includes(node.type)) {
      this.body = this.make({ path, node })
      place.append(this.body.element)
    } else {
      const isHere = within(record, path)
      this.body = new Items(this, place, "", { only: (item) => isHere(item.path) })
    }
    part(this.element, "quick-back").hidden = !back
    if (back) action(this.element, "quick-back").href = jumpTo(interview, back)
    this.#title()
    this.#ways()
  }

  make(item, looks) {
    if (item.node.type === "group") return new Group(this, item)
    if (item.node.type === "repeat") return new Repeat(this, item)
    const question = new Question(this, item, looks)
    this.questions.set(item.path, question)
    return question
  }

  /** An answer was given: everything that hangs on it follows at once. Also when the language changed. */
  answered() {
    this.body.refresh()
    this.#title()
    this.#ways()
  }

  /** After a quick answer: the next question on this screen, else the next screen, with a way back. */
  goOn(question) {
    const all = [...this.element.querySelectorAll(".question")].filter((one) => one.dataset.type !== "note")
    const next = all[all.indexOf(question.element) + 1]
    if (next) this.questions.get(next.dataset.path).focus({ isNew: true })
    else this.app.go(withWayBack(action(this.element, "next").hash, question.path))
  }

  #title() {
    const { record } = this.interview
    const title = nameOfScreen(record, this.path)
    if (part(this.element, "title").textContent !== title) part(this.element, "title").textContent = title
  }

  #ways() {
    const { record, draft } = this.interview
    const next = action(this.element, "next")
    const all = action(this.element, "overview")
    const back = action(this.element, "back")
    if (this.path.endsWith("]")) {
      const repeat = this.path.replace(/\[\d+\]$/, "")
      const instances = record.instances(repeat)
      const after = instances[instances.indexOf(this.path) + 1]
      const around = screenOf(record, repeat)
      const home = ofInterview(draft.id, "s", around)
      back.href = home
      next.href = after ? ofInterview(draft.id, "s", after) : home
      next.textContent = after
        ? word("overview.next", { section: nameOfInstance(record, after) })
        : word("section.back_to", { section: nameOfScreen(record, around) })
      all.hidden = true
      const remove = action(this.element, "remove")
      remove.textContent = removalWords(record, this.path).title
      part(this.element, "remove").hidden = record.isCounted(repeat)
      remove.onclick = () => this.#remove(repeat)
      return
    }
    const sections = askedSections(record)
    const after = sections[sections.findIndex(({ path }) => path === this.path) + 1]
    back.href = all.href = ofInterview(draft.id)
    next.href = after ? ofInterview(draft.id, "s", after.path) : ofInterview(draft.id, "check")
    next.textContent = after ? word("overview.next", { section: nameOf(record, after.path) }) : word("overview.check")
  }

  async #remove(repeat) {
    const { interview } = this
    const isSure = await ask(removalWords(interview.record, this.path))
    if (!isSure) return
    interview.remove(this.path)
    this.app.replace(ofInterview(interview.draft.id, "s", screenOf(interview.record, repeat)))
  }

  shown(at) {
    this.interview.visit(this.path)
    const question = at && this.questions.get(at)
    if (question) question.focus()
  }

  /** What a finger, a camera or a microphone is giving is ended and written down. */
  settle() {
    return Promise.all([...this.questions.values()].map(({ control }) => control?.settle?.()))
  }

  leave() {
    const body = /** @type {{ leave?: () => void }} */ (this.body)
    body.leave?.()
  }
}

/** @param {import("../main.js").Shell} app */
export async function show(app, { interview, path, at, back }) {
  const { record, draft } = interview
  // The place may be gone: another tab removed the member, an answer made the section irrelevant.
  if (!path || !record.itemAt(path) || !stands(record, path)) return void app.replace(ofInterview(draft.id))
  const screen = new Screen(app, interview, path, { back: back && record.itemAt(back) ? back : null })
  return {
    element: screen.element,
    isPlaced: Boolean(at),
    shown: () => screen.shown(at),
    leave: () => screen.leave(),
    settle: () => screen.settle(),
    reworded: () => screen.answered(),
  }
}
