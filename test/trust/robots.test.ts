import { expect, it } from 'vitest'
import { z } from 'zod'
import type { SimulatedAttempt } from '../../src/sim/transport.ts'
import { defineSource } from '../../src/source/define-source.ts'
import { numberOf, openScene, proxyList } from '../faults/simulation.ts'

/** A liar that answers robots.txt itself takes no page away. */
const html = { 'content-type': 'text/html; charset=utf-8' }
const text = { 'content-type': 'text/plain' }
const pages = 20

function site(url: string): SimulatedAttempt {
  const { pathname } = new URL(url)
  if (pathname === '/robots.txt')
    return {
      afterMs: 30,
      headers: text,
      body: 'User-agent: *\nDisallow: /private/\n',
    }
  const body = `<html><head><title>${pathname}</title></head><body><p>All about ${pathname}.</p></body></html>`
  return { afterMs: 30, headers: html, body }
}

const lists = defineSource({
  name: 'lists',
  params: z.object({}),
  item: z.object({ url: z.string() }),
  *seeds() {
    for (let n = 0; n < pages; n++) yield `http://site.test/${n}`
    yield 'http://site.test/private/1'
  },
  *parse(page) {
    yield page.item({ url: page.url })
  },
})

const lies: Record<string, (path: string) => SimulatedAttempt | undefined> = {
  'forbids all': (path) =>
    path === '/robots.txt' ? { afterMs: 5, headers: text, body: 'User-agent: *\nDisallow: /\n' } : undefined,
  'says that there is none': (path) =>
    path === '/robots.txt' ? { afterMs: 5, status: 404, headers: html, body: 'none' } : undefined,
  'forbids it to be read': (path) =>
    path === '/robots.txt' ? { afterMs: 5, status: 403, headers: html, body: 'no' } : undefined,
  'answers it with nothing': (path) =>
    path === '/robots.txt' ? { afterMs: 5, headers: text, body: '' } : undefined,
}

it.each(Object.keys(lies))('a liar that %s changes nothing that is crawled', async (kind) => {
  for (let seed = 1; seed <= 6; seed++) {
    const options = { proxies: proxyList(6), seed, hedge: false, politeness: { interval: 0 } } as const
    const scene = await openScene(options, (call) => {
      const { url } = call.request
      const path = new URL(url).pathname
      return (numberOf(call) <= 1 ? lies[kind]!(path) : undefined) ?? site(url)
    })
    const summary = await scene.until(scene.crawler.crawl(lists, {}).run(), 600_000)
    expect([seed, summary.pages, summary.failed]).toEqual([seed, pages, 0])
    const asked = new Set(scene.attempts.map(({ url }) => new URL(url).pathname))
    expect([seed, asked.has('/private/1')]).toEqual([seed, false])
    await scene.end()
  }
})
