import assert from "node:assert/strict"
import { test } from "node:test"

import { isOffered, startingAnswers, suggestion } from "../../../static/app/interview/preload.js"

const copy = { preload: "copy" }
const bundle = {
  children: [
    { name: "khu_vuc", type: "hidden", columns: { preload: "context" } },
    { name: "dan_toc", type: "select_one", columns: copy },
    { name: "nha_o", type: "group", children: [{ name: "tuong", type: "select_one" }] },
    {
      name: "thanh_vien",
      type: "repeat",
      children: [
        { name: "ho_ten", type: "text", columns: copy },
        { name: "the_bhyt", type: "select_one" },
      ],
    },
    { name: "tai_san", type: "repeat", children: [{ name: "loai", type: "select_one" }] },
  ],
}
const household = {
  context: { khu_vuc: "nong_thon", dan_toc: "x" },
  last_answers: {
    khu_vuc: "thanh_thi",
    dan_toc: "thai",
    nha_o: { tuong: "go" },
    thanh_vien: [
      { ho_ten: "Lò Văn Một", the_bhyt: "co" },
      { ho_ten: "Lò Thị Hai", the_bhyt: "khong" },
    ],
    tai_san: [{ loai: "tivi" }],
  },
}

test("only identity and context are taken over; every other answer waits to be asked", () => {
  assert.deepEqual(startingAnswers(bundle, household), {
    khu_vuc: "nong_thon",
    dan_toc: "thai",
    thanh_vien: [{ ho_ten: "Lò Văn Một" }, { ho_ten: "Lò Thị Hai" }],
  })
})

test("a household without last year begins with its context alone", () => {
  assert.deepEqual(startingAnswers(bundle, { ...household, last_answers: null }), { khu_vuc: "nong_thon" })
})

const insurance = bundle.children[3].children[1]

test("last year's answer is suggested for the same member", () => {
  const origins = { thanh_vien: [1] } // the first one was removed
  assert.equal(suggestion(insurance, "thanh_vien[1]/the_bhyt", household.last_answers, origins), "khong")
})

test("a choice that this year's question no longer offers is not suggested", () => {
  assert.ok(isOffered("tivi xe_may", [{ name: "tivi" }, { name: "xe_may" }]))
  assert.ok(!isOffered("tivi radio", [{ name: "tivi" }]))
})

test("nothing is suggested for a new member or a copied answer", () => {
  const last = household.last_answers
  assert.equal(suggestion(insurance, "thanh_vien[2]/the_bhyt", last, { thanh_vien: [0, null] }), undefined)
  assert.equal(suggestion(bundle.children[1], "dan_toc", last, {}), undefined)
  assert.equal(suggestion(insurance, "thanh_vien[1]/the_bhyt", null, {}), undefined)
})
