import { type ChildProcess, spawn } from 'node:child_process'
import { createCrawler } from '../src/index.ts'
import { findScenario, startLabProcess } from '../src/lab/index.ts'
import { load } from './overhead.ts'
import { median, type Report, share } from './report.ts'

/**
 * What it costs that somebody looks: the rate with a dashboard open and a page listening to its stream (in a process of its own, as
 * a browser is), against the rate without one, with 10,000 proxies. In turns, and the one that begins takes turns too, because the
 * machine is shared and its speed drifts. The proxies are twenty of the lab with five hundred accounts each: for the fleet,
 * the pools and the page they are ten thousand.
 */
const inFlight = 64

export async function dashboard(
  report: Report,
  { proxies = 10_000, requests = 20_000, rounds = 9 } = {},
): Promise<void> {
  await using lab = await startLabProcess(findScenario('clean-20'))
  const url = `${Object.values(lab.origins)[0]!.url}/bytes/2048`
  const list = Array.from({ length: proxies }, (_, n) => {
    const at = new URL(lab.proxies[n % lab.proxies.length]!)
    return `${at.protocol}//user${n}:password@${at.host}`
  })
  // Comparing ten thousand strangers with each other would be measured too.
  await using crawler = await createCrawler({
    proxies: list,
    politeness: false,
    capacity: 10_000,
    trust: 'blind',
  })
  const one = async () => {
    const response = await crawler.fetch(url)
    await response.arrayBuffer()
  }
  const watched = async (count: number) => {
    await using shown = await crawler.dashboard()
    const page = look(shown.url.replace('/?', '/api/stream?'))
    while (shown.clients === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    const cost = await load(one, count, inFlight)
    page.kill()
    return cost
  }
  await load(one, requests, inFlight)
  await watched(requests)
  const pairs: { alone: number; watched: number; cpu: number }[] = []
  for (let round = 0; round < rounds; round++) {
    const first = round % 2 === 0 ? await load(one, requests, inFlight) : await watched(requests)
    const second = round % 2 === 0 ? await watched(requests) : await load(one, requests, inFlight)
    const [alone, seen] = round % 2 === 0 ? [first, second] : [second, first]
    pairs.push({ alone: alone.rate, watched: seen.rate, cpu: seen.cpu / alone.cpu })
  }
  report.table(
    `Dashboard: ${proxies} proxies, ${inFlight} in flight, 2 KB`,
    ['', 'requests/s'],
    [
      ['alone', median(pairs.map((pair) => pair.alone)).toFixed(0)],
      ['a page looks', median(pairs.map((pair) => pair.watched)).toFixed(0)],
    ],
  )
  const ratio = median(pairs.map((pair) => pair.watched / pair.alone))
  report.atLeast('rate with a page that looks against without', ratio, 0.95, share)
  report.figure('CPU a request with a page that looks ÷ without', median(pairs.map(({ cpu }) => cpu)), share)
}

/** A page that reads all that it is told. */
function look(url: string): ChildProcess {
  const program = `require('node:http').get(${JSON.stringify(url)}, (answer) => answer.resume())`
  return spawn(process.execPath, ['-e', program], { stdio: 'ignore' })
}
