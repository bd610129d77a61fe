import type { Cheerio, CheerioAPI } from 'cheerio'
import type { Page } from '../../contracts/page.ts'
import { looksLikeUrl } from '../../source/page.ts'
import { spotOf } from '../../source/spot.ts'

/**
 * Which selectors of a `parse` have matched nothing: of those that find elements (`$()`, `find`, `children`, …) and of
 * `page.links` and `page.follow`. One that is asked within nothing (`$('.none').find('a')`) is not to blame and is not
 * counted. Only a page that is tried is watched; all others are left as they are.
 */
export interface Unmatched {
  readonly selector: string
  /** What was called with it: `$`, `find`, `follow`, … */
  readonly method: string
  /** Where in the source: `/home/me/shop.ts:14:20`; undefined where that is not known. */
  readonly where: string | undefined
  /** How often it was called. */
  readonly calls: number
  /** How often it matched nothing. */
  readonly empty: number
}

const finding = [
  'find',
  'children',
  'closest',
  'parents',
  'siblings',
  'next',
  'nextAll',
  'prev',
  'prevAll',
  'filter',
] as const

/** Places are looked up by a stack each time, which takes a while; a page with more calls than these is known by them. */
const mostCalls = 20_000

/** Watches the selectors that are asked of this page from now on. */
export function watchSelectors(page: Page): SelectorWatch {
  const watch = new SelectorWatch()
  const { links, follow } = page
  let tree: CheerioAPI | undefined
  Object.defineProperties(page, {
    $: {
      get() {
        // The tree is made by the class.
        tree ??= watched(Reflect.get(Object.getPrototypeOf(page), '$', page) as CheerioAPI, watch)
        return tree
      },
    },
    links: {
      value: (selector?: string) => {
        const found = watch.quietly(() => links.call(page, selector))
        if (selector !== undefined) watch.count(selector, 'links', found.links.length + found.dropped)
        return found
      },
    },
    follow: {
      value: (...given: Parameters<typeof follow>) => {
        const [target] = given
        const output = watch.quietly(() => follow.apply(page, given))
        const isSelector = typeof target === 'string' && output.kind === 'requests' && !looksLikeUrl(target)
        if (isSelector) watch.count(target, 'follow', output.requests.length + output.dropped)
        return output
      },
    },
  })
  return watch
}

function watched($: CheerioAPI, watch: SelectorWatch): CheerioAPI {
  const prototype = $.fn as unknown as Record<string, (...given: unknown[]) => unknown>
  for (const name of finding) {
    const method = prototype[name]!
    prototype[name] = function (this: Cheerio<never>, ...given) {
      const [selector] = given
      if (typeof selector !== 'string' || this.length === 0) return method.apply(this, given)
      const found = watch.quietly(() => method.apply(this, given)) as Cheerio<never>
      // `$('.a')` is a search from the root.
      const isRoot = name === 'find' && this.length === 1 && this[0] === $.root()[0]
      watch.count(selector, isRoot ? '$' : name, found.length)
      return found
    }
  }
  return $
}

export class SelectorWatch {
  readonly #places = new Map<string, { -readonly [Name in keyof Unmatched]: Unmatched[Name] }>()
  #isQuiet = false
  #calls = 0

  /** Selectors that `work` asks by itself are not the parser's. */
  quietly<T>(work: () => T): T {
    const before = this.#isQuiet
    this.#isQuiet = true
    try {
      return work()
    } finally {
      this.#isQuiet = before
    }
  }

  count(selector: string, method: string, matches: number): void {
    if (this.#isQuiet || this.#calls++ >= mostCalls) return
    const { where } = spotOf(new Error('here'))
    const key = `${method} ${selector} ${where}`
    const place = this.#places.get(key) ?? { selector, method, where, calls: 0, empty: 0 }
    place.calls++
    if (matches === 0) place.empty++
    this.#places.set(key, place)
  }

  /** Those that never matched first, each group in the order of the first call. */
  list(): readonly Unmatched[] {
    const some = [...this.#places.values()].filter(({ empty }) => empty > 0)
    const isNever = ({ calls, empty }: Unmatched) => calls === empty
    return [...some.filter(isNever), ...some.filter((each) => !isNever(each))]
  }
}
