import { expect } from 'vitest'
import type { OriginRow } from '../../src/lab/books.ts'

/**
 * Readings of an origin's book. A row's time is taken when the head of the request has been read, behind two sockets and
 * in the event loop that crawler, proxies and origin share here, so two arrivals may seem nearer than they were sent: by
 * what the second spent less on its way. `slack` allows for that alone; it is a fraction of every interval that is tested,
 * and the tests on virtual time allow for nothing.
 */
export const slack = 12

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
    .filter((gap) => gap < interval - slack)
  expect(tooClose, `${hint}: gaps below ${interval} ms`).toEqual([])
}
