import { setTimeout as pause } from 'node:timers/promises'
import { createInspector, type StatelyInspectionEvent } from '@statelyai/inspect'
import { createCrawler } from 'regatta'
import { startLab } from 'regatta/lab'

/**
 * The statecharts of machines/, live, in the official inspector of XState (`npm install @statelyai/inspect`). Here its
 * messages are printed; put createWebSocketInspector() in the place of createInspector(…), and its page draws them. It may
 * come at any moment, is told first of all that lives, and costs nothing before and after. See docs/inspect.md.
 */
await using lab = await startLab({
  origins: { site: {} },
  proxies: [
    { name: 'good', count: 2, latency: 20 },
    { name: 'dead', fault: 'dead' },
  ],
})
await using crawler = await createCrawler({
  proxies: [...lab.proxies],
  seed: 5,
  politeness: { interval: 50 },
})
const visit = () => crawler.fetch(`${lab.origins.site!.url}/bytes/500`)
await visit()

const messages: StatelyInspectionEvent[] = []
const inspector = createInspector({ send: (message) => messages.push(message) })
const detach = crawler.inspect(inspector.inspect)
await visit()
detach()
await pause(50) // it makes its messages a moment later
const seen = messages.length
await visit()
await pause(50)

console.log('Who is there:')
for (const message of messages) {
  if (message.type !== '@xstate.actor') continue
  const { value } = message.snapshot
  const depth = message.sessionId.split('/').length
  console.log(
    `${'  '.repeat(depth)}${message.name}${value === undefined ? '' : `: ${JSON.stringify(value)}`}`,
  )
}
console.log('\nWhat one request does:')
for (const message of messages) {
  const to = message.sessionId
  if (message.type === '@xstate.event') console.log(`  ${message.sourceId} → ${to}: ${message.event.type}`)
  if (message.type !== '@xstate.snapshot' || !('value' in message.snapshot)) continue
  console.log(`  ${to} is ${JSON.stringify(message.snapshot.value)}`)
}
console.log(messages.length === seen ? 'Detached: the next visit was not seen.' : 'It is still attached.')
