// Language, screen, room on the phone, signing out.

import * as look from "../look.js"
import { action, ask, number, part, stamp, word } from "../page.js"
import { learnt } from "./learnt.js"

const megabytes = (bytes) => number(Math.ceil(bytes / 1e6))

async function drawRoom(element) {
  const { usage = 0, quota = 0 } = (await navigator.storage?.estimate?.()) ?? {}
  part(element, "gauge").value = quota ? usage / quota : 0
  part(element, "room").textContent = word("settings.room", { used: megabytes(usage), quota: megabytes(quota) })
  const isPersisted = (await navigator.storage?.persisted?.()) ?? false
  part(element, "persisted").textContent = word(isPersisted ? "settings.persisted" : "settings.not_persisted")
  action(element, "persist").hidden = isPersisted
}

async function signOut(app) {
  const { unsent, open } = await app.store.counts()
  const words = unsent || open ? word("sign_out.unsent", { unsent: number(unsent), open: number(open) }) : word("sign_out.words")
  if (await ask({ title: word("sign_out.title"), words, yes: word("sign_out.yes") })) await app.leave()
}

export async function show(app) {
  await learnt()
  const element = stamp("settings", { title: word("settings.title") })
  const hello = await app.store.get("hello")
  part(element, "who").textContent = hello ? hello.account.display_name : ""
  part(element, "where").textContent = hello ? [word(`role.${hello.account.role}`), hello.commune?.name].filter(Boolean).join(" · ") : ""
  for (const [code, name] of Object.entries(look.offered())) {
    const choice = stamp("choice", { label: name })
    choice.lang = code
    Object.assign(choice.querySelector("input"), { type: "radio", name: "language", value: code, checked: document.documentElement.lang === code })
    part(element, "languages").append(choice)
  }
  for (const what of ["theme", "text"]) {
    element.querySelector(`[name="${what}"][value="${look.chosen(what)}"]`).checked = true
  }
  element.addEventListener("change", async (event) => {
    const isDone = await look.choose(event.target.name, event.target.value)
    if (event.target.name !== "language") return
    if (isDone) return app.show()
    part(element, "language-missing").hidden = false
    element.querySelector(`[name="language"][value="${document.documentElement.lang}"]`).checked = true
  })
  action(element, "persist").addEventListener("click", async () => {
    const isAgreed = await navigator.storage.persist()
    await drawRoom(element)
    if (!isAgreed) part(element, "persisted").textContent = word("settings.refused")
  })
  action(element, "sign-out").addEventListener("click", () => signOut(app))
  part(element, "version").textContent = await app.release.version()
  part(element, "device").textContent = (await app.device.get("device_id")) ?? ""
  await drawRoom(element)
  return { element }
}
