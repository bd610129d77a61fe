import { monitorEventLoopDelay } from 'node:perf_hooks'
import { beforeEach, expect } from 'vitest'
import type { OriginRow } from '../../src/lab/books.ts'

/**
 * Readings of an origin's book. A row's time is taken when the head of the request has been read, behind two sockets and
 * in the event loop that crawler, proxies and origin share here, so two arrivals may seem nearer than they were sent: by
 * what the second spent less on its way. `slack` allows for that, and for the longest that the loop was held up while the
 * test ran, which on a busy machine is more; the tests on virtual time allow for nothing.
 */
const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
beforeEach(() => delay.reset())

export const slack = (): number => 12 + delay.max / 1e6

export async function collect<Value>(values: AsyncIterable<Value>): Promise<Value[]> {
  const all: Value[] = []
  for await (const value of values) all.push(value)
  return all
}

/** No two requests of one exit came closer together than `interval`. */
export function expectInterval(rows: readonly OriginRow[], interval: number, hint: string): void {
  for (const [exit, ofExit] of Map.groupBy(rows, ({ exitIp }) => exitIp))
    expectSpacing(ofExit, interval, `${hint}: ${exit}`)
}

export function expectSpacing(rows: readonly OriginRow[], interval: number, hint: string): void {
  const arrivals = rows.map(({ at }) => at).sort((one, other) => one - other)
  const tooClose = arrivals
    .slice(1)
    .map((at, index) => at - arrivals[index]!)
    .filter((gap) => gap < interval - slack())
  expect(tooClose, `${hint}: gaps below ${interval} ms`).toEqual([])
}
