import { expect } from 'vitest'
import type { OriginRow } from '../../src/lab/books.ts'

/**
 * Readings of an origin's book. A row's time is taken when the head of the request has been read, on the far side of two
 * sockets and an event loop that both ends share, so two arrivals may seem nearer than they were sent: by the time that
 * the second spent less on its way. `slack` allows for that and nothing else.
 */
export const slack = 2

/** No two requests of one exit came closer together than `interval`. */
export function expectInterval(rows: readonly OriginRow[], interval: number, hint: string): void {
  for (const [exit, ofExit] of Map.groupBy(rows, ({ exitIp }) => exitIp)) expectSpacing(ofExit, interval, `${hint}: ${exit}`)
}

export function expectSpacing(rows: readonly OriginRow[], interval: number, hint: string): void {
  const arrivals = rows.map(({ at }) => at).sort((one, other) => one - other)
  const tooClose = arrivals.slice(1).map((at, index) => at - arrivals[index]!).filter((gap) => gap < interval - slack)
  expect(tooClose, `${hint}: gaps below ${interval} ms`).toEqual([])
}
