// What gets through a bad line, by the app's own modules: counted on a clock of the line's own (slow_line.js).

import assert from "node:assert/strict"
import { test } from "node:test"

import { Outbox } from "../../../static/app/sync/outbox.js"
import "../../../static/app/sync/files.lazy.js" // there before the clock of the line begins
import { Sync } from "../../../static/app/sync/schedule.js"
import { Kept, Office, SlowLine, photo } from "./slow_line.js"

const ENTRY = 6000 // bytes of an interview of six people

/** A phone with so many interviews, each with photos of about so many bytes. */
function phone(count, sizes = []) {
  const kept = new Kept()
  for (let number = 0; number < count; number++) {
    const id = idOf(number)
    const about = (size, place) => Math.round(size * (0.7 + ((number * 37 + place * 11) % 60) / 100))
    kept.finish(
      id,
      ENTRY,
      sizes.map((size, place) => photo(`${id} ${place}`, about(size, place))),
    )
  }
  return kept
}

const idOf = (number) => `e-${String(number).padStart(4, "0")}`
const SEALED = {
  id: "r",
  title: "Đợt 2026",
  state: "open",
  form: { id: "f", version: "1", hash: "h", url: "/api/v1/forms/f/1" },
}
const sealed = (number) => ({
  ...SEALED,
  title: `Đợt ${number}`,
  form: { ...SEALED.form, id: `f${number}`, url: `/api/v1/forms/f${number}/1` },
})

function sync(kept, states = []) {
  const outbox = (report, wish) => new Outbox(kept, "a", async () => ({ id: "d" }), report, wish)
  return new Sync(outbox, (state) => states.push(state))
}

/** The phone begins to send; so many seconds pass on the line, or until all is sent. */
const sends = (line, kept, seconds, states) =>
  line.during(async () => {
    sync(kept, states).now()
    await line.pass(seconds, () => kept.unsent.length === 0)
  })

/** One talk, from the first word to the last: why it ended early, or null. */
const talks = (line, kept, talk = sync(kept)) =>
  line.during(async () => {
    const before = talk.state.runs
    talk.now()
    await line.pass(3600, () => talk.state.runs > before)
    return talk.state.stopped
  })

const waiting = (kept) => [...kept.items.values()].filter(({ state }) => state === "waiting").length
const photosLeft = (kept) => kept.unsent.length - waiting(kept)
const at = (line, part) => line.calls.filter(({ address }) => address.startsWith(`/api/v1/${part}`))

test("40 kB/s cut every 20 s: four fifths of what the line carries arrive, photos too, and little goes twice", async () => {
  const kept = phone(300, [90_000, 40_000, 20_000])
  const office = new Office()
  const line = new SlowLine(office.answer, { rate: 40_000, cut: 20 })
  await sends(line, kept, 240)
  assert.equal(waiting(kept), 0)
  assert.ok(office.taken >= 0.8 * 40_000 * 240, `${office.taken} of ${40_000 * 240} B`)
  assert.ok(line.up <= 1.25 * office.taken, `${line.up} B sent for ${office.taken}`)
  assert.equal(office.again, 0)
})

// [bytes a second, seconds between cuts, seconds, share of the line that entries are to have]
for (const [rate, cut, seconds, share] of [
  [2000, Infinity, 120, 0.6],
  [2000, 20, 240, 0.5],
  [6000, 10, 60, 0.5],
  [500, 60, 600, 0.4],
  [100_000, 3, 60, 0.3],
]) {
  test(`${rate} B/s cut every ${cut} s: entries are acknowledged one after the other, each sent about once`, async () => {
    const kept = phone(400)
    const office = new Office()
    const line = new SlowLine(office.answer, { rate, cut })
    await sends(line, kept, seconds)
    assert.ok(office.taken >= Math.min(400 * ENTRY, share * rate * seconds), `${office.taken} B of ${rate * seconds}`)
    assert.ok(line.up <= 1.4 * office.taken + 30_000, `${line.up} B sent for ${office.taken}`)
    assert.equal(office.again, 0)
  })
}

test("300 kB go once, 2 kB/s slow, and a photo of 200 kB comes through a line that is cut every 20 s", async () => {
  const kept = phone(50)
  const office = new Office()
  const line = new SlowLine(office.answer, { rate: 2000 })
  await sends(line, kept, 900)
  assert.equal(waiting(kept), 0)
  assert.ok(line.up < 1.25 * 50 * ENTRY, `${line.up} B for ${50 * ENTRY}`)
  const large = phone(1, [200_000])
  const cut = new SlowLine(new Office().answer, { rate: 2000, cut: 20 })
  await sends(cut, large, 600)
  assert.deepEqual(large.unsent, [])
})

test("what arrived though nobody heard so is asked for by id, and not sent again; an old office is sent it", async () => {
  for (const offers of [["brief", "receipts"], null]) {
    const kept = phone(30)
    const office = new Office({ offers })
    let lost = 0
    office.fault = (address, call) => {
      if (!address.endsWith("/push") || lost) return undefined
      lost = office.push(call).body.results.length
      return null // taken, and never answered
    }
    const line = new SlowLine(office.answer)
    assert.equal(await talks(line, kept), null)
    assert.equal(waiting(kept), 0)
    assert.equal(office.again, offers ? 0 : lost * ENTRY)
    const names = at(line, "push").map(({ body }) => [
      JSON.parse(body).entries.length > 0,
      "unsent" in JSON.parse(body),
    ])
    assert.ok(names.every(([carries, tells]) => tells === !(carries && offers)))
    assert.deepEqual(names.at(-1), [false, true])
  }
})

test("why a household has no interview goes with the interviews, and waits where the office does not know of it", async () => {
  for (const offers of [["brief", "receipts", "outcomes"], ["brief", "receipts"], null]) {
    const kept = phone(3)
    kept.finish("o-1", 300)
    kept.items.get("o-1").entry.no_interview = { kind: "absent", reason: "", attempts: [], place: null }
    const office = new Office({ offers })
    const isKnown = Boolean(offers?.includes("outcomes"))
    assert.equal(await talks(new SlowLine(office.answer), kept), null)
    assert.equal(kept.items.get("o-1").state, isKnown ? "received" : "waiting")
    assert.equal(kept.items.get("o-1").problem, null)
    assert.equal(waiting(kept), isKnown ? 0 : 1) // it holds up no interview
    office.offers = ["brief", "receipts", "outcomes"] // the office is brought up to date
    assert.equal(await talks(new SlowLine(office.answer), kept), null)
    assert.equal(waiting(kept), 0)
  }
})

test("a tab that died while an answer was on its way asks for it in the next talk", async () => {
  const kept = phone(3)
  const office = new Office()
  const first = new SlowLine((address, call) =>
    address.endsWith("/push") ? (office.push(call), null) : office.answer(address, call),
  )
  await first.during(async () => {
    sync(kept).now()
    await first.pass(5) // dies
  })
  const line = new SlowLine(office.answer)
  assert.equal(await talks(line, kept), null)
  assert.equal(waiting(kept), 0)
  assert.equal(office.again, 0)
})

// What each part is asked by, and what must go whatever becomes of it.
const PARTS = {
  push: [false, true, true],
  files: [true, false, true],
  uploads: [true, false, true],
  register: [true, true, false],
  "forms/f1": [true, true, true],
}
const ours = (status, more) => ({ status, body: { problem: { code: `of_${status}`, title: "?", next: "?" } }, ...more })
const ANSWERS = {
  404: () => ours(404),
  403: () => ours(403),
  410: () => ours(410),
  500: () => ours(500),
  503: () => ours(503, { headers: { "Retry-After": "900" } }),
  507: () => ours(507),
  "a proxy's 403": () => ({ status: 403, headers: { "X-So-Ho": "" } }),
  "a proxy's 502": () => ({ status: 502, headers: { "X-So-Ho": "" } }),
  "no answer": () => null,
}

for (const [part, [entries, photos, register]] of Object.entries(PARTS)) {
  for (const [what, answer] of Object.entries(ANSWERS)) {
    test(`${what} to ${part} holds up nothing else, and goes as soon as it is answered`, async () => {
      const kept = phone(4, part === "uploads" ? [40_000] : [9000])
      const office = new Office({ households: 120, rounds: [sealed(1), sealed(2)] })
      office.fault = (address) => (address.startsWith(`/api/v1/${part}`) ? answer() : undefined)
      const line = new SlowLine(office.answer)
      const talk = sync(kept)
      const stopped = await talks(line, kept, talk)
      assert.equal(waiting(kept) === 0, entries)
      // File by file.
      const isRefused = part === "files" || part === "uploads" ? [403, 404, 410].includes(Number(what)) : false
      const goesInParts = part === "files" && what === "no answer"
      // No entry: no photo of it is asked for yet.
      assert.equal(photosLeft(kept) === 0, photos || goesInParts || !entries)
      assert.equal(kept.households.size === 120, register)
      assert.ok(kept.forms.has("f2 1"))
      assert.equal(kept.forms.has("f1 1"), part !== "forms/f1")
      const name =
        { push: "entries", files: "files", uploads: "files", register: "register" }[part] ?? "form /api/v1/forms/f1/1"
      assert.equal(Boolean(stopped?.parts.some((one) => one.part === name)), !isRefused && !goesInParts)
      assert.equal(
        [...kept.photos.values()].some(({ problem }) => problem),
        isRefused,
      )
      assert.ok(line.now < 200_000, `${line.now / 1000} s`)
      assert.ok(line.calls.length < 60, `${line.calls.length} calls`)
      office.fault = () => undefined
      kept.photos.forEach((one) => (one.problem = null)) // as «Gửi ngay» does
      assert.equal(await talks(line, kept, talk), null)
      assert.deepEqual(kept.unsent, [])
      assert.ok(kept.forms.has("f1 1") && kept.households.size === 120)
    })
  }
}

for (const [what, answer] of Object.entries(ANSWERS)) {
  test(`${what} to the question what is there: everything is sent all the same`, async () => {
    const kept = phone(12, [9000])
    const office = new Office()
    office.fault = (address) => (address.endsWith("/receipts") ? answer() : undefined)
    kept.meta.set("under_way", [idOf(0), idOf(1)])
    const line = new SlowLine(office.answer)
    const talk = sync(kept)
    await talks(line, kept, talk)
    await talks(line, kept, talk)
    assert.deepEqual(kept.unsent, [])
  })
}

test("an interview that the office, or a proxy on the way, cannot take holds up none of the others", async () => {
  for (const answer of [
    () => ours(500),
    ANSWERS["a proxy's 403"],
    () => ours(400),
    () => ours(413),
    () => ({ status: 413, headers: { "X-So-Ho": "" } }),
  ]) {
    const kept = phone(40)
    const office = new Office()
    office.fault = (address, { body }) =>
      address.endsWith("/push") && [7, 31].some((number) => body.includes(`"${idOf(number)}","commune_id`))
        ? answer()
        : undefined
    const line = new SlowLine(office.answer, { rate: 100_000 })
    await talks(line, kept)
    assert.deepEqual(
      kept.unsent.map(({ id }) => id),
      [idOf(7), idOf(31)],
    )
  }
})

test("a photo that is never answered holds up no other, and the busy minutes end", async () => {
  const kept = phone(12, [30_000])
  const office = new Office()
  const bad = [...kept.photos.keys()][5]
  const isBad = (address, { headers }) =>
    address.includes(bad) || headers?.["Upload-Metadata"]?.includes(Buffer.from(bad).toString("base64"))
  office.fault = (address, call) => (isBad(address, call) ? null : undefined)
  const line = new SlowLine(office.answer)
  const stopped = await talks(line, kept)
  assert.equal(stopped.why, "slow")
  assert.equal(photosLeft(kept), 1)
  assert.ok(line.now < 110_000, `${line.now / 1000} s`)
})

test("each part that failed has its own pause; the others do not wait for it, and a tap does not either", async () => {
  const kept = phone(0)
  const office = new Office({ households: 3, rounds: [sealed(1)] })
  office.fault = (address) => (address.includes("/forms/f1") ? ours(500) : undefined)
  const line = new SlowLine(office.answer)
  await line.during(async () => {
    const talk = sync(kept)
    talk.now()
    await line.pass(3600)
    const asked = at(line, "forms/f1").length
    assert.ok(asked > 4 && asked < 20, `${asked} times`)
    kept.finish("e-1", ENTRY)
    talk.now()
    await line.pass(60, () => !kept.unsent.length)
    assert.deepEqual(kept.unsent, [])
    await line.pass(60, () => at(line, "forms/f1").length > asked)
    assert.equal(at(line, "forms/f1").length, asked + 1)
  })
})

test("with a line that is gone a talk ends after two tries", async () => {
  const kept = phone(5, [30_000])
  const office = new Office({ rounds: [sealed(1)] })
  office.fault = (address) => (address.endsWith("/hello") ? undefined : null)
  const line = new SlowLine(office.answer)
  const stopped = await talks(line, kept)
  assert.equal(stopped.why, "slow")
  assert.ok(line.now < 130_000, `${line.now / 1000} s`)
  assert.ok(line.calls.length <= 5, `${line.calls.length} calls`)
})

test("photos give the line to the register for a moment, and go on after it", async () => {
  const kept = phone(40, [100_000])
  const office = new Office({ households: 500 })
  const line = new SlowLine(office.answer, { rate: 40_000 })
  assert.equal(await talks(line, kept), null)
  const order = line.calls.map(({ address }) => address.split("/")[3].split("?")[0])
  const begun = order.indexOf("register")
  assert.ok(order.slice(0, begun).includes("uploads") && order.slice(begun).includes("uploads"))
  assert.deepEqual([kept.unsent.length, kept.households.size], [0, 500])
})

test("a register comes bit by bit over 2 kB/s cut every 10 s, each household about once", async () => {
  const kept = phone(0)
  const line = new SlowLine(new Office({ households: 150 }).answer, { rate: 2000, cut: 10 })
  await line.during(async () => {
    sync(kept).now()
    await line.pass(600, () => kept.households.size === 150)
  })
  assert.equal(kept.households.size, 150)
})

test("pauses grow while nothing goes, and begin anew with whatever went", async (t) => {
  t.mock.method(Math, "random", () => 1)
  const gaps = async (goes) => {
    const kept = phone(12)
    const office = new Office()
    let left = 0
    office.fault = (address) => {
      if (address.endsWith("/hello")) left = goes
      else if (!address.endsWith("/receipts") && !(address.endsWith("/push") && left-- > 0)) return null
    }
    const line = new SlowLine(office.answer)
    const states = []
    await line.during(async () => {
      sync(kept, states).now()
      const ends = []
      for (let talk = 0; talk < 4; talk++) {
        await line.pass(3600, () => states.at(-1)?.runs > talk)
        const ended = line.now
        const calls = line.calls.length
        await line.pass(3600, () => line.calls.length > calls)
        ends.push(Math.round((line.now - ended) / 1000))
      }
      states.pauses = ends
    })
    return states.pauses
  }
  assert.deepEqual(await gaps(0), [5, 10, 20, 40])
  assert.deepEqual((await gaps(1)).slice(0, 2), [5, 5])
})

test("the list of households that no round asks for comes whole over a bad line, and again only when it is another", async () => {
  const entries = Array.from({ length: 120 }, (_, place) => ({ household_id: `h-${place}`, padding: "x".repeat(400) }))
  const office = new Office({ between: { mark: "one", entries } })
  const kept = phone(0)
  const line = new SlowLine(office.answer, { rate: 6000, cut: 4 })
  assert.equal(await talks(line, kept), null)
  assert.deepEqual(await kept.list("between"), { mark: "one", entries })
  assert.ok(at(line, "households").length > 1)
  const good = new SlowLine(office.answer)
  assert.equal(await talks(good, kept), null)
  assert.equal(at(good, "households").length, 0) // hello said that nothing is otherwise
  office.between = { mark: null, entries: [] } // a round opened
  assert.equal(await talks(good, kept), null)
  assert.equal(await kept.list("between"), null)
})

test("a list that became another on its way is taken from its beginning", async () => {
  const entries = (name) => Array.from({ length: 300 }, (_, place) => ({ household_id: `${name}-${place}` }))
  const office = new Office({ between: { mark: "one", entries: entries("one") } })
  let calls = 0
  office.fault = (address) => {
    if (address.includes("/households") && ++calls === 2) office.between = { mark: "two", entries: entries("two") }
    return undefined
  }
  const kept = phone(0)
  assert.equal(await talks(new SlowLine(office.answer), kept), null)
  assert.ok(calls > 2)
  assert.deepEqual(await kept.list("between"), { mark: "two", entries: entries("two") })
})

test("an office that knows of no such list is not asked for it", async () => {
  const kept = phone(1)
  const line = new SlowLine(new Office().answer)
  assert.equal(await talks(line, kept), null)
  assert.equal(at(line, "households").length, 0)
})

test("after a proposal the phone greets again: what the office made of it comes in the same talk", async () => {
  const list = (mark) => ({ mark, entries: [{ household_id: "h-e-1", made_of: mark }] })
  const office = new Office({ between: list("before"), offers: ["brief", "receipts", "proposals"] })
  office.fault = (address, { body }) => {
    if (address.endsWith("/push") && JSON.parse(body).entries.some((entry) => entry.proposal))
      office.between = list("after")
    return undefined
  }
  const kept = phone(1)
  const said = new SlowLine(office.answer)
  assert.equal(await talks(said, kept), null)
  assert.equal(at(said, "hello").length, 1) // an interview changes nothing there
  kept.finish("e-1", ENTRY)
  kept.items.get("e-1").entry.proposal = { kind: "died" }
  const proposed = new SlowLine(office.answer)
  assert.equal(await talks(proposed, kept), null)
  assert.equal(at(proposed, "hello").length, 2)
  assert.deepEqual(await kept.list("between"), list("after"))
})

test("a greeting after a proposal that fails holds up nothing, and the next talk brings the list", async () => {
  const office = new Office({ between: { mark: "before", entries: [] }, offers: ["brief", "receipts", "proposals"] })
  let greetings = 0
  office.fault = (address) => {
    if (address.endsWith("/push")) office.between = { mark: "after", entries: [] }
    return address.endsWith("/hello") && ++greetings === 2 ? { status: 500, body: {} } : undefined
  }
  office.registered = 10
  const kept = phone(1)
  kept.meta.set("between", { mark: "before", entries: [] })
  kept.items.get(idOf(0)).entry.proposal = { kind: "died" }
  const stopped = await talks(new SlowLine(office.answer), kept)
  assert.equal(stopped.part, "greeting")
  assert.deepEqual([waiting(kept), kept.households.size, (await kept.list("between")).mark], [0, 10, "before"])
  assert.equal(await talks(new SlowLine(office.answer), kept), null)
  assert.equal((await kept.list("between")).mark, "after")
})

test("where no household is beside a round a proposal needs no second greeting", async () => {
  const kept = phone(1)
  kept.items.get(idOf(0)).entry.proposal = { kind: "died" }
  const line = new SlowLine(new Office({ offers: ["brief", "receipts", "proposals"] }).answer)
  assert.equal(await talks(line, kept), null)
  assert.deepEqual([waiting(kept), at(line, "hello").length], [0, 1])
})

const supports = (mark, count, kinds = ["nha_o"]) => ({
  mark,
  kinds,
  given: Array.from({ length: count }, (_, place) => ({ household_id: `${mark}-${place}`, padding: "x".repeat(200) })),
})

test("the list of supports comes whole over a bad line, and again only when it is another", async () => {
  const office = new Office({ supports: supports("one", 150) })
  const kept = phone(0)
  const line = new SlowLine(office.answer, { rate: 6000, cut: 4 })
  assert.equal(await talks(line, kept), null)
  assert.deepEqual(await kept.list("supports"), office.supports)
  assert.ok(at(line, "supports").length > 1)
  const good = new SlowLine(office.answer)
  assert.equal(await talks(good, kept), null)
  assert.equal(at(good, "supports").length, 0)
  const silent = new SlowLine(new Office().answer) // an office of an earlier release, put back
  assert.equal(await talks(silent, kept), null)
  assert.deepEqual([await kept.list("supports"), at(silent, "supports").length], [null, 0])
})

test("a list of supports that became another on its way is taken from its beginning", async () => {
  const office = new Office({ supports: supports("one", 300) })
  let calls = 0
  office.fault = (address) => {
    if (address.includes("/supports") && ++calls === 2) office.supports = supports("two", 120, ["nha_o", "the_bhyt"])
    return undefined
  }
  const kept = phone(0)
  assert.equal(await talks(new SlowLine(office.answer), kept), null)
  assert.ok(calls > 2)
  assert.deepEqual(await kept.list("supports"), office.supports)
})

test("a support waits for an office that takes it, and what became of it comes in the same talk", async () => {
  const office = new Office({ supports: supports("before", 1), offers: ["brief", "receipts"] })
  const kept = phone(2)
  kept.items.get(idOf(0)).entry.support = { kind: "nha_o" }
  assert.equal(await talks(new SlowLine(office.answer), kept), null)
  assert.deepEqual(
    kept.unsent.map(({ id }) => id),
    [idOf(0)],
  )
  office.offers.push("supports")
  office.fault = (address, { body }) => {
    if (address.endsWith("/push") && JSON.parse(body).entries.length) office.supports = supports("after", 2)
    return undefined
  }
  const line = new SlowLine(office.answer)
  assert.equal(await talks(line, kept), null)
  assert.deepEqual([waiting(kept), at(line, "hello").length], [0, 2])
  assert.deepEqual(await kept.list("supports"), office.supports)
})

test("a list of supports that the office cannot give holds up nothing else", async () => {
  const office = new Office({ supports: supports("one", 1), households: 10, rounds: [sealed(1)] })
  office.fault = (address) => (address.includes("/supports") ? { status: 500, body: {} } : undefined)
  const kept = phone(1)
  const stopped = await talks(new SlowLine(office.answer), kept)
  assert.equal(stopped.part, "supports")
  assert.deepEqual([waiting(kept), kept.households.size, kept.forms.size], [0, 10, 1])
})
