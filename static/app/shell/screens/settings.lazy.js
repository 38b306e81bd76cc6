// Language, screen, room on the phone, signing out.

import { signOut } from "./lock.js"
import * as look from "../appearance.js"
import { action, part, stamp, word } from "../page.js"
import { learnt } from "../templates.lazy.js"

/** @param {import("../main.js").Shell} app */
export async function show(app) {
  await learnt()
  const element = stamp("settings", { title: word("settings.title") })
  const hello = await app.store.get("hello")
  part(element, "who").textContent = hello ? hello.account.display_name : ""
  part(element, "where").textContent = hello
    ? [word(`role.${hello.account.role}`), hello.commune?.name].filter(Boolean).join(" · ")
    : ""
  for (const [code, name] of Object.entries(look.offered())) {
    const choice = stamp("choice", { label: name })
    choice.lang = code
    Object.assign(choice.querySelector("input"), {
      type: "radio",
      name: "language",
      value: code,
      checked: document.documentElement.lang === code,
    })
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
  action(element, "sign-out").addEventListener("click", () => signOut(app))
  part(element, "version").textContent = await app.release.version()
  part(element, "device").textContent = (await app.device.get("device_id")) ?? ""
  import("./room.lazy.js").then(({ drawRoom }) => drawRoom(app, part(element, "room-now"))).catch(() => {})
  // Not on this phone yet.
  import("./pin.lazy.js").then(({ lockSettings }) => lockSettings(app, part(element, "lock"))).catch(() => {})
  return { element }
}
