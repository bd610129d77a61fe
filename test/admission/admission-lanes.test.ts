import { expect, test } from 'vitest'
import { admitLinks, admitSeed } from '../../src/admission/admission.ts'
import { createHostBlocks } from '../../src/admission/host-blocks.ts'
import { createMemoryFrontier } from '../../src/frontier/memory.ts'
import { ManualClock } from '../manual-clock.ts'
import { requestOf } from '../source/fixtures.ts'

const admission = { source: 'shop', hostKey: (url: URL) => url.host, now: 0 }

test('a request of an earlier lane leaves before all older ones of later lanes, per host', async () => {
  const clock = new ManualClock()
  const frontier = createMemoryFrontier({ clock })
  const priorities = [7, undefined, 5, 0, 99, -3, 4, 1.9]
  const links = priorities.map((priority, index) => ({
    url: `http://a.example/${index}`,
    ...(priority !== undefined && { priority }),
  }))
  await frontier.discover([admitSeed('http://a.example/seed', admission)])
  await frontier.discover(
    admitLinks(links, { ...admission, parent: requestOf('http://a.example/') }).discovered,
  )
  const order: string[] = []
  for (;;) {
    const [lease] = await frontier.take({ max: 1, now: clock.now() })
    if (!lease) break
    order.push(new URL(lease.request.url).pathname)
    await frontier.settle([{ lease, kind: 'done' }])
  }
  expect(order).toEqual(['/3', '/5', '/7', '/seed', '/1', '/6', '/2', '/0', '/4'])
})

test('a refused link is counted apart from a broken one, and a seed is not asked about', () => {
  const blocks = createHostBlocks(['*.ads.example'])
  const refuse = ({ url }: { url: string }) => (blocks.holds(new URL(url)) ? 'blocked-host' : undefined)
  const links = ['http://x.ads.example/', 'mailto:a@b.example', '/b'].map((url) => ({ url }))
  const parent = requestOf('http://a.example/')
  const { discovered, dropped, refused } = admitLinks(links, { ...admission, parent, refuse })
  expect(discovered.map(({ request }) => request.url)).toEqual(['http://a.example/b'])
  expect({ dropped, refused }).toEqual({ dropped: 1, refused: 1 })
  expect(admitSeed('http://x.ads.example/', { ...admission, refuse }).request.host).toBe('x.ads.example')
})
