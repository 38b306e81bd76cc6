// Reads in what a questionnaire needs beyond the shell, before its first question is drawn (kinds.js).

import { needs } from "../kinds.js"
import { kindsPage } from "../outbox.js"
import { learn } from "./page.js"

let taught = null

function dress(address) {
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: address })
  const done = new Promise((resolve) => link.addEventListener("load", resolve, { once: true }))
  document.head.append(link)
  return done
}

async function teach() {
  learn(await kindsPage())
  await dress("/static/kinds.css")
}

/** Rejects when something is neither on this phone nor within reach. */
export async function ready(bundle) {
  const wanted = needs(bundle)
  if (wanted.includes("/kinds.html")) await (taught ??= teach().catch((error) => ((taught = null), Promise.reject(error))))
  await Promise.all(wanted.filter((address) => address.endsWith(".js")).map((address) => import(address)))
}
