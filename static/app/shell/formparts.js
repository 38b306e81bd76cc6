// Reads in what a questionnaire needs beyond the shell, before its first question is drawn (kinds.js).

import { needs } from "../delivery.js"
import { NoAnswer, templatesAt } from "../sync/request.js"
import { kit } from "./formkit.js"
import { learn } from "./page.js"

/** @type {Promise<void> | null} */
let taught = null

function dress(address) {
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: address })
  const done = new Promise((resolve, reject) =>
    Object.assign(link, { onload: resolve, onerror: () => reject(new NoAnswer()) }),
  )
  document.head.append(link)
  return done
}

async function teach() {
  learn(await templatesAt("/kinds.html"))
  await dress("/static/kinds.css")
}

/** Rejects when something is neither on this phone nor within reach. */
export async function ready(bundle) {
  const wanted = needs(bundle)
  if (wanted.includes("/kinds.html"))
    await (taught ??= teach().catch((error) => ((taught = null), Promise.reject(error))))
  const modules = await Promise.all(
    wanted.filter((address) => address.endsWith(".js")).map((address) => import(address)),
  )
  for (const { markdown, plainText, enclosed, lineWords } of modules) {
    if (markdown) Object.assign(kit, { markdown, plainText })
    if (enclosed) kit.enclosed = enclosed
    if (lineWords) kit.lineWords = lineWords
  }
}
