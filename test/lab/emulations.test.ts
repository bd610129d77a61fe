import { describe, expect, it, onTestFinished } from 'vitest'
import { startLab } from '../../src/lab/lab.ts'
import { parseScenario, type Scenario } from '../../src/lab/scenario.ts'

async function start(books: Scenario['origins'][string]) {
  const lab = await startLab({ origins: { books } })
  onTestFinished(() => lab.close())
  return lab
}

describe('an origin that emulates a service', () => {
  it('answers as the service, and as the lab elsewhere', async () => {
    const lab = await start({ emulates: 'openlibrary' })
    const { direct } = lab.origins.books!
    expect((await fetch(`${direct}/works/OL0W.json`)).status).toBe(404)
    expect((await fetch(`${direct}/status/418`)).status).toBe(418)
  })

  it('counts its own limits faster where the scenario scales time', async () => {
    // Sixty a minute, five at once: six are too many, unless a minute is over in 60 ms.
    const statusesOf = async (scale: number) => {
      const lab = await start({ emulates: { service: 'openlibrary', scale } })
      const statuses = new Set<number>()
      for (let request = 0; request < 6; request++) {
        statuses.add((await fetch(`${lab.origins.books!.direct}/empty`)).status)
      }
      return [...statuses]
    }
    expect(await statusesOf(1)).toEqual([200, 429])
    expect(await statusesOf(0.00001)).toEqual([200])
  })

  it('takes the limit of the scenario in place of its own', async () => {
    const lab = await start({
      emulates: 'openlibrary',
      limit: { perIp: { requests: 1, perMs: 60_000 }, status: 503 },
    })
    const { direct } = lab.origins.books!
    expect((await fetch(`${direct}/empty`)).status).toBe(200)
    expect((await fetch(`${direct}/empty`)).status).toBe(503)
  })

  it('keeps its count when other manners change', async () => {
    const lab = await start({ emulates: 'openlibrary' })
    const { direct } = lab.origins.books!
    for (let request = 0; request < 5; request++) await (await fetch(`${direct}/empty`)).text()
    await lab.control.set('books', { keepAlive: { requests: 10 } })
    expect((await fetch(`${direct}/empty`)).status).toBe(429)
  })

  it('is refused by name when there is no such service', () => {
    expect(() => parseScenario({ origins: { books: { emulates: 'openlibary' } } })).toThrow(
      /origins\.books\.emulates.*openlibrary/,
    )
  })
})
