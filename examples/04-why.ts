import { createCrawler } from 'regatta'
import { startLab } from 'regatta/lab'
import { explanationText } from 'regatta/observe'

/** Why did this request take so long, and why that proxy? Every task can say it; events tell it while it happens. */
await using lab = await startLab({
  origins: { site: {} },
  proxies: [
    { name: 'good', latency: 60 },
    { name: 'dead', count: 2, fault: 'dead' },
    { name: 'portal', protocol: 'http', fault: { kind: 'inject', style: 'portal' } },
  ],
})
await using crawler = await createCrawler({
  proxies: [...lab.proxies],
  seed: 4,
  politeness: { interval: 200 },
})

crawler.on('proxy.state', ({ proxy, host, from, to, reason }) => {
  console.log(`  ${proxy} at ${host ?? 'every host'}: ${from} → ${to}, ${reason}`)
})
const tasks: string[] = []
crawler.on('task.accepted', ({ task }) => tasks.push(task))

console.log('While it happens:')
const { url } = lab.origins.site!
await Promise.all(Array.from({ length: 6 }, (_, number) => crawler.fetch(`${url}/bytes/${1_000 + number}`)))

const explanations = tasks.map((task) => crawler.explain(task)!)
const longest = explanations.reduce((one, other) =>
  one.timeline.length >= other.timeline.length ? one : other,
)
console.log('\nOne of them, told:')
console.log(explanationText(longest, { width: 100, colour: false }))
