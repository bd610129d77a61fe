import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { createCrawler, defineSource, type Explanation } from '../../src/index.ts'
import { type Lab, startLab } from '../../src/lab/index.ts'
import { explanationOf } from '../../src/observe/answer.ts'
import { explanationText, waterfall } from '../../src/observe/index.ts'
import { readExplanations } from '../../src/state/explanations.ts'
import { createTerminal } from '../cli/terminal.ts'
import { testFolder } from '../transport/spill.ts'

let lab: Lab
let folder: string
let site: string

beforeEach(async () => {
  folder = testFolder()
  lab = await startLab({
    origins: { site: { site: { pages: 8, shop: true } } },
    proxies: [
      { name: 'good', count: 3 },
      { name: 'liar', protocol: 'http', fault: { kind: 'lie', how: 'prices' } },
      { name: 'dead', fault: 'dead' },
    ],
  })
  site = lab.origins.site!.url
})
afterEach(() => lab.close())

const base = { politeness: false, seed: 5, hedge: false } as const

const pages = (urls: readonly string[]) =>
  defineSource({
    name: 'pages',
    params: z.object({}),
    item: z.object({ url: z.string() }),
    robots: false,
    *seeds() {
      yield* urls
    },
    *parse(page) {
      yield page.item({ url: page.url })
    },
  })

async function explain(...words: string[]) {
  const terminal = createTerminal({ cwd: folder })
  const code = await terminal.run('explain', ...words)
  return { code, out: terminal.stdout(), err: terminal.stderr() }
}

/** Crawls them with a state in `folder/state`. */
async function crawl(urls: readonly string[], options: object = {}): Promise<void> {
  await using crawler = await createCrawler({
    proxies: lab.proxies.slice(0, 3),
    ...base,
    state: join(folder, 'state'),
    ...options,
  })
  await crawler.crawl(pages(urls)).run()
}

describe('an explanation', () => {
  it('says why this proxy: what was drawn from which weights, and who else was there', async () => {
    await using crawler = await createCrawler({ proxies: [...lab.proxies], ...base, trust: 'blind' })
    for (let n = 0; n < 6; n++) await crawler.fetch(`${site}/bytes/${n}`)
    const all = Array.from({ length: 6 }, (_, n) => crawler.explain(`${site}/bytes/${n}`)!)
    const attempts = all.flatMap(({ timeline }) => timeline.filter((step) => step.step === 'attempt'))
    const chosen = attempts.filter((each) => each.chosen.by === 'strategy' && each.why === 'first')
    expect(chosen.length).toBeGreaterThan(3)
    for (const each of chosen) {
      const { strategy, alpha, beta, drawn, cost, others } = each.chosen
      expect({ strategy, isWeighed: alpha! > 0 && beta! > 0 }).toEqual({
        strategy: 'thompson',
        isWeighed: true,
      })
      expect(drawn).toBeGreaterThanOrEqual(0)
      // The smallest expected time is taken, and the next best are named in order.
      const costs = [cost!, ...others.map((other) => other.cost)]
      expect(costs).toEqual(costs.toSorted((one, other) => one - other))
      expect(others.map(({ proxy }) => proxy)).not.toContain(each.proxy)
      expect(others.length).toBe(Math.min(3, each.candidates - 1))
    }
  })

  it('counts what keeps the other proxies away, and every phase in ms', async () => {
    await using crawler = await createCrawler({ proxies: [lab.proxies[4]!, lab.proxies[0]!], ...base })
    for (let n = 0; n < 8; n++) await crawler.fetch(`${site}/bytes/${n}`)
    const failed = Array.from({ length: 8 }, (_, n) => crawler.explain(`${site}/bytes/${n}`)!).find(
      ({ timeline }) => timeline.some((step) => step.step === 'outcome' && step.reason === 'dial-refused'),
    )!
    const next = failed.timeline.find((step) => step.step === 'attempt' && step.attempt > 1)!
    expect(next).toMatchObject({ gates: { total: 2 } })
    const outcomes = failed.timeline.filter((step) => step.step === 'outcome')
    const lost = outcomes.find(({ reason }) => reason === 'dial-refused')!
    expect(lost).toMatchObject({ rule: 'fault', fault: { phase: 'dial', cause: 'dial-refused' } })
    expect(lost.blame.proxy).toBeGreaterThan(0)
    const { phases, elapsedMs } = outcomes.find(({ reason }) => reason === 'ok')!
    const sum = Object.values(phases).reduce((total, ms) => total + ms, 0)
    expect(phases.headers).toBeGreaterThan(0)
    expect(sum).toBeLessThanOrEqual(elapsedMs + 1)
  })

  it('names the exit that lies, and in what it differs', async () => {
    await using crawler = await createCrawler({ proxies: lab.proxies.slice(0, 4), ...base, trust: 'verify' })
    const urls = Array.from({ length: 7 }, (_, n) => `${site}/page/${n + 1}`)
    for (const url of urls) await crawler.fetch(url)
    const judged = urls
      .flatMap((url) => crawler.explain(url)!.timeline)
      .filter((step) => step.step === 'judged')
    const liar = judged.flatMap(({ deviants }) => deviants)
    expect(liar.length).toBeGreaterThan(0)
    const text = urls.map((url) => explanationText(crawler.explain(url)!, { width: 1_000 })).join('')
    expect(text).toMatch(/evidence .*asked .*; http:\/\/127\.\S+ differs in \S+/)
  })

  it('is found by the id of the task, by that of the request, and by URL however it is written', async () => {
    await using crawler = await createCrawler({ proxies: lab.proxies.slice(0, 3), ...base })
    const ids: { task: string; request: string }[] = []
    crawler.on('request.taken', ({ task, request }) => ids.push({ task, request }))
    await crawler.crawl(pages([`${site}/page/1`])).run()
    const [id] = ids
    const found = [id!.task, id!.request, `${site}/page/1`, `${site.toUpperCase()}/page/1#top`]
    for (const which of found)
      expect(crawler.explain(which)).toMatchObject({ task: id!.task, end: 'answered' })
    for (const which of ['', `${site}/page/2`, 't99']) expect(crawler.explain(which)).toBeUndefined()
  })

  it('is none with explain: false', async () => {
    await using crawler = await createCrawler({ proxies: lab.proxies.slice(0, 3), ...base, explain: false })
    await crawler.fetch(`${site}/page/1`)
    expect(crawler.explain(`${site}/page/1`)).toBeUndefined()
  })
})

describe('what is kept', () => {
  it('is one good request in so many, every failure and every slow one', async () => {
    const urls = Array.from({ length: 40 }, (_, n) => `${site}/bytes/${n + 10}`)
    await crawl([...urls, `${site}/delay/400`, `${site}/status/404`], { explain: { sample: 10, slow: 300 } })
    const kept = [...readExplanations(join(folder, 'state'), false)]
    const by = Map.groupBy(kept, (life) => life.kept)
    expect(by.get('failed')!.map(({ url, reason }) => ({ url, reason }))).toEqual([
      { url: `${site}/status/404`, reason: 'status-404' },
    ])
    expect(by.get('slow')!.map(({ url }) => url)).toContain(`${site}/delay/400`)
    expect(by.get('sampled')!.length).toBeGreaterThan(0)
    expect(by.get('sampled')!.length).toBeLessThanOrEqual(5)
  })

  it('stays within its bytes on disk, and failures are not washed away by good ones', async () => {
    await crawl([`${site}/status/404`], { explain: { disk: 65_536, sample: 1 } })
    for (let n = 0; n < 4; n++) {
      const urls = Array.from({ length: 60 }, (_, at) => `${site}/bytes/${n * 100 + at + 1}`)
      await crawl(urls, { explain: { disk: 65_536, sample: 1 } })
    }
    const state = join(folder, 'state')
    const files = (await readdir(state)).filter((file) => file.startsWith('explained.'))
    const sizes = await Promise.all(files.map(async (file) => (await stat(join(state, file))).size))
    // A line may go over the bound of its file, no more.
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(65_536 + 4 * 4_096 + 64 * 4_096)
    const kept = [...readExplanations(state, false)]
    expect(kept.some(({ url }) => url.endsWith('/status/404'))).toBe(true)
    expect(kept.filter(({ kept }) => kept === 'sampled').length).toBeLessThan(241)
  })

  it('survives a line that was cut in the middle', async () => {
    await crawl([`${site}/status/404`])
    const file = join(folder, 'state', 'explained.failed.jsonl')
    const whole = await readFile(file, 'utf8')
    await writeFile(file, `${whole}${whole.slice(0, 100)}`)
    expect([...readExplanations(join(folder, 'state'), false)].length).toBe(1)
  })

  it('shows all lives of one request in order, over runs', async () => {
    const state = join(folder, 'state')
    // The first run is stopped while the page waits; the second one has it.
    const first = await createCrawler({ proxies: lab.proxies.slice(0, 3), ...base, state })
    first.pause()
    const run = first.crawl(pages([`${site}/page/1`]))
    const ended = run.run()
    await vi.waitFor(() => expect(first.explain(`${site}/page/1`)?.answer).toMatch(/pause\(\) was called/), {
      timeout: 15_000,
    })
    await run.stop()
    await ended
    await first.stop()
    await crawl([`${site}/page/1`], { explain: { sample: 1 } })
    const { out } = await explain('state', `${site}/page/1`)
    expect(out).toMatch(/^Answered with 200 .*\(life 2 of 2\)/)
    expect(out.replaceAll(/\s+/g, ' ')).toMatch(
      /Life 1 of 2: the first, .*requeued.*waits .*pause\(\) was called.*goes back into the queue.*Life 2 of 2: taken from the queue again/,
    )
  })
})

describe('regatta explain', () => {
  it('prints JSON, and draws one SVG that needs nothing else', async () => {
    await crawl([`${site}/status/403`])
    const { out, err, code } = await explain('state', `${site}/status/403`, '--json', '--svg', 'why.svg')
    expect({ code, err }).toEqual({ code: 0, err: 'Drawn: why.svg\n' })
    const explanation = JSON.parse(out) as Explanation
    expect(explanation.answer).toMatch(/answers 403/)
    const svg = await readFile(join(folder, 'why.svg'), 'utf8')
    expect(svg).toBe(waterfall(explanation))
    expect(svg).toMatch(/^<svg [^>]*viewBox/)
    expect(svg).toContain('prefers-color-scheme:dark')
    expect(svg).not.toMatch(/href=|url\((?!#)|<script|<image/)
    const attempts = explanation.timeline.filter(({ step }) => step === 'attempt').length
    expect(svg.match(/class="name"/g)!.length).toBe(attempts + 1)
  })

  it('keeps to the width of its terminal, and has colour only where it is wanted', async () => {
    await crawl([`${site}/status/403`])
    const explanation = JSON.parse(
      (await explain('state', `${site}/status/403`, '--json')).out,
    ) as Explanation
    for (const width of [60, 80, 140]) {
      const lines = explanationText(explanation, { width }).split('\n')
      const longest = Math.max(
        ...lines.filter((line) => !/socks5|http/.test(line)).map((line) => line.length),
      )
      expect(longest).toBeLessThanOrEqual(width)
    }
    const text = explanationText(explanation, { colour: true })
    expect(text).toContain('\u001b[1m')
    expect(explanationText(explanation)).not.toContain('\u001b')
  })

  it('shows nothing that steers a terminal or turns a line, whatever a host or a sink has said', async () => {
    await crawl([`${site}/status/403`])
    const { out } = await explain('state', `${site}/status/403`, '--json')
    const { answer: _answer, ...life } = JSON.parse(out) as Explanation
    const detail = 'first line\nsecond \u001b[2J\u202egnp.exe <b>'
    const explanation = explanationOf([{ ...life, reason: 'sink-failed', detail }])!
    expect(explanation.answer).toContain('first line second')
    expect(explanation.answer).not.toContain('\n')
    for (const shown of [explanationText(explanation), waterfall(explanation)]) {
      expect(shown).toContain('?[2J?gnp.exe')
      for (const steering of ['\u001b', '\u202e']) expect(shown).not.toContain(steering)
    }
    expect(waterfall(explanation)).not.toContain('<b>')
  })

  it('says of a good request of which nothing is kept how to keep it', async () => {
    await crawl([`${site}/page/1`, `${site}/page/2`], { explain: { sample: 0, slow: 60_000 } })
    const { code, out } = await explain('state', `${site}/page/1`)
    expect(code).toBe(0)
    expect(out).toMatch(/has ended, and well.*--explain 1/)
  })

  it('names what is near to a URL that it does not know, and where to look', async () => {
    await crawl([`${site}/status/404`])
    expect(await explain('state', `${site}/status/40`)).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining(`Known are ${site}/status/404`) as string,
    })
    expect(await explain('state', 'http://other.test/')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/knows no request .*regatta dead list state/) as string,
    })
  })

  it('names the folders of crawls in a folder that is none', async () => {
    await crawl([`${site}/status/404`])
    expect(await explain('.', 'http://other.test/')).toMatchObject({
      code: 2,
      err: expect.stringContaining('regatta explain state') as string,
    })
    await mkdir(join(folder, 'empty'))
    expect(await explain('empty', 'x')).toMatchObject({
      code: 2,
      err: expect.stringContaining('holds no crawl') as string,
    })
  })
})
