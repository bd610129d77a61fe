import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { defineSource } from '../../src/index.ts'
import { good, openScene, proxyList } from '../faults/simulation.ts'

/** The caller knows better than a rule: what is refused, empty or an error may be what was asked for. */
const html = { 'content-type': 'text/html' }
const answers = {
  '/forbidden': { afterMs: 50, status: 403, headers: html, body: 'no' },
  '/empty': { afterMs: 50, status: 200, headers: html, body: '' },
  '/ill': { afterMs: 50, status: 500, headers: html, body: 'oh' },
  '/busy': { afterMs: 50, status: 429, headers: html, body: 'later' },
}
const open = () =>
  openScene(
    { proxies: proxyList(8), trust: 'blind' },
    ({ request }) => answers[new URL(request.url).pathname as '/ill'] ?? good,
  )

describe('a caller that accepts an answer', () => {
  it.each([
    { path: '/forbidden', init: { accept: 403 } },
    { path: '/forbidden', init: { accept: [404, 'status-403'] } },
    { path: '/forbidden', init: { accept: ({ status }: { status: number }) => status === 403 } },
    { path: '/forbidden', init: { judge: false } },
    { path: '/empty', init: { accept: 'empty-body' } },
    { path: '/empty', init: { judge: false } },
    { path: '/ill', init: { accept: [500] } },
    { path: '/ill', init: { judge: false } },
    { path: '/busy', init: { judge: false } },
  ])('gets it from the first exit: $path with $init', async ({ path, init }) => {
    const scene = await open()
    const answer = await scene.until(scene.crawler.fetch(`http://site.test${path}`, init))
    expect(answer.status).toBe(answers[path as '/ill'].status)
    expect(scene.attempts).toHaveLength(1)
    await scene.end()
  })

  it('still gets what it does not name from another exit, or not at all', async () => {
    const scene = await open()
    const refused = scene.crawler.fetch('http://site.test/forbidden', { accept: [500, 'empty-body'] })
    await expect(scene.until(refused)).rejects.toMatchObject({ value: { reason: 'blocked-everywhere' } })
    await scene.end()
  })

  it('is told when what it gave cannot be asked, or throws', async () => {
    const scene = await open()
    const wrong = scene.crawler.fetch('http://site.test/', { accept: {} as never })
    await expect(scene.until(wrong)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      value: { path: 'accept' },
    })
    const brittle = () => {
      throw new Error('brittle')
    }
    const refused = scene.crawler.fetch('http://site.test/forbidden', { accept: brittle })
    await expect(scene.until(refused)).rejects.toMatchObject({ value: { reason: 'blocked-everywhere' } })
    expect(scene.log.alerts.filter(({ message }) => message.includes('brittle'))).toHaveLength(1)
    await scene.end()
  })
})

it.each([
  { own: { accept: [403, 500] }, read: ['/forbidden', '/ill', '/page'] },
  { own: { judge: false }, read: ['/busy', '/forbidden', '/ill', '/page'] },
])('a source that says so reads such pages: $own', async ({ own, read }) => {
  const source = defineSource({
    name: 'frank',
    params: z.object({}),
    item: z.object({ path: z.string() }),
    robots: false,
    ...own,
    *seeds() {
      for (const path of read) yield `http://site.test${path}`
    },
    *parse(page) {
      yield page.item({ path: new URL(page.url).pathname })
    },
  })
  const scene = await open()
  const items: string[] = []
  scene.crawler.on('item', ({ value }) => items.push((value as { path: string }).path))
  const summary = await scene.until(scene.crawler.crawl(source, {}).run(), 3_600_000)
  expect(items.toSorted()).toEqual(read)
  expect(summary).toMatchObject({ pages: read.length, failed: 0 })
  await scene.end()
})
