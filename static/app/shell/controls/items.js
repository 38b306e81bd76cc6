// What stands on a section's screen: questions, groups and lists of members, each kept in step with the record.

import { ofInterview } from "../addresses.js"
import { MOST_COLUMNS } from "./choice.js"
import { leftWords, nameOf } from "../screens/overview.js"
import { action, fill, inLanguage, part, spoken, stamp, tag, word } from "../page.js"
import { write } from "../words.js"

/**
 * The instance's name; words for one that has none yet; what the list is called and a number where none is foreseen.
 */
export function nameOfInstance(record, instance) {
  if (isNamed(record, instance)) return record.instanceLabel(instance)
  const [, repeat, number] = /^(.*)\[(\d+)\]$/.exec(instance) ?? []
  if (!record.itemAt(repeat).node.member_label) return `${nameOf(record, repeat)} ${number}`
  return `${word("repeat.unnamed")} (${number})`
}

/** The name of a screen: a person's, a section's. */
export const nameOfScreen = (record, path) => (path.endsWith("]") ? nameOfInstance(record, path) : nameOf(record, path))

export const isNamed = (record, instance) => !/^\d*$/.test(record.instanceLabel(instance))

/** @type {(item: any) => boolean} */
const EACH = () => true

/** A list of places kept in step with the record: what became relevant appears, what no longer is goes. */
export class Items {
  /** @type {Map<string, any>} */
  #drawn = new Map()

  /** `only` lets through some of the places; questions of `list` are lines of a table, whose head names the answers. */
  constructor(screen, element, path, { only = EACH, list = "" } = {}) {
    this.screen = screen
    this.element = element
    this.path = path
    this.only = only
    this.list = list
    this.refresh()
  }

  refresh() {
    const { record } = this.screen.interview
    const wanted = record.items(this.path).filter((item) => item.relevant && this.only(item))
    const paths = new Set(wanted.map((item) => item.path))
    for (const [path, drawn] of this.#drawn) {
      if (paths.has(path)) continue
      drawn.leave?.()
      drawn.element.remove()
      this.#drawn.delete(path)
    }
    /** @type {HTMLElement | null} */
    let before = null
    for (const item of wanted) {
      let drawn = this.#drawn.get(item.path)
      if (drawn) drawn.refresh()
      else {
        drawn = this.screen.make(item, this.list && item.node.list === this.list ? ["list-nolabel"] : [])
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
  constructor(screen, { path, node }) {
    this.screen = screen
    this.path = path
    /** @type {FormNode} */
    this.node = node
    this.element = stamp("group")
    const looks = (node.appearance ?? "").split(" ")
    this.#head(looks.includes("table-list"))
    this.items = new Items(screen, part(this.element, "items"), path, { list: this.list })
    this.refresh()
  }

  /** A table of questions with the same answers: these stand once, above. On one line, or not at all. */
  #head(isTable) {
    const first = isTable && this.node.children.find(({ type, list }) => list && type.startsWith("select"))
    const choices = first ? this.screen.interview.record.choices(`${this.path}/${first.name}`) : []
    if (!choices.length || choices.length > MOST_COLUMNS) return
    this.list = first.list
    this.choices = choices
  }

  refresh() {
    const { record } = this.screen.interview
    const words = (name, text) => {
      part(this.element, name).hidden = !text
      if (text) write(part(this.element, name), text)
    }
    // On its own screen a section is named by the bar.
    words("label", this.node.label && this.path !== this.screen.path ? record.label(this.path, spoken()) : "")
    words("hint", record.hint(this.path, spoken()))
    const head = part(this.element, "head")
    head.hidden = !this.choices
    if (this.choices) {
      head.style.setProperty("--columns", this.choices.length)
      head.replaceChildren(
        ...this.choices.map(({ name, label }) => {
          const cell = document.createElement("span")
          write(cell, inLanguage(label) || name)
          return cell
        }),
      )
    }
    this.items.refresh()
  }

  leave() {
    this.items.leave()
  }
}

export class Repeat {
  constructor(screen, { path }) {
    this.screen = screen
    this.path = path
    this.element = stamp("repeat")
    const { interview } = screen
    this.element.dataset.repeat = path
    part(this.element, "label").hidden = path === screen.path
    action(this.element, "add").addEventListener("click", () => {
      const instance = interview.add(path)
      screen.app.go(ofInterview(interview.draft.id, "s", instance))
    })
    this.refresh()
  }

  refresh() {
    const { record } = this.screen.interview
    const name = nameOf(record, this.path)
    const instances = record.instances(this.path)
    part(this.element, "label").textContent = name
    write(part(this.element, "hint"), record.hint(this.path, spoken()))
    part(this.element, "add").textContent = word("repeat.add", { label: name })
    // Counted by another answer: what one adds or takes away here would not hold.
    const isCounted = record.isCounted(this.path)
    action(this.element, "add").hidden = isCounted
    part(this.element, "counted").hidden = !isCounted
    part(this.element, "none").hidden = isCounted || instances.length > 0
    fill(
      part(this.element, "instances"),
      instances.map((instance) => this.#row(instance)),
    )
  }

  #row(instance) {
    const { interview } = this.screen
    const state = interview.state(instance)
    const row = stamp("instance-row", { name: nameOfInstance(interview.record, instance), more: leftWords(state) })
    const link = action(row, "instance")
    link.href = ofInterview(interview.draft.id, "s", instance)
    link.dataset.instance = instance
    // A member without missing answers is done, whether or not his screen was seen in this sitting.
    link.dataset.state = state.wrong
      ? "wrong"
      : state.missing
        ? state.state === "untouched"
          ? "untouched"
          : "begun"
        : "done"
    tag(part(row, "tag"), `section.${link.dataset.state}`)
    return row
  }
}
