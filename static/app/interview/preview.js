// How a questionnaire that is tried out is addressed; shell/trial.rare.js opens it.

const MARK = "preview:"
const ALLOWED = /^\/(questionnaires|api\/v1\/forms)\/[^\\?#]+$/

/** The id that the draft of a preview goes by: the address of its bundle. */
export const previewOf = (address) => MARK + address

/** The bundle's address when `draft` is the id of a preview: one of ours, and of a questionnaire. */
export function bundleOf(draft) {
  const address = draft?.startsWith(MARK) ? draft.slice(MARK.length) : ""
  return ALLOWED.test(address) && !address.split("/").includes("..") ? address : null
}
