import { type Crawler, createCrawler, RegattaError } from '../../src/index.ts'
import { startLabProcess } from '../../src/lab/index.ts'
import { type Report, share } from '../report.ts'

/**
 * A round-robin pool once reported, with fifty sessions at a time: 40 pages a minute direct, 120 through one proxy, 180
 * through its pool, and 85 % of the symbols complete since it pinned one proxy for a whole task. Here one second is one
 * minute. The origin bears forty pages a minute of one address, tells the rest to come again in a minute, and binds its
 * crumb to the address: a session fetches a crumb and then five quotes with it. Of the pool's thirty proxies five are bad.
 * What is possible at most: exits × 40 × (minutes + 1), because an address that was never seen has a minute's pages to
 * spend at once. The three ways run at the same time; none shares an address with another.
 */
const sessions = 50
const symbols = 5
const perMinute = 40
const goodProxies = 25
/** The flaky one reaches the origin too. */
const usefulExits = goodProxies + 1
/** Of half a second, in a world that is sixty times as fast. */
const interval = 500 / 60

export async function poolRate(report: Report, { minutes }: { minutes: number }): Promise<void> {
  await using lab = await startLabProcess({
    seed: 7,
    origins: {
      quotes: {
        limit: { perIp: { requests: perMinute, perMs: 1_000, burst: perMinute }, retryAfterSeconds: 1 },
      },
    },
    proxies: [
      { name: 'single', latency: { kind: 'lognormal', medianMs: 15, sigma: 0.3 } },
      { name: 'good', count: goodProxies, latency: { kind: 'lognormal', medianMs: 15, sigma: 0.3 } },
      { name: 'refusing', fault: 'dead' },
      { name: 'hanging', fault: 'blackhole' },
      { name: 'flaky', latency: 15, flaky: { request: 0.5 } },
      { name: 'blocked', fault: 'ruleset-denied' },
      { name: 'portal', fault: { kind: 'inject', style: 'portal' } },
    ],
  })
  const { url, direct } = lab.origins.quotes!
  const polite = { politeness: { interval }, seed: 7 }
  const [single, ...pooled] = lab.proxies
  const arms = [
    { name: 'direct', exits: 1, url: direct, options: { direct: true } },
    { name: 'one proxy', exits: 1, url, options: { proxies: [single!] } },
    { name: `pool of ${pooled.length}`, exits: usefulExits, url, options: { proxies: pooled } },
  ]
  const seen = await Promise.all(
    arms.map(async ({ name, exits, url: target, options }) => {
      const crawler = await createCrawler({ ...options, ...polite })
      return { name, exits, ...(await runSessions(crawler, target, minutes)) }
    }),
  )
  const { rows } = (await lab.books()).origins.quotes!
  const mixed = rows.filter(({ status }) => status === 401).length
  report.table(
    `${sessions} sessions at a time, 1 s = 1 min, ${perMinute} pages a minute and address`,
    ['', 'pages/min', 'of the possible', 'symbols complete', 'begun anew', 'cut off at the end'],
    seen.map((arm) => [
      arm.name,
      arm.rate.toFixed(0),
      percent((arm.rate * minutes) / (arm.exits * perMinute * (minutes + 1))),
      arm.complete >= 0 ? percent(arm.complete) : '–',
      String(arm.restarts),
      String(arm.cut),
    ]),
  )
  const [alone, one, pool] = [seen[0]!, seen[1]!, seen[2]!]
  report.atLeast('pool ÷ direct (was 4.5)', pool.rate / alone.rate, 15, share)
  report.atLeast('pool ÷ one proxy (was 1.5)', pool.rate / one.rate, 15, share)
  report.atLeast('symbols complete through the pool (was 85 %)', pool.complete, 1, percent)
  report.atMost('sessions through the pool that did not end in time', pool.cut, 0)
  report.atMost('crumbs shown from another address', mixed, 0)
}

interface Tally {
  /** Pages a scaled minute. */
  readonly rate: number
  /** Share of the symbols asked for that came, of the sessions that ended. */
  readonly complete: number
  readonly restarts: number
  /** Sessions still under way two minutes after the last one began: at forty pages a minute fifty of them need longer. */
  readonly cut: number
}

/** Stops the crawler at the end. */
async function runSessions(crawler: Crawler, url: string, minutes: number): Promise<Tally> {
  let pages = 0
  let asked = 0
  let complete = 0
  let restarts = 0
  let cut = 0
  const start = performance.now()
  const isOver = () => performance.now() >= start + minutes * 1_000
  const quotes = () =>
    crawler.session(async (session) => {
      if (session.tryNumber > 1) restarts++
      const welcome = await session.fetch(`${url}/crumb`)
      const crumb = await welcome.text()
      if (!isOver()) pages++
      const cookie = welcome.headers.get('set-cookie')!.split(';')[0]!
      for (let symbol = 1; symbol <= symbols; symbol++) {
        const answer = await session.fetch(`${url}/quote?symbol=S${symbol}&crumb=${crumb}`, {
          headers: { cookie },
        })
        if (answer.status !== 200) session.restart(`status ${answer.status}`)
        await answer.arrayBuffer()
        if (!isOver()) pages++
      }
    })
  let underWay = 0
  const worker = async () => {
    while (!isOver()) {
      underWay++
      await quotes().then(
        () => (complete += symbols),
        (error: unknown) => {
          // Stopped by the bench itself, after the end.
          if (!(error instanceof RegattaError && error.code === 'STOPPED')) return
          asked -= symbols
          cut++
        },
      )
      asked += symbols
      underWay--
    }
  }
  const ended = Promise.all(Array.from({ length: sessions }, worker))
  while (performance.now() < start + (minutes + 2) * 1_000 && (underWay > 0 || !isOver())) await sleep(50)
  await crawler.stop()
  await ended
  return { rate: pages / minutes, complete: complete / asked, restarts, cut }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const percent = (value: number) => `${(value * 100).toFixed(1)} %`
