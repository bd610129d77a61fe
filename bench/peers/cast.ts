import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Who takes part, how each is started, and how to see that it is installed. Settings are explained in each one's file. */
export interface Peer {
  readonly name: string
  /** Program and arguments; the job's path is added. */
  readonly command: readonly [string, ...string[]]
  /** What install.sh puts there. */
  readonly needs: string
  /** The one scenario it is for. */
  readonly only?: string
}

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const rust = (name: string): Peer => {
  const binary = at(`./${name}/target/release/peer-${name}`)
  return { name, command: [binary], needs: binary }
}

export const regatta: Peer = {
  name: 'Regatta',
  command: [process.execPath, at('./regatta/main.mjs')],
  needs: at('./regatta/main.mjs'),
}
export const rawUndici: Peer = {
  name: 'raw undici',
  command: [process.execPath, at('./raw-undici/main.mjs')],
  // Without an installation of its own it finds the project's undici, the same version.
  needs: at('./raw-undici/main.mjs'),
}
export const crawlee: Peer = {
  name: 'Crawlee',
  command: [process.execPath, at('./crawlee/main.mjs')],
  needs: at('./crawlee/node_modules/@crawlee/http'),
}
const crawleeAsDocumented: Peer = {
  ...crawlee,
  name: 'Crawlee, defaults',
  command: [process.execPath, at('./crawlee/as-documented.mjs')],
  only: 'clean-20',
}
const scrapy: Peer = {
  name: 'Scrapy',
  command: [at('./scrapy/.venv/bin/python'), at('./scrapy/main.py')],
  needs: at('./scrapy/.venv/bin/scrapy'),
}

/** Regatta first: the others are compared with it. */
export const cast: readonly Peer[] = [
  regatta,
  rawUndici,
  crawlee,
  crawleeAsDocumented,
  scrapy,
  rust('scatter-proxy'),
  rust('stygian-proxy'),
]

export function isInstalled(peer: Peer): boolean {
  return existsSync(peer.needs)
}
