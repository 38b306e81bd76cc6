// The shapes that the phone's modules hand to one another: what goes over the line (docs/sync.md), what a questionnaire
// is made of (docs/form-bundle.md), and the rows of its database (static/app/store/store.js). Said once, for tsc alone: this
// folder is no part of static/, whose every script is served to phones and counted.

type Severity = "error" | "warning"
type Looks = string | undefined
type Texts = { [language: string]: any }
type Answers = { [name: string]: any }
type Jsonish = any

/** A row of a questionnaire, with the rows inside it. */
interface FormNode {
  name: string
  type: string
  label?: Texts
  hint?: Texts
  guidance?: Texts
  media?: { [language: string]: any }
  appearance?: string
  parameters?: { [name: string]: string }
  columns?: { [name: string]: string }
  children: FormNode[]
  list?: string
  from_file?: { value: string; label: string }
  choice_filter?: any
  relevant?: any
  required?: any
  constraint?: any
  warning?: any
  calculate?: any
  default?: any
  readonly?: any
  count?: any
  trigger?: string[]
  because?: any
  member_label?: string
  required_message?: Texts
  constraint_message?: Texts
  warning_message?: Texts
}

interface FormFile {
  sha256: string
  size: number
  type: string
}

/** A questionnaire as phones read it: docs/form-bundle.md. */
interface Bundle {
  format: 1
  id: string
  version: string
  title: string
  languages: string[]
  default_language: string
  partial?: boolean
  instance_name?: any
  settings?: { [name: string]: string }
  /** Of ours: a draft that is tried out. */
  preview?: { files: string }
  hash: string
  build?: string
  children: FormNode[]
  choices: { [list: string]: any[] }
  tables: { [name: string]: any }
  order: [string, string[], string[]][]
  files?: { [name: string]: FormFile }
}

interface RoundForm {
  id: string
  version: string
  hash: string
  build: string
  url: string
}

interface Round {
  id: string
  title: string
  year: number
  state: "open" | "closed"
  opens_on: string
  closes_on: string
  form: RoundForm
  b1_method: string
  standard: string
}

interface Village {
  id: string
  name: string
  area: string | null
  context: { [name: string]: any }
}

interface Signed {
  body: string
  signature: string
}
/** The server has it for good: signed, and kept as it came. */
interface Receipt extends Signed {}

/** What the server says of itself and of who is signed in. */
interface Hello {
  account: { id: string; username: string; display_name: string; role: string; language: string }
  csrf: string
  generation: string
  server_time: string
  clock_doubted: boolean
  app_version: string
  offers?: string[]
  file_limit: number
  commune: { id: string; name: string } | null
  villages: Village[]
  rounds: Round[]
  /** The mark of the list of those that no round asks for; servers of earlier releases say nothing of it. */
  households?: string | null
  /** The mark of the list of supports; servers of earlier releases say nothing of it. */
  supports?: string | null
  receipt_key: string
  receipt_keys?: Signed[]
  revoked: boolean
  bundle_pass?: Signed
  escrow?: { id: string; key: string }
  /** null: this sign-in takes no key; servers of earlier releases say nothing of it. */
  proof?: { session: string; nonce: string; bound: boolean } | null
  /** Of ours: a key that nobody introduced. */
  stranger?: string
}

interface EntryFile {
  path: string
  sha256: string
  size: number
  type: string
}

/** A finished interview as it is sent. */
interface Entry {
  id: string
  commune_id: string
  round_id: string
  household_id: string
  form: { id: string; version: string }
  answers: Answers
  confirmed: { [path: string]: string }
  outcome: {
    class: string | null
    b1: number | null
    b2: number | null
    indicators: { [key: string]: number | null }
  } | null
  files: EntryFile[]
  started_at: string
  finalised_at: string
  date_doubted?: "behind" | "ahead" | null
  replaces: string | null
  new_household: { village_id: string; head_name: string } | null
  /** Of ours: in the outbox an OutcomeEntry stands beside interviews. */
  no_interview?: any
  /** Of ours: and a ProposalEntry. */
  proposal?: any
  /** Of ours: and a SupportEntry. */
  support?: any
}

interface Comment {
  path: string | null
  text: string
}

/** An interview that is not finished, as the store holds it; its answers are `start` and the journal. */
interface Draft {
  id: string
  round_id: string
  household_id: string
  commune_id: string
  form: { id: string; version: string }
  name: string
  code: string
  village_id: string
  state: "open" | "finalised" | "discarded"
  entry_id?: string
  start: Answers
  last: Answers | null
  comments: Comment[]
  visited: string[]
  started_at: string
  date_doubted?: "behind" | "ahead" | null
  replaces: string | null
  new_household: { village_id: string; head_name?: string } | null
  /** What the disk spoilt: it or an event of its journal cannot be read. */
  damaged?: boolean
}

/** A step of a draft's journal. */
interface Step {
  op: "set" | "add" | "remove" | "confirm" | "piece" | "seen" | "resume"
  path: string
  value?: any
  at?: string
}

interface Problem {
  path: string
  kind: string
  severity: Severity
  message: Texts
  words?: string
}

/** What a screen hands to the shell. */
interface ShownScreen {
  element: HTMLElement
  shown?: () => any
  leave?: () => void
  changed?: () => void
  progressed?: (state: SyncState) => void
  settle?: () => Promise<any>
  reworded?: () => void
  isPlaced?: boolean
  isTrouble?: boolean
}

/** What came of one call: static/app/sync/reply.js. */
interface Verdict {
  act: string
  problem?: any
  seconds?: number | null
  why?: string
  status?: any
  ours?: boolean
  body?: any
  header?: (name: string) => string | null
  isAnother?: boolean
  cause?: unknown
  greeting?: Hello
}

interface Answered {
  status?: any
  ours?: any
  body?: any
  retryAfter?: string | null
  header?: (name: string) => string | null
  why?: string
}

interface SyncState {
  busy: boolean
  stopped: any
  runs: number
  step?: string
  done?: number
  total?: number
  [more: string]: any
}

/** A repeat's instances, with each change of one: [instance, the place in it, …]. */
interface Instances extends Array<any> {
  changes: any[]
}

/** What lies under a name in the store "meta". */
type Kept<Key extends string> = Key extends "hello" ? Hello | undefined : any

/** A household of the register, with the search key of its name and code. */
interface Household {
  household_id: string
  round_id: string
  village_id: string
  code: string
  head_name: string
  state: "to_visit" | "received" | "returned" | "accepted"
  change: number
  /** Of ours. */
  gone: boolean
  /** Of ours. */
  key: string
  last_class: string | null
  context: { [name: string]: any }
  last_answers: Answers | null
  returned: { entry_id: string; at: string; by: string; answers: Answers; comments: Comment[] } | null
  /** Servers of earlier releases say nothing of it. */
  outcome?: Outcome | null
  /** Whom it was given to; servers of earlier releases say nothing of it. */
  assigned?: "you" | "other" | null
  /** What was proposed of it by who is signed in; servers of earlier releases say nothing of it. */
  proposals?: Proposal[]
}

/** A household that no round asks for now: between two of them, all. */
interface ListedHousehold {
  household_id: string
  village_id: string
  code: string
  head_name: string
  last_class: string | null
  last_answers: Answers | null
  proposals: Proposal[]
}

/** What became of a change that was proposed. */
interface Proposal {
  entry_id: string
  kind: string
  state: "waiting" | "held" | "accepted" | "refused" | "undone"
  at: string
  by: string
  words: string
}

/** What stands of a household without an interview. */
interface Outcome {
  entry_id: string
  kind: string
  state: "waiting" | "confirmed" | "sent_back"
  at: string
  by: string
  words: string
}

/** A visit at which nobody was there; `place` as a geopoint's answer. */
interface Attempt {
  at: string
  place: string | null
}

/** Why a household has no interview, as it is sent in the place of an interview. */
interface OutcomeEntry {
  id: string
  commune_id: string
  round_id: string
  household_id: string
  no_interview: { kind: string; reason: string; attempts: Attempt[]; place: string | null }
  files: EntryFile[]
  finalised_at: string
}

/** A change of a household that is proposed, as it is sent in the place of an interview. */
interface ProposalEntry {
  id: string
  commune_id: string
  /** None where no round asks for the household. */
  round_id?: string
  household_id: string
  proposal: {
    kind: string
    person: string | null
    effective_on: string
    given: { [field: string]: string | number }
    base: { [field: string]: string }
    reason: string
  }
  files: EntryFile[]
  finalised_at: string
}

/** A kind of support and its rule. */
interface SupportKind {
  code: string
  label: string
  benefit_group: string
  subject: "household" | "person"
  window: "none" | "month" | "calendar_year" | "programme" | "life"
}

/** A project under which something may be given; its days are both included. */
interface SupportProject {
  programme: string
  project: string
  name: string
  programme_name: string
  since: string
  until: string | null
  /** Which lack it is for; no classes: of households of any class. */
  serves: { indicator: string; classes: string[] }[]
}

/** What a household lacks by its last accepted interview. */
interface SupportNeed {
  household_id: string
  class: string | null
  lacks: string[]
}

/** What was given already; `person` null: to the household. */
interface SupportGiven {
  household_id: string
  person: string | null
  benefit_group: string
  window_key: string
  kind: string
  day: string
  place: string
  programme_name: string
  /** Whole đồng, and pieces; null: not written down. An office of an earlier release says neither. */
  amount?: number | null
  quantity?: number | null
}

/** What became of a support that was told of. */
interface SupportSent {
  entry_id: string
  household_id: string | null
  kind: string | null
  day: string | null
  state: "held" | "accepted" | "refused" | "reversed"
  at: string
  by: string
  words: string
}

/** What can be given in a commune, what was, and what became of what was sent: the parts of /supports put together. */
interface SupportList {
  mark: string | null
  kinds: SupportKind[]
  projects: SupportProject[]
  needs: SupportNeed[]
  given: SupportGiven[]
  sent: SupportSent[]
}

/** One that was given, or waits on this phone: of the list, or of an entry of ours. */
interface Given extends SupportGiven {
  id: string
  state: string
  amount: number | null
  quantity: number | null
  document: string
  words: string
  by: string
  entry: any
  held: any
}

/** What is said of a support; `day` null: the fields make none. */
interface Supported {
  kind: string
  programme: string
  project: string
  person: string | null
  day: string | null
  amount: number | null
  quantity: number | null
  document: string
  note: string
}

/** A support that was given, as it is sent in the place of an interview. */
interface SupportEntry {
  id: string
  commune_id: string
  /** Left out: it is of no round. */
  round_id?: string
  household_id: string
  support: {
    kind: string
    programme: string
    project: string
    person: string | null
    day: string
    amount: number | null
    quantity: number | null
    document: string
    note: string
  }
  files: EntryFile[]
  finalised_at: string
  date_doubted?: "behind" | "ahead" | null
}

/** A finished interview, ready for the outbox. */
interface Finished {
  id: string
  draft_id: string
  name: string
  code: string
  entry: Entry
  content_hash: string
}

/** A row of the outbox. */
interface Outgoing extends Finished {
  state: "waiting" | "received"
  /** Hashes of files that the server has not acknowledged. */
  missing: string[]
  result: Omit<PushResult, "receipt" | "missing_files"> | null
  receipt: Receipt | null
  verified?: boolean | null
  problem: { code: string; title?: string; next?: string } | null
  carried_at?: string
  damaged?: boolean
}

/** What push answers of one entry. */
interface PushResult {
  id: string
  outcome: "stored" | "held"
  reason: { code: string; title: string; next: string } | null
  missing_files: string[]
  receipt: Receipt
}

/** A file's row: of an answer, or of a questionnaire. */
interface KeptFile {
  sha256: string
  blob?: Blob
  size: number
  type: string
  name?: string
  receipt: Receipt | null
  problem: { code: string } | null
  has_thumbnail?: boolean
  freed?: boolean
}

/** A file that the server lacks of an entry that it has. */
interface WaitingFile {
  sha256: string
  commune_id: string
  isHere: boolean
  size: number
  type: string
  problem: { code: string } | null
  has_thumbnail: boolean
}
