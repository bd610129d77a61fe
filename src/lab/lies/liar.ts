import { createRandom } from '../../base/random.ts'
import { pickHash } from '../hash.ts'
import type { LieScript } from './lie-schema.ts'
import { type Lie, lies, type Memory } from './lies.ts'
import { readMessage, writeMessage } from './whole-message.ts'

/** What a liar knows of the request that it answers. */
export interface Asked {
  readonly method: string
  /** Without the port. */
  readonly host: string
  /** With the query. */
  readonly path: string
}

/** What all liars of a world share. */
export class LiarsWorld {
  /** The scenario's. */
  readonly seed: number
  readonly #siteOf: (host: string) => LiarsSite | undefined
  readonly #memories = new Map<string, Memory>()

  constructor(seed: number, siteOf: (host: string) => LiarsSite | undefined) {
    this.seed = seed
    this.#siteOf = siteOf
  }

  siteOf(host: string): LiarsSite | undefined {
    return this.#siteOf(host)
  }

  /** Kept by a proxy, or by a band together. */
  memoryOf(name: string): Memory {
    let memory = this.#memories.get(name)
    if (!memory) {
      memory = {}
      this.#memories.set(name, memory)
    }
    return memory
  }
}

/** Where liars have the pages from that they did not fetch themselves; whole responses. */
export interface LiarsSite {
  /** The page before its last revision. */
  older(path: string): Buffer | undefined
  /** Another page than this one; `luck` in [0, 1) says which. */
  other(path: string, luck: number): Buffer | undefined
}

/**
 * A proxy that lies, now and then or always. What it says follows from seed and URL alone, so that a band tells one lie,
 * and the simulator's proxies say what the lab's say.
 */
export class Liar {
  readonly #name: string
  readonly #world: LiarsWorld
  /** Requests that it has passed on, and might have lied to. */
  #answers = 0

  constructor(name: string, world: LiarsWorld) {
    this.#name = name
    this.#world = world
  }

  /** What it will make of the response to this request, or undefined to pass it on. `atMs`: the lab's time. */
  plan(script: LieScript, asked: Asked, atMs: number): Lie | undefined {
    const { how, band, share, hosts, paths } = script
    if (asked.method === 'HEAD') return undefined
    const reach = lies[how].paths
    if (reach && !reach.test(asked.path)) return undefined
    if (hosts && !hosts.includes(asked.host)) return undefined
    if (paths && !paths.some((start) => asked.path.startsWith(start))) return undefined
    const before = this.#answers++
    if (before < script.afterAnswers || atMs < script.afterMs) return undefined
    const key = band === undefined ? `proxy ${this.#name}` : `band ${band}`
    const seed = script.seed ?? Math.floor(pickHash(this.#world.seed, key) * 2 ** 32)
    const occasion = band === undefined ? String(before) : asked.host + asked.path
    if (share < 1 && pickHash(seed, `share ${occasion}`) >= share) return undefined
    const memory = this.#world.memoryOf(key)
    const site = this.#world.siteOf(asked.host)
    return (response) => {
      const truth = readMessage(response)
      if (!truth) return response
      const told = lies[how].tell({
        truth,
        asked,
        lieLuck: createRandom(seed),
        pageLuck: createRandom(
          seed + 0x1_0000_0000 * Math.floor(pickHash(seed, asked.host + asked.path) * 2 ** 20),
        ),
        memory,
        to: script.to,
        older: () => readPage(site?.older(asked.path)),
        other: (luck) => readPage(site?.other(asked.path, luck)),
      })
      if (!told) return response
      return Buffer.isBuffer(told) ? told : writeMessage(told)
    }
  }
}

function readPage(wire: Buffer | undefined) {
  return wire && readMessage(wire)
}
