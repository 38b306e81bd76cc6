// Ours and ODK's engine in one page, for the differential run: the same form and answers, every calculation read.
import { createInstance } from "@getodk/xforms-engine"
import "../../static/app/engine/digest.rare.js"
import { Record } from "../../static/app/engine/record.js"

const nodes = (node) => [node, ...(node.currentState.children ?? []).flatMap(nodes)]

/** → {reference: value} of the calculations named `ket_qua…`, or {error}. */
window.theirs = async (form, table) => {
  try {
    const headers = { "content-type": "text/csv" }
    const fetchFormAttachment = async () => new Response(table, { headers, status: 200 })
    const opened = await createInstance(form, { form: { fetchFormAttachment } })
    if (opened.mode === "ERROR" || !opened.root) throw opened.error ?? new Error(JSON.stringify(opened))
    const found = {}
    for (const node of nodes(opened.root)) {
      const { reference, value, instanceValue } = node.currentState
      if (/\/ket_qua[_0-9]*$/.test(reference))
        found[reference.replace("/data/", "")] = String(value ?? instanceValue ?? "")
    }
    return found
  } catch (error) {
    return { error: String(error?.message ?? error) }
  }
}

window.ours = (bundle, answers, clock) => new Record(bundle, { answers, clock, newId: () => "id" }).values()
window.ready = true
