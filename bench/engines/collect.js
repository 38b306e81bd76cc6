// The Collect edition of a questionnaire in ODK's own engine: opened with its tables, answers in the primary instance.
import { createInstance } from "@getodk/xforms-engine"

const nodes = (node) => [node, ...(node.currentState.children ?? []).flatMap(nodes)]

/** → {values, labels: of relevant notes, choices: of the household question, violations} or {error}. */
window.opened = async (form, files) => {
  try {
    const fetchFormAttachment = async (url) => {
      const text = files[String(url).split("/").pop()]
      return text === undefined
        ? new Response("", { status: 404 })
        : new Response(text, { status: 200, headers: { "content-type": "text/csv" } })
    }
    const made = await createInstance(form, { form: { fetchFormAttachment } })
    if (made.mode === "ERROR" || !made.root) throw made.error ?? new Error(JSON.stringify(made))
    const all = nodes(made.root)
    const values = {}
    const labels = {}
    let choices = []
    for (const node of all) {
      const { reference, value, instanceValue, relevant, label, valueOptions } = node.currentState
      const said = Array.isArray(value) ? value.join(" ") : (instanceValue ?? value)
      if (said !== undefined && relevant) values[reference] = String(said ?? "")
      if (node.nodeType === "note" && relevant) labels[reference] = label?.asString ?? ""
      if (reference.endsWith("/odk_so_ho_chon"))
        choices = valueOptions.map((option) => [option.value, option.label?.asString ?? ""])
    }
    return {
      values,
      labels,
      choices,
      violations: made.root.validationState?.violations?.map((one) => one.reference) ?? [],
    }
  } catch (error) {
    return { error: String(error?.stack ?? error) }
  }
}
window.ready = true
