import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { openlibrary } from '../../plugins/openlibrary.ts'
import type { SinkRecord } from '../../src/contracts/sink.ts'
import { type Crawler, createCrawler } from '../../src/face/crawler.ts'
import { LibraryGraph } from '../../src/lab/emulations/open-library-graph.ts'
import { startLab } from '../../src/lab/lab.ts'
import { parseScenario, type Scenario } from '../../src/lab/scenario.ts'
import { parseOptions } from '../../src/options/options.ts'
import { createVirtualClock } from '../../src/sim/clock.ts'
import { beginLife } from '../../src/sim/life.ts'
import { ScenarioWorld } from '../../src/sim/scenario-world.ts'
import { createCallbackSink } from '../../src/sink/callback.ts'

const minute = 60_000
const contact = 'reader@example.org'

const scenario = (proxies: Scenario['proxies'], scale = 1): Scenario => ({
  seed: 16,
  origins: { books: { tls: true, emulates: { service: 'openlibrary', scale } } },
  proxies,
})
const latency = { kind: 'lognormal', medianMs: 150, sigma: 0.4 } as const
const exits = (count: number) => [{ name: 'exit', count, latency }]

const graph = new LibraryGraph({ seed: 16 })
const seeds = [...graph.works.keys()].filter((_, index) => index % 12 === 0)
const truth = graph.from(seeds)

interface Found {
  readonly keys: string[]
  readonly edges: string[]
}

async function crawl(crawler: Crawler, params: z.input<typeof openlibrary.params>): Promise<Found> {
  const found: Found = { keys: [], edges: [] }
  const sink = createCallbackSink(({ kind, value }: SinkRecord) => {
    if (kind === 'item') found.keys.push((value as { key: string }).key)
    else found.edges.push(edgeText(value as { from: string; type: string; to: string }))
  })
  await crawler.crawl(openlibrary, params, { sinks: [sink] }).run()
  return found
}

const edgeText = ({ from, type, to }: { from: string; type: string; to: string }) => `${from} ${type} ${to}`

/** Everything that links lead to, each once, and nothing else. */
function expectWhole({ keys, edges }: Found): void {
  expect(keys.toSorted()).toEqual([...truth.works, ...truth.authors, ...truth.subjects].toSorted())
  expect(edges.toSorted()).toEqual(truth.edges.map(edgeText).toSorted())
}

/** On virtual time, with the options that hold when nobody sets any. */
async function simulated(proxies: Scenario['proxies']) {
  const time = createVirtualClock()
  const parsed = parseScenario(scenario(proxies))
  const input = { refresh: 604_800_000, seed: 1 }
  const world = new ScenarioWorld(parsed, time, parseOptions(input))
  const life = await beginLife(world, time, input, () => {})
  let found: Found | undefined
  crawl(life.crawler, { seeds, contact, base: 'https://books.lab' }).then((all) => {
    found = all
  })
  await time.reaches(() => found !== undefined, 120 * minute)
  const ms = time.now()
  const { rows } = world.hosts[0]!.reception.book()
  life.die()
  world.close()
  return { found: found!, ms, rows, refused: rows.filter(({ status }) => status === 429).map(({ at }) => at) }
}

describe('Open Library from twenty seeds, 180 requests a minute and address', () => {
  it('comes whole, and at least 2.4 times as fast over three proxies as over one', async () => {
    expect(seeds).toHaveLength(20)
    const [one, three] = [await simulated(exits(1)), await simulated(exits(3))]
    for (const { found, refused } of [one, three]) {
      expectWhole(found)
      expect(refused.filter((at) => at > minute)).toEqual([])
    }
    console.log(
      one.ms,
      three.ms,
      one.rows.length,
      three.rows.length,
      one.refused.length,
      three.refused.length,
    )
    expect(one.ms / three.ms).toBeGreaterThanOrEqual(2.4)
    // Nobody waits longer than the service asks for: a request each third of a second.
    expect(one.ms).toBeLessThan((one.rows.length / 180) * minute * 1.1)
    // Each record and each page of a list once: hedges add little.
    expect(three.rows.length).toBeLessThan(one.rows.length * 1.1)
    // No tail: the last tenth comes about as fast as the others.
    const tail = three.ms - three.rows[Math.floor(three.rows.length * 0.9)]!.at
    expect(tail).toBeLessThan((three.ms / 10) * 1.5)
  })

  it('comes whole through proxies that fail', async () => {
    const { found } = await simulated([
      ...exits(2),
      { name: 'flaky', count: 2, latency, flaky: { request: 0.4 } },
      { name: 'dead', count: 2, fault: { kind: 'dead' } },
    ])
    expectWhole(found)
  })

  it('comes whole over real sockets, twenty times as fast', async () => {
    const scale = 0.05
    await using lab = await startLab(scenario([{ count: 3 }], scale))
    await using crawler = await createCrawler({ proxies: [...lab.proxies], ca: lab.ca })
    expectWhole(await crawl(crawler, { seeds, contact, rate: 180 / scale, base: lab.origins.books!.url }))
    const { rows } = (await lab.books()).origins.books!
    expect(rows.filter(({ status, at }) => status === 429 && at > minute * scale)).toEqual([])
  })
})
