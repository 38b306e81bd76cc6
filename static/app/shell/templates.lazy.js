// The templates and words of everything in this folder: read once, when its first screen is opened.

import { templatesAt } from "../sync/request.js"
import { learn } from "./page.js"

/** @type {Promise<void> | null} */
let taught = null

/** Rejects when they are neither on this phone nor within reach. */
export const learnt = () =>
  (taught ??= templatesAt("/later.html")
    .then(learn)
    .catch((error) => ((taught = null), Promise.reject(error))))
