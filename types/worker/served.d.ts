// What the server writes in front of static/sw.js (survey/web/capture.py).

declare const VERSION: string
declare const FILES: { [address: string]: string }
declare const REST: string

// TypeScript knows workers, not that ours is one that serves pages.
interface WorkerGlobalScope {
  readonly clients: Clients
  skipWaiting(): Promise<void>
  addEventListener(type: "install" | "activate" | "sync", heard: (event: ExtendableEvent) => void): void
  addEventListener(type: "fetch", heard: (event: FetchEvent) => void): void
  addEventListener(type: "message", heard: (event: ExtendableMessageEvent) => void): void
}
