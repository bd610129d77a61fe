import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { extname, join } from 'node:path'
import { type CheerioAPI, load } from 'cheerio'

/**
 * What a crawl of the Python documentation must bring home, worked out from the files alone: from the first page along
 * every link, without a line of the crawler. The documentation is Debian's package python3-doc.
 */
export interface Documentation {
  /** Where the files are, links resolved. */
  readonly root: string
  /** Paths of the pages and other files that links lead to. */
  readonly reachable: ReadonlySet<string>
  /** Titles of those that are HTML pages. */
  readonly titles: ReadonlyMap<string, string>
  /** Paths that links name and that are not there. */
  readonly broken: ReadonlySet<string>
}

export function readDocumentation(start = '/index.html'): Documentation {
  const root = realpathSync('/usr/share/doc/python3/html')
  const reachable = new Set<string>()
  const titles = new Map<string, string>()
  const broken = new Set<string>()
  const queue = [start]
  const seen = new Set(queue)
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    const file = join(root, decodeURIComponent(path))
    if (!existsSync(file)) {
      broken.add(path)
      continue
    }
    reachable.add(path)
    if (extname(file) !== '.html') continue
    const $ = load(readFileSync(file))
    titles.set(path, $('head title').first().text().replace(/\s+/g, ' ').trim())
    for (const target of linksOf($, path)) {
      if (seen.has(target)) continue
      seen.add(target)
      queue.push(target)
    }
  }
  return { root, reachable, titles, broken }
}

function linksOf($: CheerioAPI, path: string): string[] {
  const base = new URL(path, 'http://documentation')
  return $('a[href], area[href]')
    .toArray()
    .map((element) => $(element).attr('href')!)
    .filter((href) => URL.canParse(href, base))
    .map((href) => new URL(href, base))
    .filter(({ host, protocol }) => host === base.host && protocol === base.protocol)
    .map(({ pathname, search }) => pathname + search)
}
