import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { CrawlerEvents } from '../../src/contracts/events.ts'
import type { InspectionEvent } from '../../src/contracts/inspection.ts'
import { defineSource } from '../../src/index.ts'
import { good, numberOf, openScene, proxyList } from '../faults/simulation.ts'

/** Whoever listens may look at all it is given, from the first event on: nothing is told of before it is built. */
const source = defineSource({
  name: 'shop',
  params: z.object({}),
  item: z.object({ url: z.string() }),
  *seeds() {
    for (let n = 0; n < 4; n++) yield { url: `http://target.test/${n}` }
  },
  *parse(page) {
    yield page.item({ url: page.url })
  },
})

/** One exit is dead, one refuses: breakers open, tasks are tried again. */
const mixed = () =>
  openScene({ proxies: proxyList(3), politeness: false }, (call) => {
    if (numberOf(call) === 0) return { afterMs: 5, fault: { phase: 'dial', cause: 'dial-refused' } } as const
    return numberOf(call) === 1 ? { afterMs: 5, status: 403 } : good
  })

interface Seen {
  readonly id: string
  getSnapshot(): unknown
}

/** Looks at everything an inspector is given; what cannot be looked at ends it, and is told as an alert. */
function stringify(event: InspectionEvent): string {
  const actor = event.actorRef as unknown as Seen
  const snapshot = actor.getSnapshot()
  expect(snapshot).toBeDefined()
  const all = [event, snapshot, actor]
  return all.map((each) => JSON.stringify(each) + inspect(each, { depth: 2 })).join('\n')
}

describe('an inspector that stringifies what it is given', () => {
  it('sees every kind of actor from its first event on', async () => {
    const scene = await mixed()
    const actors = new Map<string, string>()
    const look = (event: InspectionEvent) => {
      stringify(event)
      const { id } = event.actorRef as unknown as Seen
      if (!actors.has(id)) actors.set(id, event.type)
    }
    scene.crawler.inspect(look, { attempts: true })
    await scene.until(scene.crawler.crawl(source).run())
    await scene.until(scene.crawler.fetch('http://other.test/'))
    await scene.end()
    expect(scene.log.alerts).toEqual([])
    const kinds = ['crawl shop-1', 'target.test', 'other.test', 'task 0', 'attempt 1', 'router']
    expect([...actors.keys()]).toEqual(expect.arrayContaining(kinds))
    // Those that came while it was there were announced before anything else was told of them.
    for (const id of ['crawl shop-1', 'target.test', 'task 0', 'attempt 1'])
      expect(actors.get(id)).toBe('@xstate.actor')
  })

  it('may come late, while tasks and crawls are under way', async () => {
    const scene = await mixed()
    let seen = 0
    scene.crawler.once('attempt.started', () => {
      scene.crawler.inspect((event) => {
        stringify(event)
        seen++
      })
    })
    await scene.until(scene.crawler.crawl(source).run())
    await scene.end()
    expect(scene.log.alerts).toEqual([])
    expect(seen).toBeGreaterThan(20)
  })
})

const names = [
  ...(['task.accepted', 'attempt.started', 'outcome', 'task.parked', 'task.settled', 'proxy.state'] as const),
  ...(['host.state', 'item', 'request.done', 'crawl.state', 'log'] as const),
] satisfies readonly (keyof CrawlerEvents)[]

it('a listener may ask the crawler anything, at any event', async () => {
  const scene = await mixed()
  const { crawler } = scene
  const heard = new Set<string>()
  const audits = new Set<unknown>()
  crawler.on('task.accepted', ({ task, isAudit }) => void (isAudit && audits.add(task)))
  const crawl = crawler.crawl(source)
  for (const name of names) {
    crawler.on(name, (payload: object) => {
      heard.add(name)
      JSON.stringify([payload, crawler.stats(), crawler.proxies(), crawler.reputation(), crawl])
      structuredClone(payload)
      if ('task' in payload)
        expect(crawler.explain(String(payload.task)) === undefined).toBe(audits.has(payload.task))
      crawler.pause()
      crawler.resume()
      if (name === 'task.accepted' && heard.size === 1) void crawler.fetch('http://target.test/again')
    })
  }
  await scene.until(crawl.run())
  await scene.end()
  expect(scene.log.alerts).toEqual([])
  expect(heard.size).toBeGreaterThan(6)
})
