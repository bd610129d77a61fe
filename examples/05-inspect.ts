import { createCrawler } from 'regatta'
import { startLab } from 'regatta/lab'
import type { AnyMachineSnapshot } from 'xstate'

/** The statecharts of machines/, live. An inspector is attached when somebody wants to look, and costs nothing before. */
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
const { url } = lab.origins.site!
const visit = () => Promise.all(Array.from({ length: 8 }, () => crawler.fetch(`${url}/bytes/500`)))

const seen = new Map<string, Map<string, number>>()
const detach = crawler.inspect((event) => {
  if (event.type !== '@xstate.snapshot' || !('machine' in event.snapshot)) return
  const { machine, value } = event.snapshot as AnyMachineSnapshot
  const state = JSON.stringify(value).replaceAll('"', '')
  const states = seen.get(machine.id) ?? new Map<string, number>()
  seen.set(machine.id, states.set(state, (states.get(state) ?? 0) + 1))
})
await visit()
detach()

const watched = JSON.stringify([...seen.values()].map((states) => [...states]))
await visit()
const isQuiet = watched === JSON.stringify([...seen.values()].map((states) => [...states]))

for (const [machine, states] of seen) {
  console.log(machine.padEnd(8), [...states].map(([state, times]) => `${state} ×${times}`).join('  '))
}
console.log(isQuiet ? 'Detached: the second visit was not seen.' : 'The inspector is still attached.')
