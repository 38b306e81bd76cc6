// A file input says in the browser's own language that nothing was chosen yet: our button beside it says what to do, so
// that is left out. Where this does not run it stands there, and all works.

/** @type {NodeListOf<HTMLInputElement>} */
const inputs = document.querySelectorAll(".file-field input")

for (const input of inputs) {
  const tell = () => input.toggleAttribute("data-empty", !input.files?.length)
  input.addEventListener("change", tell)
  tell()
}
