import { afterEach, expect, test } from 'vitest'
import type { ExplanationStep, TrustJudged } from '../../src/index.ts'
import { attachLog, createLog } from '../../src/observe/log.ts'
import { attachMetrics } from '../../src/observe/metrics.ts'
import type { CrawlerOptions } from '../../src/options/options.ts'
import { openScene, type Scene } from '../faults/simulation.ts'

/** Six exits, some of which answer with a page of their own invention; all over plain HTTP. */
const proxies = Array.from({ length: 6 }, (_, n) => `http://10.${n}.0.1:8080`)
const label = (n: number) => `http://10.${n - 1}.0.1:8080`
const page = (url: string) =>
  `<title>Page ${url}</title><h1>${url}</h1><p>This is what the shop says of ${url}.</p><a href="/next">on</a>`
const invention = '<title>Hinweis</title><div><p>Bitte beachten Sie unsere Bedingungen.</p></div>'

let scene: Scene | undefined

afterEach(() => scene?.crawler.stop())

async function open(isLiar: (exit: number, url: string) => boolean, options: CrawlerOptions = {}) {
  scene = await openScene(
    { proxies, hedge: false, politeness: false, strategy: 'random', ...options },
    ({ proxy, request }) => {
      const exit = Number(proxy.host.split('.')[1]) + 1
      const body = isLiar(exit, request.url) ? invention : page(request.url)
      const headers = { 'content-type': 'text/html' }
      return { afterMs: 30, status: 200, headers, body, facts: { forwarded: true } }
    },
  )
  const { crawler, until } = scene
  const tasks: string[] = []
  crawler.on('task.accepted', ({ task }) => tasks.push(task))
  const fetch = async (path: string, init = {}) =>
    (await until(crawler.fetch(`http://site.test/${path}`, init))).trust
  return { crawler, fetch, timeline: () => crawler.explain(tasks.at(-1)!)!.timeline }
}

const stepsOf = (timeline: readonly ExplanationStep[]) =>
  timeline.filter(({ step }) => step !== 'parked').map(({ step }) => step)

test('a timeline tells that an answer was held and why, whom it was compared with, and what came of it', async () => {
  const { fetch, timeline } = await open(() => false)
  expect(await fetch('first')).toBe('agreed')
  const steps = timeline()
  expect(stepsOf(steps).slice(0, 4)).toEqual(['attempt', 'outcome', 'held', 'attempt'])
  expect(stepsOf(steps).slice(-2)).toEqual(['outcome', 'judged'])
  const first = steps.find(({ step }) => step === 'attempt') as { proxy: string }
  expect(steps.find(({ step }) => step === 'held')).toMatchObject({ proxy: first.proxy, reason: 'exit' })
  const judged = steps.at(-1)
  expect(judged).toMatchObject({ step: 'judged', finding: 'agreed', trust: 'agreed', deviants: [] })
  const exits = steps.filter(({ step }) => step === 'outcome').map((step) => 'proxy' in step && step.proxy)
  expect(judged).toMatchObject({ exits })
})

test('the request that asks for several exits is told as the reason', async () => {
  const { fetch, timeline } = await open(() => false)
  for (let n = 0; n < 100 && (n === 0 || timeline().length > 2); n++) await fetch(`page-${n}`)
  expect(stepsOf(timeline())).toEqual(['attempt', 'outcome'])
  await fetch('two', { verify: 3 })
  expect(timeline()).toContainEqual(expect.objectContaining({ step: 'held', reason: 'caller' }))
  expect(timeline().at(-1)).toMatchObject({ step: 'judged', finding: 'agreed' })
  expect((timeline().at(-1) as TrustJudged & ExplanationStep).exits.length).toBeGreaterThanOrEqual(3)
})

test('an exit that says something else is named with what differs, in the event and in the timeline', async () => {
  const { crawler, fetch, timeline } = await open((exit) => exit === 4)
  const events: TrustJudged[] = []
  crawler.on('trust.judged', (event) => events.push(event))
  let told: ExplanationStep | undefined
  for (let n = 0; n < 40; n++) {
    await fetch(`page-${n}`, { verify: 3 })
    told ??= timeline().find((step) => step.step === 'judged' && step.finding === 'decided')
  }
  const decided = events.filter(({ finding }) => finding === 'decided')
  expect(decided.length).toBeGreaterThan(1)
  for (const { deviants, trust, exits, url, host } of decided) {
    expect(deviants).toEqual([{ proxy: label(4), keys: expect.any(Array), isRepeated: true }])
    expect(deviants[0]!.keys.length).toBeGreaterThan(0)
    expect(deviants[0]!.keys.length).toBeLessThanOrEqual(5)
    expect(exits).toContain(label(4))
    expect([trust, host]).toEqual(['agreed', 'site.test'])
    expect(url).toMatch(/^http:\/\/site\.test\/page-/)
  }
  const { at: _at, step: _step, ...judgement } = told as ExplanationStep & { step: 'judged' }
  expect(decided[0]).toMatchObject(judgement)
  expect(JSON.stringify(events)).not.toMatch(/Bedingungen|what the shop says/)
  expect(crawler.proxies().find(({ id }) => id === label(4))).toMatchObject({
    state: 'isolated',
    reason: 'lies',
    trust: 'lies',
  })
})

test('exits that contradict each other are told as a contest', async () => {
  const contests: TrustJudged[] = []
  for (let seed = 1; seed <= 6; seed++) {
    const { crawler, fetch } = await open((exit) => exit % 2 === 0, { seed })
    crawler.on('trust.judged', (event) => {
      if (event.finding === 'contested') contests.push(event)
    })
    await fetch('page', { verify: 2 })
    await crawler.stop()
  }
  expect(contests.length).toBeGreaterThan(0)
  for (const { trust, deviants, exits } of contests) {
    expect({ trust, deviants }).toEqual({ trust: 'contested', deviants: [] })
    expect([...exits].sort()).toEqual([1, 2, 3, 4, 5, 6].map(label))
  }
})

test('over a lone exit nothing is held, and nobody is told', async () => {
  const { crawler, fetch, timeline } = await open(() => false, { proxies: proxies.slice(0, 1) })
  const events: TrustJudged[] = []
  crawler.on('trust.judged', (event) => events.push(event))
  expect(await fetch('first')).toBe('unproven')
  expect(stepsOf(timeline())).toEqual(['attempt', 'outcome'])
  expect(events).toEqual([])
})

test('a log tells who says otherwise and who lies, and metrics count it', async () => {
  const { crawler, fetch } = await open((exit) => exit === 4)
  const lines: { level: number; msg: string }[] = []
  attachLog(crawler, createLog({ destination: { write: (line) => lines.push(JSON.parse(line)) } }))
  const { registry } = attachMetrics(crawler)
  for (let n = 0; n < 40; n++) await fetch(`page-${n}`, { verify: 3 })
  const warnings = lines.filter(({ level }) => level === 40).map(({ msg }) => msg)
  expect(warnings).toContainEqual(`${label(4)} closed → isolated: lies`)
  expect(warnings).toContainEqual(expect.stringMatching(/10\.3\.0\.1:8080 lies: .*\(PROXY_LIES\)$/))
  expect(lines.map(({ msg }) => msg)).toContainEqual(
    expect.stringMatching(
      /^\[site\.test\] http:\/\/10\.3\.0\.1:8080 says otherwise \(.+\): http:\/\/site\.test\/page-/,
    ),
  )
  const { comparisons, bytes } = crawler.stats().trust
  const text = await registry.metrics()
  expect(text).toContain(`crawler_trust_comparisons_total ${comparisons}\n`)
  expect(text).toContain(`crawler_trust_bytes_total ${bytes}\n`)
  expect(text).toContain('crawler_trust_lies_total 1\n')
  expect(text).toContain('crawler_trust_contested_total 0\n')
  expect(text).toContain('crawler_trust_corrected_total 0\n')
  expect(comparisons).toBeGreaterThan(40)
})
