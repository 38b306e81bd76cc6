// The capture shell: what stands on the screen, and which screen. The DOM is touched only here (and in media.js).
//
// Stable hooks, for tests and for nobody's style:
//   [data-screen]  welcome lock pin-new pin-change pin-forgot trouble home household new-household overview section
//                  elsewhere check result sent settings no-interview propose support
//   [data-path]    a question (".question[data-path='thanh_vien[2]/the_bhyt']"); data-state on a section or member row;
//   [data-screen=section][data-place] the section or member that stands
//   [data-action]  settings sync search household new-household interview section instance add remove next overview
//                  check result finalise jump confirm same take-over update sign-in sign-out send-refused sent back
//                  home carry carry-file carry-codes halt step speed take-file take-lines scan-receipts form-language
//                  quick-back enlarge play restart discard save-receipt trust-key persist photo read-place keep-place
//                  clear change search-choice retry language letters forgot other lock-now change-pin queue send-photos
//                  only-wifi room install free missed was-this was-other other-people
//                  no-interview visit say reason propose support seek stop note document
//   [data-count]   saved unsent received: the line of truth
//   [data-notice]  sign-in refused release not-offline withdrawn stranger clock desk room missed elsewhere alike
//   [data-part]    places that words are filled into;  html[data-ready="1"] once the first screen stands
//   [data-part=sync][data-state]  busy idle never sign_in wait refused other_account, with [data-runs] of syncs ended
//   [data-saved]   of an interview's bar: saving saved failed;  .verdict[data-class];  [data-indicator][data-deprived]

import "../older.js"
import { bounds, doubt } from "../clock.js"
import { Device } from "../store/device.js"
import { keepGreeting } from "../store/greeting.js"
import { Locked } from "../store/sealing.js"
import { Store } from "../store/store.js"
import { Outbox } from "../sync/outbox.js"
import { Stopped, brought, shut, signOut, who } from "../sync/request.js"
import { Sync } from "../sync/schedule.js"
import { uuidv7 } from "../ids.js"
import { FORGOT, HOME } from "./addresses.js"
import { shrink } from "./media.js"
import { forget } from "./screens/home.js"
import { Keeper } from "./unlocked.js"
import * as lock from "./screens/lock.js"
import * as look from "./appearance.js"
import { bundleOf } from "../interview/preview.js"
import { Opened } from "./open_interview.js"
import { action, part, stamp } from "./page.js"
import { Release, isInterviewOpen } from "./release.js"
import { routeOf } from "./routes.js"
import { space } from "./storage.js"
import * as welcome from "./screens/welcome.js"

/** Tells static/plain/start.js how far this release came: "stands", "started", "failed". */
const tellStart = (detail) => dispatchEvent(new CustomEvent("so-ho", { detail }))
const { released } = document.documentElement.dataset

/**
 * What the screens share: the store of who is signed in, the sync, the open interview, and the way to other screens.
 */
class App {
  device = new Device()
  /** @type {Store} */
  store = /** @type {any} */ (null)
  /** @type {string | null} */
  account = null
  /** @type {ShownScreen | null} */
  screen = null
  /** Nothing stands before the households: somebody is signed in and the vault is not locked. */
  isOpen = false
  #turn = 0
  #changes = 0
  /** @type {string | null} */
  #address = null
  #isForward = false
  #scrolled = new Map()
  #channel = new BroadcastChannel("so-ho")

  async start() {
    await look.apply()
    // Without HTTPS a browser gives neither locks nor hashes nor a worker: better one sentence than half an app.
    if (!isSecureContext) {
      this.#place(await welcome.showInsecure())
      return tellStart("stands")
    }
    Store.relievedBy(async () => (await space()).relieve())
    /** @type {Opened} */
    this.opened = new Opened(this)
    /** @type {Keeper} */
    this.keeper = new Keeper(this)
    /** @type {Release} */
    this.release = new Release(() => this.#redraw())
    /** @type {Sync} */
    this.sync = new Sync(
      (report, wish) => this.#outbox(report, wish),
      (state) => this.#synced(state),
    )
    this.#channel.onmessage = ({ data }) => this.#heard(data)
    addEventListener("hashchange", () => this.show())
    document.addEventListener("click", (event) => this.#clicked(event))
    // Whatever nobody caught (a form this release cannot read, say): never a button that does nothing.
    // What a screen was still reading when it was locked is no longer wanted: the browser need not tell of it either.
    addEventListener("unhandledrejection", (event) => {
      if (event.reason instanceof Locked) event.preventDefault()
      else this.#place(this.#trouble(event.reason))
    })
    const send = () => this.isOpen && this.sync.now()
    addEventListener("online", send)
    navigator.serviceWorker?.addEventListener("message", ({ data }) => data === "send" && send())
    addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault() // asked for in the settings
      /** @type {any} */
      this.installing = event
    })
    document.addEventListener("visibilitychange", () => this.#seen())
    history.scrollRestoration = "manual"
    await this.signedIn((await this.device.get("account")) ?? null)
    this.release.start()
  }

  /** Somebody is signed in on this phone (an account's id), or nobody (null). */
  async signedIn(account) {
    this.account = account
    this.store = /** @type {Store} */ (account ? await this.keeper.storeOf(account) : null)
    if (!account) this.keeper.drop()
    await this.note()
    await this.show()
    if (this.isOpen) this.sync.now()
  }

  /** The key has come, typed or from another tab: what an earlier release kept in plain is sealed first. */
  async unlock(key, report) {
    const store = new Store(this.account, this.keeper.ring, key)
    await store.sealAll(report).catch((error) => console.error(error)) // a full disk, say: the next time it goes on
    this.store = store
    this.keeper.keep(key)
    await this.show()
    this.sync.now()
  }

  /** What is open is saved, then nothing can be read any more. A talk with the server that is under way ends first. */
  async lock() {
    await this.opened.close()
    this.keeper.drop()
    this.store = new Store(this.account, this.keeper.ring)
    forget()
    for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close("no")
    await this.show()
    navigator.locks.request("so-ho sync", () => {}).then(() => this.store?.isLocked && shut())
  }

  /**
   * Why this phone's date cannot be right now, for an interview in `round`, or null; a date that can be is a mark for
   * later ones.
   */
  async doubt(round) {
    const now = Date.now()
    const found = doubt(now, await bounds(this.store, round, released))
    if (!found) await this.store.set("clock_at", now)
    return found
  }

  /** Asks the server who is signed in there: their own store opens. Throws Stopped. */
  async enrol() {
    if (await this.device.get("owes_sign_out")) {
      // Somebody signed out without network: first the server must know.
      if (!(await signOut())) throw new Stopped({ act: "wait" })
      await this.device.set("owes_sign_out", false)
      throw new Stopped({ act: "sign_in" })
    }
    const greeting = await who()
    await look.prefer(greeting.account.language)
    await this.#become(greeting)
  }

  async #become(greeting) {
    const { id } = greeting.account
    // Until there is a PIN nothing but this is kept.
    if (!(await this.device.get(`ring ${id}`))) await keepGreeting(new Store(id), greeting)
    await this.device.set("account", id)
    this.tell("account")
    await this.signedIn(id)
  }

  /** Signs out of this phone; deletes nothing. */
  async leave() {
    await this.opened.close()
    await this.device.set("account", null)
    await this.device.set("owes_sign_out", true)
    if (await signOut()) await this.device.set("owes_sign_out", false)
    this.tell("account")
    this.go(HOME)
    await this.signedIn(null)
  }

  // Screens

  go(hash) {
    this.#isForward = true
    if (location.hash === hash) this.show()
    else location.hash = hash
  }

  /** Instead of the screen that stands: back does not lead to it again. */
  replace(hash) {
    history.replaceState(history.state, "", hash)
    return this.show()
  }

  async show() {
    const turn = ++this.#turn
    const changes = this.#changes
    if (await this.#isGone()) return location.reload()
    const route = routeOf(location.hash)
    const barrier = await this.#barrier()
    this.isOpen = !barrier
    // A questionnaire is tried out by somebody at the desk, who need not be enrolled here.
    const isFree =
      !barrier || bundleOf(route.params.draft) || (barrier === lock.show && location.hash.startsWith(FORGOT))
    const { show, params } = isFree ? route : { show: barrier, params: {} }
    if (params.draft !== this.opened.id) await this.opened.close()
    const screen = await (params.draft ? this.opened.guard(show) : show)(this, params).catch((error) =>
      this.#trouble(error),
    )
    if (turn !== this.#turn || !screen) return
    this.#place(screen)
    if (changes !== this.#changes) screen.changed?.() // of which the screen that stood until now was told
    if (!screen.isTrouble) tellStart(!barrier || barrier === welcome.show ? "started" : "stands")
  }

  /** The screen that stands before all others, or null. */
  async #barrier() {
    if (!this.store) return welcome.show
    if (this.store.isLocked) return lock.show
    if (this.keeper.ring) return null
    const greeting = await this.store.get("hello")
    if (!greeting) return welcome.show
    // A phone of an earlier release: it asks once it knows the office's key, and not in the middle of an interview.
    return greeting.escrow && !(await isInterviewOpen()) ? lock.showNew : null
  }

  #place(screen) {
    this.screen?.leave?.()
    if (this.#address !== null) this.#scrolled.set(this.#address, scrollY)
    const from = this.#address
    this.screen = screen
    this.#address = location.hash
    if (this.#isForward && from !== location.hash) history.replaceState({ from }, "")
    document.getElementById("app").replaceChildren(screen.element)
    screen.shown?.()
    if (!screen.isPlaced) {
      scrollTo(0, this.#isForward ? 0 : (this.#scrolled.get(location.hash) ?? 0))
      part(screen.element, "title")?.focus({ preventScroll: true })
    }
    this.#isForward = false
    document.documentElement.dataset.ready = "1"
  }

  /** Something broke (a full or closed disk, a mistake of ours): one sentence and a way on, never an empty page. */
  #trouble(error) {
    console.error(error)
    const element = stamp("trouble")
    action(element, "retry").addEventListener("click", () => location.reload())
    tellStart("failed")
    return { element, isTrouble: true }
  }

  #clicked(event) {
    const link = event.target.closest?.("a[href^='#']")
    if (!link) return
    this.#isForward = true
    // The bar's arrow is the same as the phone's back button where it leads to the same place.
    if (link.dataset.action === "back" && history.state?.from === link.hash) {
      event.preventDefault()
      this.#isForward = false
      history.back()
    }
  }

  // Other tabs and the network

  tell(what) {
    this.#channel.postMessage(what)
  }

  /** Says outside of the database what this phone holds, once what can do that is here. */
  async note() {
    const { account, device, store } = this
    if (account) await import("./mirror.lazy.js").then(({ note }) => note(device, account, store)).catch(() => {})
  }

  /**
   * Was everything cleared under this page? What it wrote from now on nobody could open again. (Who signs out keeps the
   * id.)
   */
  async #isGone() {
    return this.account && !(await this.device.get("account")) && !(await this.device.get("device_id"))
  }

  /** Something was stored: this screen and other tabs show it. */
  changed() {
    this.note()
    this.#redraw()
    this.tell("changed")
  }

  #redraw() {
    this.#changes += 1
    this.screen?.changed?.()
  }

  async #heard(what) {
    if (what === "account") {
      const account = (await this.device.get("account")) ?? null
      if (account !== this.account || !this.keeper.ring) await this.signedIn(account)
    } else this.#redraw()
  }

  #seen() {
    if (document.visibilityState === "visible" && this.isOpen) {
      this.release.look()
      this.sync.now()
    } else this.opened.interview?.saved()
  }

  #synced(state) {
    if (state.busy) this.screen?.progressed?.(state)
    else {
      this.changed()
      this.release.wakeLater(state.stopped?.why === "offline")
    }
    if (!state.busy && (!state.stopped || state.stopped.part)) {
      this.release.keepLater()
      if (!this.keeper.ring) this.#barrier().then((barrier) => barrier && this.show())
    }
    if (state.stopped?.act === "other_account") this.#becomeAnother(state.stopped.greeting)
  }

  // Somebody else signed in on this phone: their own households, never the first one's.
  async #becomeAnother(greeting) {
    if (this.opened.id) return // not while an interview is open; the next sync asks again
    this.go(HOME)
    await this.#become(greeting)
  }

  #outbox(report, wish) {
    return (
      this.isOpen &&
      new Outbox(this.store, /** @type {string} */ (this.account), () => this.#describe(), report, {
        ...wish,
        shrink,
        origin: location.origin,
      })
    )
  }

  /** This phone as push describes it. */
  async #describe() {
    const known = await this.device.get("device_id")
    const device = known ?? (await brought(() => import("./mirror.lazy.js"))).read().device
    const agent = navigator.userAgentData
    const browser = agent?.brands?.at(-1)
    return {
      id: await this.device.once("device_id", () => device ?? uuidv7()),
      label: agent
        ? `${agent.platform} · ${browser?.brand ?? ""} ${browser?.version ?? ""}`.trim()
        : navigator.userAgent.slice(0, 120),
      app_version: await this.release.version(),
      escrow: this.keeper.ring?.escrow_id,
      storage: await brought(() => import("./storage.lazy.js")).then(
        ({ described }) => described(this.device),
        () => null,
      ),
    }
  }
}

/** @typedef {App} Shell */

new App().start()
