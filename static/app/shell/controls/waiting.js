// Controls that few forms ask for are read when one does: formparts.js has brought them by then.

/** A control's class that stands in for the one `load()` brings. */
export const later = (load) =>
  class Later {
    constructor(question) {
      this.element = document.createElement("div")
      load().then((Control) => {
        if (this.isGone) return
        this.control = new Control(question)
        this.element.append(this.control.element)
        question.refresh()
      })
    }

    show(value) {
      this.control?.show(value)
    }

    refresh() {
      this.control?.refresh?.()
    }

    fault() {
      return this.control?.fault?.()
    }

    settle() {
      return this.control?.settle?.()
    }

    leave() {
      this.isGone = true
      this.control?.leave?.()
    }
  }
