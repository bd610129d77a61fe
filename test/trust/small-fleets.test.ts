import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { numberOf, openScene, proxyList } from '../faults/simulation.ts'

/** Few exits: what comparing costs there, and what it can find out. */
const html = { 'content-type': 'text/html; charset=utf-8' }
const pages = 60

function trueOf(url: string): string {
  const { pathname } = new URL(url)
  return `<html><head><title>Page ${pathname}</title></head><body><h1>${pathname}</h1><p>All there is to know of ${pathname}.</p></body></html>`
}

interface Found {
  readonly isTrue: boolean
  readonly trust: string
}

/** Writes down what it was given of each page; what comes last counts, for it corrects what came before. */
const shopInto = (found: Map<string, Found>) =>
  defineSource({
    name: 'shop',
    params: z.object({}),
    item: z.object({ url: z.string() }),
    *seeds() {
      for (let n = 0; n < pages; n++) yield `http://site.test/${n}`
    },
    *parse(page) {
      found.set(page.url, { isTrue: page.text() === trueOf(page.url), trust: page.trust })
      yield page.item({ url: page.url })
    },
  })

async function crawl(
  exits: number,
  seed: number,
  lie: (exit: number, url: string) => Partial<SimulatedAttempt> | undefined,
) {
  const politeness = { interval: 20, robots: false } as const
  const options = {
    hedge: false as const,
    proxies: proxyList(exits),
    seed,
    concurrency: 1 + (seed % 4),
    politeness,
  }
  const scene = await openScene(options, (call) => {
    const { url } = call.request
    const answer = { afterMs: 50 + ((seed * 37 + url.length * 11) % 90), status: 200, headers: html }
    return { ...answer, body: trueOf(url), ...lie(numberOf(call), url) }
  })
  const found = new Map<string, Found>()
  const summary = await scene.until(scene.crawler.crawl(shopInto(found), {}).run(), 600_000)
  const items = [...found.values()]
  const convicted = scene.crawler.proxies().filter(({ state }) => state === 'isolated')
  const { attempts, log, clock } = scene
  const elapsed = clock.now()
  await scene.end()
  return { summary, items, convicted, alerts: log.alerts, asked: attempts.length, elapsed }
}

const notice = { body: '<p>nothing but a lie</p>' }

describe.each([1, 2, 3, 4, 5, 6])('seed %i', (seed) => {
  it('one exit is believed, at no cost', async () => {
    const { items, asked } = await crawl(1, seed, () => undefined)
    expect(items).toHaveLength(pages)
    expect(new Set(items.map(({ trust }) => trust))).toEqual(new Set(['unproven']))
    expect(asked).toBe(pages)
  })

  it.each([2, 3, 4])('%i honest exits cost at most two requests more for each, and a few', async (exits) => {
    const { items, asked, convicted } = await crawl(exits, seed, () => undefined)
    expect(items.filter(({ isTrue }) => isTrue)).toHaveLength(pages)
    expect(items.filter(({ trust }) => trust === 'unproven')).toEqual([])
    expect(asked - pages).toBeLessThanOrEqual(2 * exits + 6)
    expect(convicted).toEqual([])
  })

  it.each([3, 4, 5])('a liar among %i exits is found out, and no page of it stays', async (exits) => {
    const { items, asked, convicted } = await crawl(exits, seed, (exit) => (exit === 1 ? notice : undefined))
    expect(items.filter(({ isTrue }) => !isTrue)).toEqual([])
    expect(items).toHaveLength(pages)
    expect(convicted.map(({ id }) => id)).toEqual(['socks5://10.0.0.1:1080'])
    expect(asked - pages).toBeLessThan(36)
  })

  it('of two exits that contradict each other none is believed, and that is said', async () => {
    const { items, asked, convicted, alerts } = await crawl(2, seed, (exit) =>
      exit === 1 ? notice : undefined,
    )
    expect(new Set(items.map(({ trust }) => trust))).toEqual(new Set(['contested']))
    expect(alerts.map(({ code }) => code)).toContain('EXITS_CONTRADICT')
    expect(convicted).toEqual([])
    expect(asked).toBeLessThanOrEqual(2 * pages + 6)
  })
})
