// @getodk/web-forms, mounted as its documentation says; an answer is what its own inputs call on a node.
import { createApp, h, nextTick } from "vue"
import { OdkWebForm, webFormsPlugin } from "@getodk/web-forms"

const text = async (name) => (await fetch(name)).text()
const attachment = async () => {
  throw new Error("there is no attachment")
}
let app
let root

/** The engine's root node, which the component keeps to itself. */
function rootOf(vnode, deep = 0) {
  if (!vnode || deep > 40) return null
  const props = vnode.component?.props ?? {}
  for (const value of Object.values(props)) {
    for (const one of [value, value?.root]) if (one?.nodeType === "root") return one
  }
  const below = vnode.component ? [vnode.component.subTree] : Array.isArray(vnode.children) ? vnode.children : []
  for (const child of below) {
    const found = rootOf(child, deep + 1)
    if (found) return found
  }
  return null
}

const nodes = (node) => [node, ...(node.currentState.children ?? []).flatMap(nodes)]

window.bench = {
  async open() {
    const [formXml, instance] = await Promise.all([text("form.xml"), text("instance.xml")])
    const editInstance = {
      resolveInstance: async () => instance,
      attachmentFileNames: [],
      resolveAttachment: attachment,
    }
    app = createApp({ render: () => h(OdkWebForm, { formXml, fetchFormAttachment: attachment, editInstance }) })
    app.use(webFormsPlugin)
    document.body.innerHTML = '<div id="app"></div>'
    app.mount("#app")
    for (let waited = 0; !root && waited < 60_000; waited += 5) {
      await new Promise((done) => setTimeout(done, 5))
      root = rootOf(app._container._vnode)
    }
    if (!root) throw new Error("web-forms did not open")
    await nextTick()
  },
  find: ([, index, field]) => nodes(root).find((node) => node.currentState.reference === `/data/tv[${index}]/${field}`),
  set(node, value) {
    if (node.selectValue) node.selectValue(value)
    else node.setValue(String(value))
    return nextTick()
  },
  add() {
    root.currentState.children.find((node) => node.nodeType.startsWith("repeat-range")).addInstances()
    return nextTick()
  },
  async serialise() {
    const payload = await root.prepareInstancePayload({ payloadType: "monolithic" })
    return payload.data[0].get("xml_submission_file").text()
  },
  values() {
    const calculated = root.currentState.children.filter((node) => /\/c\d+$/.test(node.currentState.reference))
    return Object.fromEntries(
      calculated.map((node) => [node.currentState.reference.slice(6), String(node.currentState.value ?? "")]),
    )
  },
}
