// `node --import ./tests/node/as_served.mjs --test …`: the phone's modules are read as they go out, small, from the folder
// that SERVED names (scripts/small.py), under their own addresses. Without it the tests run on the sources.
import { readFile } from 'node:fs/promises'
import { register } from 'node:module'
import { pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'

const MODULES = new URL('../../static/app/', import.meta.url).href

if (isMainThread) register(import.meta.url)

export async function load(url, context, next) {
  if (!url.startsWith(MODULES)) return next(url, context)
  const served = new URL(`static/app/${url.slice(MODULES.length)}`, pathToFileURL(`${process.env.SERVED}/`))
  return { format: 'module', shortCircuit: true, source: await readFile(served, 'utf8') }
}
