// Radio rows of a screen that asks outside of a questionnaire.

import { stamp } from "./page.js"

/** Radio rows of `[value, label]` in a place of their own; `kept`: what was chosen before. */
export function choices(place, name, rows, kept = null) {
  place.replaceChildren(
    ...rows.map(([value, label]) => {
      const choice = stamp("choice", { label })
      Object.assign(choice.querySelector("input"), { type: "radio", name, value, checked: value === kept })
      return choice
    }),
  )
}

/** What was chosen of those called `name`. */
export const chosen = (form, name) => form.querySelector(`input[name="${name}"]:checked`)?.value ?? null
