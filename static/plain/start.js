// Before all else, in words that every browser reads (ES5, no module): when the app's own scripts do not start, it says
// so and what can be done, and tells the worker, which then serves the release before. The app says how far it came by
// events named "so-ho": "stands" (some screen), "started" (one behind the lock), "failed".

;(function () {
  var FROM_PHONE = 20000 // milliseconds in which a release that is on the phone has a screen
  var FROM_NETWORK = 60000
  var services = navigator.serviceWorker
  /** @type {any} */
  var worker = services && services.controller // which served this page; another may take over
  var isOld =
    !("noModule" in document.createElement("script")) ||
    !window.Promise ||
    !Promise.any ||
    !"".replaceAll ||
    !document.replaceChildren
  var isOver = false
  var isTold = false
  var timer

  function each(selector, work) {
    Array.prototype.forEach.call(document.querySelectorAll(selector), work)
  }

  function open(selector) {
    each(selector, function (element) {
      element.hidden = false
    })
  }

  function ask(message, hear) {
    var channel = new MessageChannel()
    channel.port1.onmessage = function (event) {
      hear(event.data)
    }
    worker.postMessage(message, [channel.port2])
  }

  function reload() {
    location.reload()
  }

  /** A mended release that waits is taken: nothing is open in a page that did not start. */
  function again() {
    if (!services) return reload()
    services.getRegistration().then(function (registration) {
      if (!registration || !registration.waiting) return reload()
      services.addEventListener("controllerchange", reload)
      registration.waiting.postMessage("update")
    }, reload)
  }

  function back() {
    ask("back", reload)
  }

  function on(name, work) {
    each("[data-stuck=" + name + "]", function (button) {
      button.onclick = work
    })
  }

  function show() {
    open("#stuck")
    open(isOld ? "[data-stuck=old]" : "[data-stuck=failed]")
    on("again", again)
    on("back", back)
    if (!worker || isTold) return
    isTold = true
    worker.postMessage("failed")
    ask("release", function (told) {
      if (told.before) open("[data-stuck=back]")
    })
    services
      .getRegistration()
      .then(function (registration) {
        return registration && registration.update()
      })
      ["catch"](function () {}) // no network now
  }

  var failed = function (event) {
    if (isOver) return
    if (event && event.error instanceof SyntaxError) isOld = true
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", show)
    else show()
  }

  function stands() {
    isOver = true
    clearTimeout(timer)
    each("#stuck", function (element) {
      element.hidden = true
    })
  }

  window.addEventListener("so-ho", function (event) {
    if (event.detail === "failed") {
      isOver = false
      failed()
    } else stands()
    if (event.detail !== "started") return
    failed = stands // whatever happens now, this release can start
    if (worker) worker.postMessage("started")
  })
  window.addEventListener("unhandledrejection", failed)
  // A script that does not come says so at its element, and this is heard on the way down only.
  window.addEventListener(
    "error",
    function (event) {
      if (event.target === window || /** @type {any} */ (event.target).localName === "script") failed(event)
    },
    true
  )
  if (isOld) failed()
  else timer = setTimeout(failed, worker ? FROM_PHONE : FROM_NETWORK)
})()
