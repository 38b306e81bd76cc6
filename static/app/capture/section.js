// One section, or one member, a screen: the questions that are relevant now, drawn when they become so.

import { Group, isNamed, Items, nameOfInstance, Repeat } from "./items.js"
import { addressOf, nameOf, sectionsOf } from "./overview.js"
import { action, ask, part, stamp, word } from "./page.js"
import { Question } from "./question.js"

const removalWords = (record, instance) => ({
  title: isNamed(record, instance) ? word("repeat.remove", { name: record.instanceLabel(instance) }) : word("repeat.remove_unnamed"),
  words: word("repeat.remove_words"),
  yes: word("repeat.remove_yes"),
})

class Screen {
  constructor(app, interview, path) {
    Object.assign(this, { app, interview, path, element: stamp("section") })
    this.element.dataset.place = path
    // Missing answers are named only to somebody who comes back to the screen: nobody is scolded in advance.
    this.isReturning = interview.visited.has(path)
    this.questions = new Map()
    const { record } = interview
    this.node = record.itemAt(path).node
    const isList = this.node.type === "repeat" && !path.endsWith("]")
    const place = part(this.element, "items")
    this.body = isList ? new Repeat(this, { path }) : new Items(this, place, path)
    if (isList) place.append(this.body.element)
    this.#title()
    this.#ways()
  }

  make(item) {
    if (item.node.type === "group") return new Group(this, item)
    if (item.node.type === "repeat") return new Repeat(this, item)
    const question = new Question(this, item)
    this.questions.set(item.path, question)
    return question
  }

  /** An answer was given: everything that hangs on it follows at once. */
  answered() {
    this.body.refresh()
    this.#title()
    this.#ways()
  }

  #title() {
    const { record } = this.interview
    const title = this.path.endsWith("]") ? nameOfInstance(record, this.path) : nameOf(record, this.path)
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
      const home = addressOf(draft.id, "s", repeat.includes("/") ? repeat.split("/")[0] : repeat)
      back.href = home
      next.href = after ? addressOf(draft.id, "s", after) : home
      next.textContent = after
        ? word("section.next_person", { name: nameOfInstance(record, after) })
        : word("section.back_to", { section: nameOf(record, repeat) })
      all.hidden = true
      const remove = action(this.element, "remove")
      remove.textContent = removalWords(record, this.path).title
      part(this.element, "remove").hidden = false
      remove.onclick = () => this.#remove(repeat)
      return
    }
    const sections = sectionsOf(record)
    const after = sections[sections.findIndex(({ path }) => path === this.path) + 1]
    back.href = all.href = addressOf(draft.id)
    next.href = after ? addressOf(draft.id, "s", after.path) : addressOf(draft.id, "check")
    next.textContent = after ? word("overview.next", { section: nameOf(record, after.path) }) : word("overview.check")
  }

  async #remove(repeat) {
    const isSure = await ask(removalWords(this.interview.record, this.path))
    if (!isSure) return
    this.interview.remove(this.path)
    this.app.replace(addressOf(this.interview.draft.id, "s", repeat))
  }

  shown(at) {
    this.interview.visit(this.path)
    const question = at && this.questions.get(at)
    if (question) question.focus()
  }

  leave() {
    this.body.leave?.()
  }
}

export async function show(app, { interview, path, at }) {
  const { record, draft } = interview
  // The place may be gone: another tab removed the member, an answer made the section irrelevant.
  const exists = path && record.itemAt(path) && record.isRelevant(path) && (!path.endsWith("]") || record.node(path))
  if (!exists) return void app.replace(addressOf(draft.id))
  const screen = new Screen(app, interview, path)
  return { element: screen.element, isPlaced: Boolean(at), shown: () => screen.shown(at), leave: () => screen.leave() }
}
