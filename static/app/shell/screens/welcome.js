// Nobody is signed in on this phone yet: the one screen that needs network.

import { Stopped } from "../../sync/request.js"
import * as look from "../appearance.js"
import { action, part, stamp, word } from "../page.js"

/** The page came without HTTPS. */
export async function showInsecure() {
  const element = stamp("welcome")
  part(element, "status").textContent = word("welcome.insecure")
  for (const button of element.querySelectorAll("[data-action]")) button.remove()
  return { element }
}

/** @param {import("../main.js").Shell} app */
export async function show(app) {
  const element = stamp("welcome")
  const status = part(element, "status")
  import("./lost.lazy.js").then(({ sayCleared }) => sayCleared(part(element, "cleared"), app.device)).catch(() => {})
  const other = /** @type {[string, string]} */ (
    Object.entries(look.offered()).find(([code]) => code !== document.documentElement.lang)
  )
  const language = action(element, "language")
  language.textContent = other[1]
  language.lang = other[0]
  language.addEventListener("click", async () => {
    await look.choose("language", other[0])
    app.show()
  })
  const enrol = async () => {
    status.textContent = word("welcome.looking")
    try {
      await app.enrol()
    } catch (stopped) {
      if (!(stopped instanceof Stopped)) throw stopped
      const why = stopped.why ?? stopped.act
      const words =
        { offline: "welcome.offline", wait: "welcome.offline", refused: "cause.server_down" }[why] ?? `cause.${why}`
      status.textContent = why === "sign_in" ? "" : word(words)
      action(element, "retry").hidden = stopped.act === "sign_in"
    }
  }
  action(element, "retry").addEventListener("click", enrol)
  return { element, shown: enrol }
}
