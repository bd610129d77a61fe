import { z } from 'zod'
import type { InspectedActor, InspectionEvent } from '../../src/contracts/inspection.ts'
import { createCrawler, defineSource } from '../../src/index.ts'
import { createVirtualClock } from '../../src/sim/clock.ts'
import { SimulatedTransport } from '../../src/sim/transport.ts'

/**
 * One request of a crawl as a sequence diagram, drawn from what an inspector is told: the first proxy is dead, the second
 * brings the page. On virtual time and from one seed, so that it is drawn the same each time.
 */
export async function requestSequence(): Promise<string> {
  const clock = createVirtualClock()
  const transport = new SimulatedTransport(clock, {
    attempt: ({ proxy }) =>
      proxy.host === 'dead.example'
        ? { afterMs: 40, fault: { phase: 'dial', cause: 'dial-refused' } }
        : { afterMs: 120 },
  })
  const proxies = ['socks5://dead.example:1080', 'socks5://good.example:1080']
  const crawler = await createCrawler({
    proxies,
    seed: 4,
    clock,
    transport,
    politeness: { interval: 0 },
    trust: 'blind',
  })
  const source = defineSource({
    name: 'shop',
    params: z.object({}),
    item: z.object({ url: z.string() }),
    robots: false,
    *seeds() {
      yield { url: 'http://shop.example/' }
    },
    *parse(page) {
      yield page.item({ url: page.url })
    },
  })
  const events: InspectionEvent[] = []
  const inspection = crawler.inspect((event) => events.push(event), { attempts: true })
  let isOver = false
  const over = () => {
    isOver = true
  }
  crawler.crawl(source).run().then(over, over)
  await clock.runUntil(() => isOver)
  inspection()
  await crawler.stop()
  return sequenceOf(events)
}

/** From the moment that the task has its request to the moment that it is idle again. */
function sequenceOf(events: readonly InspectionEvent[]): string {
  const isTask = (event: InspectionEvent) => event.actorRef.id.startsWith('task')
  const first = events.findIndex((event) => event.type === '@xstate.event' && event.event.type === 'assigned')
  const last = events.findIndex(
    (event) => event.type === '@xstate.snapshot' && isTask(event) && event.snapshot.value === 'idle',
  )
  const actors: InspectedActor[] = []
  const nameOf = (actor: InspectedActor) => {
    const at = actors.findIndex(({ sessionId }) => sessionId === actor.sessionId)
    return `a${at >= 0 ? at : actors.push(actor) - 1}`
  }
  const lines = events.slice(first, last + 1).flatMap((event) => {
    if (event.type === '@xstate.actor') return []
    const to = nameOf(event.actorRef)
    if (event.type === '@xstate.snapshot') return [`Note over ${to}: ${stateOf(event.snapshot.value)}`]
    const { type, ...fields } = event.event
    const said = ['next', 'proxy', 'reason', 'why'].flatMap((name) => fields[name] ?? [])
    return [`${nameOf(event.sourceRef)}->>${to}: ${type}${said.length === 0 ? '' : ` (${said.join(', ')})`}`]
  })
  const heads = actors.map((actor, index) => `participant a${index} as ${labelOf(actor)}`)
  return ['sequenceDiagram', ...[...heads, ...lines].map((line) => `  ${line}`)].join('\n')
}

/** `waiting.parked`. */
function stateOf(value: unknown): string {
  return typeof value === 'string' ? value : Object.entries(value as object)[0]!.join('.')
}

/** Two views of one proxy bear its name. */
function labelOf({ id, _parent: parent }: InspectedActor): string {
  if (!id.includes('://')) return id
  const name = id.replace(/^\w+:\/\//, '').replace(/:\d+$/, '')
  return parent?.id === 'fleet' ? `${name}, in the fleet` : `${name}, at ${parent?.id}`
}
