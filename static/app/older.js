// What the oldest browsers that the app runs in lack (docs/browsers.md); loaded before all other modules. tests/gates/
// test_browsers.py holds that nothing newer is used than they have, or than stands here.

const define = (target, name, value) =>
  target[name] ?? Object.defineProperty(target, name, { value, writable: true, configurable: true })

for (const { prototype } of [Array, String]) {
  define(
    prototype,
    "at",
    /** @this {any} */ function (index) {
      return this[index < 0 ? this.length + index : index]
    },
  )
}
define(
  Array.prototype,
  "findLastIndex",
  /** @this {any} */ function (isWanted) {
    let place = this.length - 1
    while (place >= 0 && !isWanted(this[place], place, this)) place--
    return place
  },
)
// biome-ignore lint/suspicious/noPrototypeBuiltins: it is what the rule asks for
define(Object, "hasOwn", (object, key) => Object.prototype.hasOwnProperty.call(object, key))
