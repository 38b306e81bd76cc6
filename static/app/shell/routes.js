// Which screen an address names (addresses.js).

import { bundleOf, previewOf } from "../interview/preview.js"
import { read } from "./addresses.js"
import * as check from "./screens/check.js"
import * as home from "./screens/home.js"
import * as household from "./screens/household.js"
import * as overview from "./screens/overview.js"
import * as result from "./screens/result.js"
import * as section from "./screens/section.js"
import * as sent from "./screens/sent.js"

const shown = (load) => (app) => load().then(({ show }) => show(app))
const later = {
  pin: (app) => import("./screens/pin.lazy.js").then(({ showChange }) => showChange(app)),
  queue: shown(() => import("./screens/queue.lazy.js")),
  carry: shown(() => import("./screens/carry.lazy.js")),
  room: shown(() => import("./screens/room.lazy.js")),
  missed: shown(() => import("./screens/lost.lazy.js")),
  none: (app, params) => import("./screens/no_interview.lazy.js").then(({ show }) => show(app, params)),
  propose: (app, params) => import("./screens/propose.lazy.js").then(({ show }) => show(app, params)),
  support: (app, params) => import("./screens/support.lazy.js").then(({ show }) => show(app, params)),
  settings: shown(() => import("./screens/settings.lazy.js")),
  forgot: (app, params) => import("./screens/pin.lazy.js").then(({ showForgot }) => showForgot(app, params)),
}

/** "#/d/<draft>/s/<path>?at=<question>" → {show, params}. What it does not know leads home. */
export function routeOf(hash) {
  const { steps, query } = read(hash)
  const [place, first, second, third] = steps
  if (place === "h") return { show: household.show, params: { round: first, household: second } }
  if (place === "new") return { show: household.showNew, params: {} }
  if (place === "sent") return { show: sent.show, params: { id: first } }
  if (Object.hasOwn(later, place)) return { show: later[place], params: { step: first, more: second } }
  if (place === "preview" && bundleOf(previewOf(first)))
    return { show: overview.show, params: { draft: previewOf(first) } }
  if (place !== "d" || !first) return { show: home.show, params: {} }
  const screens = { s: section.show, check: check.show, result: result.show }
  const { at, back } = query
  return { show: screens[second] ?? overview.show, params: { draft: first, path: third, at, back } }
}
