// What stands on a section's screen: questions, groups and lists of members, each kept in step with the record.

import { addressOf, leftWords, nameOf } from "./overview.js"
import { action, part, spoken, stamp, tag, word } from "./page.js"

/** The instance's name; words for one that has none yet. */
export function nameOfInstance(record, instance) {
  if (isNamed(record, instance)) return record.instanceLabel(instance)
  return `${word("repeat.unnamed")} (${/\[(\d+)\]$/.exec(instance)[1]})`
}

export const isNamed = (record, instance) => !/^\d*$/.test(record.instanceLabel(instance))

/** A list of places kept in step with the record: what became relevant appears, what no longer is goes. */
export class Items {
  #drawn = new Map()

  constructor(screen, element, path) {
    Object.assign(this, { screen, element, path })
    this.refresh()
  }

  refresh() {
    const { record } = this.screen.interview
    const wanted = record.items(this.path).filter((item) => item.relevant)
    const paths = new Set(wanted.map((item) => item.path))
    for (const [path, drawn] of this.#drawn) {
      if (paths.has(path)) continue
      drawn.leave?.()
      drawn.element.remove()
      this.#drawn.delete(path)
    }
    let before = null
    for (const item of wanted) {
      let drawn = this.#drawn.get(item.path)
      if (drawn) drawn.refresh()
      else {
        drawn = this.screen.make(item)
        this.#drawn.set(item.path, drawn)
        if (before) before.after(drawn.element)
        else this.element.prepend(drawn.element)
      }
      before = drawn.element
    }
  }

  leave() {
    for (const drawn of this.#drawn.values()) drawn.leave?.()
  }
}

export class Group {
  constructor(screen, { path }) {
    Object.assign(this, { screen, path, element: stamp("group") })
    this.items = new Items(screen, part(this.element, "items"), path)
    this.#words()
  }

  #words() {
    const { record } = this.screen.interview
    part(this.element, "label").textContent = record.label(this.path, spoken())
    part(this.element, "hint").textContent = record.hint(this.path, spoken())
  }

  refresh() {
    this.items.refresh()
    this.#words()
  }

  leave() {
    this.items.leave()
  }
}

export class Repeat {
  constructor(screen, { path }) {
    Object.assign(this, { screen, path, element: stamp("repeat") })
    const { interview } = screen
    this.element.dataset.repeat = path
    part(this.element, "hint").textContent = interview.record.hint(path, spoken())
    part(this.element, "add").textContent = word("repeat.add", { label: nameOf(interview.record, path) })
    action(this.element, "add").addEventListener("click", () => {
      const instance = interview.add(path)
      screen.app.go(addressOf(interview.draft.id, "s", instance))
    })
    this.refresh()
  }

  refresh() {
    const { interview } = this.screen
    const instances = interview.record.instances(this.path)
    part(this.element, "none").hidden = instances.length > 0
    part(this.element, "instances").replaceChildren(...instances.map((instance) => this.#row(instance)))
  }

  #row(instance) {
    const { interview } = this.screen
    const state = interview.state(instance)
    const row = stamp("instance-row", { name: nameOfInstance(interview.record, instance), more: leftWords(state) })
    const link = action(row, "instance")
    link.href = addressOf(interview.draft.id, "s", instance)
    link.dataset.instance = instance
    // A member without missing answers is done, whether or not his screen was seen in this sitting.
    link.dataset.state = state.wrong ? "wrong" : state.missing ? (state.state === "untouched" ? "untouched" : "begun") : "done"
    tag(part(row, "tag"), `section.${link.dataset.state}`)
    return row
  }
}
