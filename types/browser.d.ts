// What browsers have and TypeScript's own description of them lacks, and the elements that our pages always have.

interface BarcodeDetector {
  detect(source: ImageBitmapSource): Promise<{ rawValue: string; format: string }[]>
}
declare var BarcodeDetector: {
  new (options?: { formats: string[] }): BarcodeDetector
  getSupportedFormats(): Promise<string[]>
}

interface MediaTrackCapabilities {
  torch?: boolean
}
interface MediaTrackConstraintSet {
  torch?: boolean
}
interface NetworkInformation {
  type?: string
  effectiveType?: string
  saveData?: boolean
}
interface Navigator {
  readonly connection?: NetworkInformation
  readonly userAgentData?: { platform: string; brands: { brand: string; version: string }[] }
}
interface ServiceWorkerRegistration {
  readonly sync?: { register(tag: string): Promise<void> }
}

interface Document {
  /** survey/web/templates/app/shell.html */
  getElementById(id: "dialog"): HTMLDialogElement
  getElementById(id: "app" | "languages" | "later"): HTMLElement
}
interface ParentNode {
  querySelectorAll(selectors: "dialog[open]"): NodeListOf<HTMLDialogElement>
  querySelectorAll(selectors: "audio, video"): NodeListOf<HTMLMediaElement>
}

// A timer that is not running: browsers take null as they take undefined.
declare function clearTimeout(id: number | null | undefined): void
declare function clearInterval(id: number | null | undefined): void

interface WindowEventMap {
  /** How far a release came, told to static/plain/start.js. */
  "so-ho": CustomEvent<"stands" | "started" | "failed">
}
