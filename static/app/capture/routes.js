// Which screen an address names: the table at the head of main.js. Path steps are URI-encoded.

import { bundleOf, previewOf } from "../preview.js"
import * as check from "./check.js"
import * as home from "./home.js"
import * as household from "./household.js"
import * as overview from "./overview.js"
import * as result from "./result.js"
import * as section from "./section.js"
import * as sent from "./sent.js"

/** "#/d/<draft>/s/<path>?at=<question>" → {show, params}. What it does not know leads home. */
export function routeOf(hash) {
  const [way, query] = hash.replace(/^#\/?/, "").split("?")
  const [place, first, second, third] = way.split("/").map(decodeURIComponent)
  if (place === "h") return { show: household.show, params: { round: first, household: second } }
  if (place === "new") return { show: household.showNew, params: {} }
  if (place === "sent") return { show: sent.show, params: { id: first } }
  if (place === "queue") return { show: async (app) => (await import("./later/queue.js")).show(app), params: {} }
  if (place === "settings") return { show: async (app) => (await import("./later/settings.js")).show(app), params: {} }
  if (place === "carry") return { show: async (app) => (await import("./later/carry.js")).show(app), params: {} }
  if (place === "preview" && bundleOf(previewOf(first))) return { show: overview.show, params: { draft: previewOf(first) } }
  if (place !== "d" || !first) return { show: home.show, params: {} }
  const screens = { s: section.show, check: check.show, result: result.show }
  const { at, back } = Object.fromEntries(new URLSearchParams(query))
  return { show: screens[second] ?? overview.show, params: { draft: first, path: third, at, back } }
}
