// The addresses of the app's screens, built and read in this one place (routes.js has the screens):
// #/ · #/h/<round>/<household> · #/none/<round>/<household> · #/propose/<round>/<household> ·
// #/support/<round>/<household> · #/new ·
// #/d/<draft>[/s/<path>|/check|/result][?at=<question>|?back=<question>] · #/sent/<entry> · #/settings · #/queue ·
// #/room · #/missed · #/carry · #/pin · #/forgot[/new] · #/preview/<address of a bundle>, which goes on as
// #/d/preview:<address>/…. Steps are URI-encoded. Android's back button walks them; an answer never depends on leaving
// properly. What always leads to the same screen stands as a link in its template.

const to = (...steps) => `#/${steps.map(encodeURIComponent).join("/")}`

export const HOME = to()
export const ROOM = to("room")
export const FORGOT = to("forgot")
/** Where who forgot the code goes on once signed in: from the server's own page, so with the path. */
export const FORGOT_NEW = `/${to("forgot", "new")}`

/** @param {{ round_id?: string | null, household_id?: string | null }} one a household, or what was said of it */
export const ofHousehold = (one) => to("h", one.round_id, one.household_id)

/** An interview that is open: its overview, or what follows: `"check"`, `"result"`, `"s"` and the path of a screen. */
export const ofInterview = (draft, ...rest) => to("d", draft, ...rest)

/** The screen of a question, with the question in sight. */
export const ofQuestion = (draft, screen, path) => `${ofInterview(draft, "s", screen)}?at=${encodeURIComponent(path)}`

/** A screen from which a key leads back to the question. */
export const withWayBack = (address, path) => `${address}?back=${encodeURIComponent(path)}`

/** Why a household has no interview. */
export const ofNoInterview = (one) => to("none", one.round_id, one.household_id)

/** A change of a household that is proposed to the commune. */
export const ofProposal = (one) => to("propose", one.round_id, one.household_id)

/** A support that a household received. */
export const ofSupport = (one) => to("support", one.round_id, one.household_id)

/** What was sent, or waits for it. */
export const ofSent = (entry) => to("sent", entry)

/** What was built, taken apart. */
export function read(hash) {
  const [way, query] = hash.replace(/^#\/?/, "").split("?")
  return { steps: way.split("/").map(decodeURIComponent), query: Object.fromEntries(new URLSearchParams(query)) }
}
