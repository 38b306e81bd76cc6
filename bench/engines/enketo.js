// enketo-core with its transformer's web build: every question is in the page, an answer is a change event.
import { Form } from "enketo-core"
import { transform } from "enketo-transformer/web"

let form

window.bench = {
  async open() {
    const [xform, instanceStr] = await Promise.all(
      ["form.xml", "instance.xml"].map(async (name) => (await fetch(name)).text()),
    )
    const made = await transform({ xform })
    document.body.innerHTML = `<div class="main"><article class="paper">${made.form}</article></div>`
    form = new Form(document.querySelector("form.or"), { modelStr: made.model, instanceStr, submitted: false }, {})
    const faults = form.init()
    if (faults.length) throw new Error(faults.join("; "))
  },
  find([, index, field, value]) {
    const member = document.querySelectorAll('.or-repeat[name="/data/tv"]')[index - 1]
    return (
      member.querySelector(`[name="/data/tv/${field}"]`) ??
      member.querySelector(`[data-name="/data/tv/${field}"][value="${value}"]`)
    )
  },
  set(input, value) {
    if (input.type === "radio") input.checked = true
    else input.value = value
    input.dispatchEvent(new Event("change", { bubbles: true }))
  },
  add() {
    document.querySelector(".add-repeat-btn").click()
  },
  serialise: () => form.getDataStr(),
  values() {
    const root = form.model.xml.querySelector("instance > *")
    return Object.fromEntries(
      [...root.children]
        .filter((node) => /^c\d+$/.test(node.nodeName))
        .map((node) => [node.nodeName, node.textContent]),
    )
  },
}
