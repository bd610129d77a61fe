import { expect } from 'vitest'
import type { TransportCall } from '../../src/contracts/transport.ts'
import { type Crawler, createCrawler } from '../../src/face/crawler.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import { createVirtualClock, type VirtualClock } from '../../src/sim/clock.ts'
import { type SimulatedAttempt, type SimulatedStep, SimulatedTransport } from '../../src/sim/transport.ts'
import { expectInvariants, follow, isQuiet, type Logbook } from './invariants.ts'

/** A crawler on virtual time, in a world that is a function of (call, now): hours of an outage pass in milliseconds. */
export interface Scene {
  readonly clock: VirtualClock
  readonly transport: SimulatedTransport
  readonly crawler: Crawler
  readonly log: Logbook
  /** Every attempt that left, also those that reached no host. */
  readonly attempts: readonly Attempt[]
  /** Lets time pass until the promise has ended, and gives its value or its error. */
  until<Value>(promise: Promise<Value>, limit?: number): Promise<Value>
  /** Waits for the last attempt, checks the invariant of all faults, stops, and checks that no timer is left. */
  end(): Promise<void>
}

export interface Attempt {
  readonly at: number
  readonly proxy: string
  readonly host: string
  readonly url: string
}

/** `socks5h://10.0.0.7:1080` is proxy 7. */
export function proxyList(count: number): string[] {
  return Array.from(
    { length: count },
    (_, index) => `socks5://10.0.${(index + 1) >> 8}.${(index + 1) & 255}:1080`,
  )
}

/** 1 for the first of `proxyList`. */
export function numberOf(call: TransportCall): number {
  const [, , high, low] = call.proxy.host.split('.').map(Number)
  return high! * 256 + low!
}

export const good: SimulatedAttempt = { afterMs: 100 }

export async function openScene(
  options: CrawlerOptions,
  attempt: (call: TransportCall, now: number) => SimulatedStep,
): Promise<Scene> {
  const clock = createVirtualClock()
  const attempts: Attempt[] = []
  const transport = new SimulatedTransport(clock, {
    attempt(call, now) {
      const { url } = call.request
      attempts.push({ at: now, proxy: call.proxy.id, host: new URL(url).host, url })
      return attempt(call, now)
    },
  })
  const crawler = await createCrawler({ seed: 1, refresh: 604_800_000, ...options, clock, transport })
  const log = follow(crawler)
  return {
    clock,
    transport,
    crawler,
    log,
    attempts,
    async until(promise, limit) {
      let isOver = false
      const over = () => {
        isOver = true
      }
      promise.then(over, over)
      await clock.runUntil(() => isOver, limit)
      return promise
    },
    async end() {
      await clock.runUntil(() => isQuiet(crawler) && transport.running === 0)
      expectInvariants(crawler, log)
      expect(transport.running).toBe(0)
      await crawler.stop()
      await clock.advance(0)
      expect(clock.pending, 'timers left after stop()').toBe(0)
    },
  }
}

/** Fetches one page after the other in `workers` loops until told to stop: a load whose throughput can be read off. */
export interface Load {
  /** When pages came home, clock ms. */
  readonly finished: number[]
  readonly failures: unknown[]
  /** Pages a second between two clock times. */
  rate(from: number, to: number): number
  /** Starts nothing more; resolves when all have ended. */
  stop(): Promise<void>
}

export function keepFetching(scene: Scene, host: string, workers: number): Load {
  const finished: number[] = []
  const failures: unknown[] = []
  let isOver = false
  let page = 0
  const work = async () => {
    while (!isOver) {
      try {
        await scene.crawler.fetch(`http://${host}/page/${++page}`)
        finished.push(scene.clock.now())
      } catch (error) {
        failures.push(error)
      }
    }
  }
  const all = Promise.all(Array.from({ length: workers }, work))
  return {
    finished,
    failures,
    rate: (from, to) => finished.filter((at) => at >= from && at < to).length / ((to - from) / 1_000),
    async stop() {
      isOver = true
      await scene.until(all)
    },
  }
}
