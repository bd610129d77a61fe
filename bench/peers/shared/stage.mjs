import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/**
 * The lines that a peer and the bench exchange (job.ts), and the load that is the same for every peer that has a
 * function to fetch one page: so many workers, each taking the next page until none is left or time is up.
 */
export async function onStage(version, run) {
  const job = JSON.parse(readFileSync(process.argv[2], 'utf8'))
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  say({ ready: true, version })
  await lines.next()
  const result = await run(job)
  say(result)
  await lines.next()
  process.exit(0)
}

function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}

/** `fetchPage(url)` resolves with 'good' or 'bad', or rejects when it has given up. */
export async function fetchAll(job, fetchPage) {
  const tally = new Tally(job)
  let next = 0
  const worker = async () => {
    while (next < job.pages.length && !tally.isOver) {
      const url = job.pages[next++]
      const sent = performance.now()
      const verdict = await fetchPage(url).catch(() => 'failed')
      tally.add(verdict, performance.now() - sent)
    }
  }
  const workers = Promise.all(Array.from({ length: job.concurrency }, worker))
  await Promise.race([workers, tally.timeUp])
  return tally.end()
}

/** Counts what pages came to, until time is up. */
export class Tally {
  isOver = false
  latencies = []
  #counts = { bad: 0, failed: 0 }
  #start = performance.now()
  #pages
  #timer

  constructor({ pages, capMs }) {
    this.#pages = pages.length
    this.timeUp = new Promise((resolve) => {
      this.#timer = setTimeout(() => {
        this.isOver = true
        resolve()
      }, capMs)
    })
  }

  add(verdict, milliseconds) {
    if (this.isOver) return
    if (verdict === 'good') this.latencies.push(Math.round(milliseconds * 100) / 100)
    else this.#counts[verdict]++
  }

  end() {
    this.isOver = true
    clearTimeout(this.#timer)
    const { bad, failed } = this.#counts
    const cut = this.#pages - this.latencies.length - bad - failed
    return { latencies: this.latencies, bad, failed, cut, wallMs: performance.now() - this.#start }
  }
}

/** What a crawl of a site collected: enough to see that all of them did the same work. */
export class SiteTally {
  #counts = { pages: 0, titles: 0, characters: 0, links: 0 }
  #start = performance.now()

  add(title, text, links) {
    this.#counts.pages++
    this.#counts.titles += title === '' ? 0 : 1
    this.#counts.characters += text.length
    this.#counts.links += links
  }

  end() {
    return { ...this.#counts, wallMs: performance.now() - this.#start }
  }
}
