import assert from "node:assert/strict"
import { test } from "node:test"

import { markdown, plainText } from "../../../static/app/engine/markdown.rare.js"

const strong = (...inside) => ({ is: "strong", inside })
const em = (...inside) => ({ is: "em", inside })

test("a plain label is one text", () => {
  assert.deepEqual(markdown("Ông/bà tên là gì?"), ["Ông/bà tên là gì?"])
  assert.deepEqual(markdown(""), [])
})

test("bold and italic, in both ways of writing and within one another", () => {
  assert.deepEqual(markdown("**Ai** là _chủ hộ_?"), [strong("Ai"), " là ", em("chủ hộ"), "?"])
  assert.deepEqual(markdown("__Ai__ *đó*"), [strong("Ai"), " ", em("đó")])
  assert.deepEqual(markdown("**rất _quan_ trọng**"), [strong("rất ", em("quan"), " trọng")])
  assert.deepEqual(markdown("*a **b** c*"), [em("a ", strong("b"), " c")])
})

test("what only looks like Markdown stays what it is", () => {
  for (const text of [
    "so_khau_khai",
    "2 * 3 * 4",
    "5 ** 2",
    "a_b_c",
    "* một",
    "1. Họ tên",
    "- Trong đó: nữ",
    "#1",
    "<3",
    "a < b && c > d",
    "[x]",
    "**",
    "_",
    "[]()",
  ]) {
    assert.deepEqual(markdown(text), [text])
  }
})

test("an escaped sign is the sign", () => {
  assert.deepEqual(markdown("\\*không nghiêng\\* \\_x\\_ \\\\"), ["*không nghiêng* _x_ \\"])
  assert.deepEqual(markdown("C:\\Ảnh"), ["C:\\Ảnh"])
})

test("headings, line breaks, lists", () => {
  assert.deepEqual(markdown("# Phần 1\nNhà ở"), [{ is: "heading", level: 1, inside: ["Phần 1"] }, "Nhà ở"])
  assert.deepEqual(markdown("một\nhai<br>ba"), ["một", { is: "br" }, "hai", { is: "br" }, "ba"])
  assert.deepEqual(markdown("Gồm:\n- điện\n- **nước**"), [
    "Gồm:",
    {
      is: "ul",
      inside: [
        { is: "li", inside: ["điện"] },
        { is: "li", inside: [strong("nước")] },
      ],
    },
  ])
  assert.deepEqual(markdown("3. ba\n4. bốn\nhết"), [
    {
      is: "ol",
      start: 3,
      inside: [
        { is: "li", inside: ["ba"] },
        { is: "li", inside: ["bốn"] },
      ],
    },
    "hết",
  ])
})

test("a link leads out, and nowhere else", () => {
  assert.deepEqual(markdown("[Nghị định](https://vanban.chinhphu.vn/x_y?a=1)"), [
    { is: "a", href: "https://vanban.chinhphu.vn/x_y?a=1", inside: ["Nghị định"] },
  ])
  const hostile = [
    "javascript:alert%281%29",
    "JavaScript:alert`1`",
    "data:text/html,x",
    "//evil",
    "/desk/",
    "vbscript:x",
    "https:",
    "blob:x",
    "java\u0000script:x",
    "\u0001javascript:x",
  ]
  for (const address of hostile) {
    const found = JSON.stringify(markdown(`[bấm](${address})`))
    assert.ok(!found.includes('"is":"a"'), `${address} → ${found}`)
  }
})

test("a coloured span keeps its meaning in a colour that can be read", () => {
  const tone = (style) => markdown(`<span style="${style}">x</span>`)[0].tone
  assert.equal(tone("color:red"), "danger")
  assert.equal(tone("font-size:20px; color: #f00"), "danger")
  assert.equal(tone("color:#008000;"), "ok")
  assert.equal(tone("color:#1e90ff"), "accent")
  assert.equal(tone("color:orange"), "warn")
  assert.equal(tone("color:#999999"), "muted")
  for (const other of ["color:black", "color:#000", "background-color:red", "color:url(x)", "", "color:"])
    assert.equal(tone(other), null)
  assert.deepEqual(markdown("<span style='color:red'>a <span>b</span> c</span> d"), [
    { is: "span", tone: "danger", inside: ["a ", { is: "span", tone: null, inside: ["b"] }, " c"] },
    " d",
  ])
})

test("a few tags and entities are known; every other is letters", () => {
  assert.deepEqual(markdown("m<sup>2</sup> &lt; 5&nbsp;ha"), [
    "m",
    { is: "sup", tone: null, inside: ["2"] },
    " < 5\u00a0ha",
  ])
  for (const text of [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<iframe>",
    "<span onclick=x",
    "</span>",
    "&#60;b&#62;",
    "<svg/onload=x>",
    "&constructor;",
    "<b>x",
  ]) {
    assert.deepEqual(markdown(text), [text])
  }
})

test("no text takes long", () => {
  const hostile = [
    "**a ",
    "[",
    "[a](",
    "<span>",
    "<span ",
    "_a ",
    "*",
    "</span><span>",
    "\\",
    "&",
    "- a\n",
    "# ",
    "<b><i>",
    "**_",
    "[a](",
  ]
  for (const part of hostile) {
    const text = part.repeat(Math.ceil(19000 / part.length))
    const began = performance.now()
    assert.ok(Array.isArray(markdown(text)))
    assert.ok(performance.now() - began < 1000, `${part}: ${performance.now() - began} ms`)
  }
  const long = "**x** ".repeat(5000)
  assert.deepEqual(markdown(long), [long])
})

test("nothing is lost: the plain words of a text are in its tokens", () => {
  assert.equal(plainText("# **Nhà ở**\n- [ở đây](https://a.vn)\n- <span style='color:red'>đỏ</span>"), "Nhà ở ở đây đỏ")
  assert.equal(plainText("1. Họ và **tên**"), "1. Họ và tên")
})
