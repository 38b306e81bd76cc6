// Before all else, in words that every browser reads (ES5, no module): it starts the app. At the first visit the worker
// fetches the app's modules as one, and they are run from there: each byte comes once. When they do not start, it says
// so and what can be done, and tells the worker, which then serves the release before. The app says how far it came by
// events named "so-ho": "stands" (some screen), "started" (one behind the lock), "failed".

;(function () {
  var FROM_PHONE = 20000 // milliseconds in which a release that is on the phone has a screen
  var FROM_NETWORK = 60000
  var FOR_WORKER = 20000 // in which the browser has the worker's own script
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
  var isBegun = false
  var main = /** @type {any} */ (document.currentScript).getAttribute("data-main")
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

  function begin() {
    if (isBegun) return
    isBegun = true
    timer = setTimeout(failed, worker ? FROM_PHONE : FROM_NETWORK)
    var script = document.createElement("script")
    script.type = "module"
    script.src = main
    document.head.appendChild(script)
  }

  /** At the first visit: when the worker has the app and serves this page, or when it gives up. */
  function beginWithWorker() {
    services.addEventListener("controllerchange", begin)
    var patience = setTimeout(begin, FOR_WORKER)
    services.register("/sw.js", { updateViaCache: "none" }).then(function (registration) {
      clearTimeout(patience)
      /** @type {any} */
      var first = registration.installing
      if (registration.active || !first) return begin() // a page that was led past the worker
      document.addEventListener("DOMContentLoaded", open.bind(null, "#coming"))
      if (document.readyState !== "loading") open("#coming")
      first.addEventListener("statechange", function () {
        if (first.state === "redundant" || first.state === "activated") begin()
      })
    }, begin)
  }

  if (isOld) failed()
  else if (services && !worker) beginWithWorker()
  else begin()
})()
