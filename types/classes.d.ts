// What classes get from outside (`Object.assign`, a subclass, another module), which tsc does not see by itself.

import "../static/app/shell/controls/picture.js"
import "../static/app/interview/interview.js"
import "../static/app/sync/request.js"
import "../static/app/engine/values.js"

declare module "../static/app/sync/request.js" {
  interface Stopped extends Verdict {
    /** Of a talk: all that failed, and whether something went. */
    parts?: Stopped[]
    hasMoved?: boolean
    part?: string
    title?: string
    rests?: boolean
  }
}

declare module "../static/app/interview/interview.js" {
  interface Interview {
    /** A questionnaire that is tried out: static/app/shell/trial.rare.js. */
    isPreview?: boolean
  }
}

declare module "../static/app/shell/controls/picture.js" {
  interface Kept {
    question: any
    element: HTMLElement
    status: HTMLElement
    /** The media type of what is drawn; a PNG where nothing is said. */
    type?: string
    show(hash: string, isDrawing?: boolean): any
  }
}

declare module "../static/app/engine/values.js" {
  interface Node {
    /** Of a table's row: its number. */
    at?: number
  }
}
