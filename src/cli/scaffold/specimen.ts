import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { messageOf } from '../../contracts/errors.ts'
import type { RecordedExchange } from '../../contracts/recording.ts'
import type { CrawlerOptions } from '../../options/options.ts'
import { UsageError } from '../command-failure.ts'

/** The page that a source is guessed from: fetched, out of a HAR file, or a file with the page itself. */
export interface Specimen {
  readonly exchange: RecordedExchange
  /** Where it came from, in words. */
  readonly from: string
}

export interface SpecimenWish {
  /** A URL, a HAR file, or a file with a page. */
  readonly from: string
  /** Which page of a HAR file; the address of a page in a file. */
  readonly url: string | undefined
  readonly cwd: string
  readonly now: number
  options(): Promise<CrawlerOptions>
}

export async function findSpecimen(wish: SpecimenWish): Promise<Specimen> {
  const { from, url, cwd } = wish
  if (/^https?:\/\//i.test(from)) return fetched(wish)
  const path = resolve(cwd, from)
  const bytes = await readFile(path).catch((cause) => {
    const what = `--from ${from} is neither a URL (https://…) nor a file that can be read: ${messageOf(cause)}.`
    throw new UsageError(what, { cause })
  })
  if (/\.har$/i.test(path) || /^\s*\{\s*"log"\s*:/.test(bytes.toString('utf8', 0, 200))) {
    const { readHarFile } = await import('../../har/har-file.ts')
    return chosen(readHarFile(path).exchanges, from, url)
  }
  const isJson = /\.json$/i.test(path) || /^\s*[[{]/.test(bytes.toString('utf8', 0, 200))
  const type = isJson ? 'application/json' : 'text/html'
  const address =
    url ?? savedFrom(bytes.toString('utf8', 0, 2_000)) ?? `https://example.com/${basename(path)}`
  return { exchange: answer(address, 200, { 'content-type': type }, bytes, wish.now), from }
}

/** Browsers write into a saved page where it came from. */
function savedFrom(text: string): string | undefined {
  return /<!-- saved from url=\(\d+\)(https?:\S+) -->/.exec(text)?.[1]
}

/** The page that was asked for by name, else the first that is a document, else the first JSON. */
function chosen(exchanges: readonly RecordedExchange[], from: string, url: string | undefined): Specimen {
  const good = exchanges.filter(({ status, body }) => status >= 200 && status < 300 && body.length > 0)
  const typeOf = ({ headers }: RecordedExchange) => String(headers['content-type'] ?? '')
  const found =
    url === undefined
      ? (good.find((each) => /html/i.test(typeOf(each))) ?? good.find((each) => /json/i.test(typeOf(each))))
      : good.find((each) => each.url === url || each.url === URL.parse(url)?.href)
  if (found) return { exchange: found, from }
  const some = good
    .slice(0, 5)
    .map((each) => each.url)
    .join(', ')
  const which = url === undefined ? 'no HTML and no JSON' : `no answer to ${url}`
  throw new UsageError(
    `${from} holds ${which}. ${some === '' ? 'It holds no answer at all' : `It holds ${some}`}; choose one with --url.`,
  )
}

async function fetched({ from, options, now }: SpecimenWish): Promise<Specimen> {
  const { createCrawler } = await import('../../face/crawler.ts')
  await using crawler = await createCrawler(await options())
  const response = await crawler.fetch(from)
  const body = new Uint8Array(await response.arrayBuffer())
  if (response.status >= 400)
    throw new UsageError(`${from} answers ${response.status}: a source is guessed from a page that is there.`)
  const headers = Object.fromEntries(response.headers)
  delete headers['content-encoding']
  return { exchange: answer(response.url || from, response.status, headers, body, now), from }
}

function answer(
  url: string,
  status: number,
  headers: RecordedExchange['headers'],
  body: Uint8Array,
  startedAt: number,
): RecordedExchange {
  return { method: 'GET', url, requestHeaders: {}, status, headers, body, startedAt }
}
