import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createTraps } from '../../src/admission/traps.ts'
import { ManualClock } from '../manual-clock.ts'
import { requestOf } from '../source/fixtures.ts'
import { crawlMadeUp, type MadeUpPage, words } from './trap-crawl.ts'

const clock = new ManualClock() // it is November 2023
const articles = Array.from({ length: 50 }, (_, index) => `/article/story-number-${index}`)
const article: MadeUpPage = { links: ['/'], items: 1 }

function reasonAgainst(url: string, options = {}): string | undefined {
  const visit = createTraps(options, { clock }).visit(requestOf('http://a.example/'), {
    url: 'http://a.example/',
  })
  return visit.refuses(requestOf(new URL(url, 'http://a.example/').href, { depth: 1 }))
}

describe('a URL that cannot be a page is refused', () => {
  test.each([
    ['repetition', '/docs/docs/docs/docs/intro'],
    ['repetition', '/a/b/a/b/a/b'],
    ['repetition', '/x/a/b/c/a/b/c/a/b/c/'],
    ['repetition', '/1/1/1/1/1/1/'],
    ['repetition', '/a/b/x/a/c/a/d/b/a/e/a/f/a'],
    ['repetition', '/list?sort=a&page=2&sort=a&sort=a&sort=a'],
    ['url-length', `/${'x'.repeat(2_100)}`],
    ['path-segments', `/${Array.from({ length: 31 }, (_, index) => `s${index}`).join('/')}`],
    ['calendar', '/calendar/2031/05'],
    ['calendar', '/calendar/1931/05'],
    ['calendar', '/calendar?month=2031-05'],
    ['calendar', '/en/kalender.php?date=20310512'],
    ['calendar', '/events/2031-05-12'],
    ['calendar', '/rooms?month=5&year=2031'],
    ['calendar', '/?cal_month=5&date=12.05.2031'],
  ])('%s: %s', (reason, url) => {
    expect(reasonAgainst(url)).toBe(reason)
  })
})

describe('a URL that real sites have is let in', () => {
  test.each([
    '/luxembourg/luxembourg/luxembourg',
    '/tiles/0/0/0.png',
    '/2011/11/11/eleven',
    '/org/apache/maven/plugins/maven-jar-plugin/3.0.0/maven-jar-plugin-3.0.0.jar',
    '/owner/repo/blob/main/packages/core/src/main/java/com/company/product/module/sub/impl/internal/util/Strings.java',
    '/archive/1923/05/12/front-page',
    '/search?year=1923&month=5',
    '/2050/01/a-story-of-the-future',
    '/part/2031-05',
    '/events/2099',
    '/events?start=2040',
    '/scale/2040',
    '/product/20310512',
    '/filter?color[]=red&color[]=blue&color[]=green&color[]=black&size=1',
    '/wiki/Lopado­temacho­selacho­galeo­kranio­leipsano­drim­hypo­trimmato­silphio­karabo',
    '/calendar/2024/05',
    '/calendar/9999',
    '//cdn//x',
  ])('%s', (url) => {
    expect(reasonAgainst(url)).toBeUndefined()
  })
})

test('a limit can be moved and lifted', () => {
  expect(reasonAgainst('/a/a/a/a', { repetition: false })).toBeUndefined()
  expect(reasonAgainst('/a/b/c', { pathSegments: 2 })).toBe('path-segments')
  expect(reasonAgainst('/calendar/2031/05', { calendar: { ahead: 10 } })).toBeUndefined()
  expect(reasonAgainst('/calendar/2031/05', { calendar: false })).toBeUndefined()
  expect(reasonAgainst('/b', { depth: 0 })).toBe('depth')
})

test('a wrong limit is an error that names it', () => {
  expect(() => createTraps({ urlLength: 0 }, { clock })).toThrow(
    expect.objectContaining({ code: 'OPTION_INVALID', message: expect.stringContaining('traps.urlLength') }),
  )
})

test('a limit that is misspelt is an error that names the nearest', () => {
  const misspelt = { calendar: { form: 1_990 } } as object
  expect(() => createTraps(misspelt, { clock })).toThrow(
    'Option "traps.calendar.form": there is no such option. Did you mean "traps.calendar.from"?',
  )
})

describe('a crawl of a trap ends, with all its real pages', () => {
  /** `real` pages and an entrance to the trap on the front page; what is not real is the trap's. */
  async function crawlTrap(entrance: string, trap: (url: URL) => MadeUpPage | undefined, options = {}) {
    const result = await crawlMadeUp(
      ['http://a.example/'],
      (url) => {
        if (url.pathname === '/' && url.search === '') return { links: [entrance, ...articles] }
        return articles.includes(url.pathname) ? article : trap(url)
      },
      options,
    )
    expect(result.isEnded).toBe(true)
    const paths = new Set(result.fetched.map((url) => new URL(url).pathname))
    expect(articles.filter((path) => !paths.has(path))).toEqual([])
    return result
  }

  test('a calendar whose next month is always empty', async () => {
    const { fetched, traps } = await crawlTrap('/calendar/2023/11', ({ pathname }) => {
      const [, , year, month] = pathname.split('/').map(Number)
      const next = new Date(Date.UTC(year!, month!))
      const before = new Date(Date.UTC(year!, month! - 2))
      const link = (date: Date) => `/calendar/${date.getUTCFullYear()}/${date.getUTCMonth() + 1}`
      return { links: ['/', link(next), link(before)], items: 1 }
    })
    // 1990 to 2025.
    expect(fetched.length).toBeLessThan(500)
    expect(traps.rejected().map(({ reason }) => reason)).toContain('calendar')
  })

  test('a list of days that does not call itself a calendar, with an item on each page', async () => {
    const { fetched, traps } = await crawlTrap('/d/2023-11-01', ({ pathname }) => {
      const day = new Date(`${pathname.slice(3)}T00:00Z`)
      const next = new Date(day.getTime() + 86_400_000).toISOString().slice(0, 10)
      const title = day.toLocaleDateString('en', { dateStyle: 'full', timeZone: 'UTC' })
      return { links: ['/', `/d/${next}`], items: 1, text: `<h1>${title}</h1><p>Nothing on.</p>` }
    })
    expect(fetched.length).toBeLessThan(1_500)
    expect(traps.rejected()).toMatchObject([{ reason: 'barren', example: expect.stringContaining('/d/2') }])
  })

  test('a list that goes on for ever after its last entry', async () => {
    const { fetched } = await crawlTrap('/list?page=1', ({ searchParams }) => {
      const page = Number(searchParams.get('page'))
      const text = page < 13 ? `Entries of ${page}: ${articles[page]}` : `<p>Page ${page}: nothing here</p>`
      return { links: ['/', `?page=${page + 1}`, `?page=${page - 1}`], items: 1, text }
    })
    expect(fetched.length).toBeLessThan(400)
  })

  test('a list of what is known already, without items', async () => {
    const { fetched } = await crawlTrap('/page/1', ({ pathname }) => {
      const page = Number(pathname.slice(6))
      return { links: [articles[page % 50]!, articles[(page * 7) % 50]!, `/page/${page + 1}`] }
    })
    expect(fetched.length).toBeLessThan(1_500)
  })

  test('a path that a relative link makes longer and longer', async () => {
    const { traps } = await crawlTrap('/docs/', () => ({
      links: ['docs/', 'guide/', '/'],
      items: 1,
      text: 'Docs',
    }))
    expect(traps.rejected().map(({ reason }) => reason)).toContain('echo')
  })

  test('relative links of many names that lead to the same few pages', async () => {
    const { fetched } = await crawlTrap('/one/', ({ pathname }) => {
      const name = pathname.split('/').at(-2)
      return { links: ['one/', 'two/', 'three/', 'four/', 'five/'], items: 1, text: `Page ${name}` }
    })
    expect(fetched.length).toBeLessThan(2_000)
  })

  test('a session id of a well-known name that is new on every page is no new page', async () => {
    let visits = 0
    const { fetched } = await crawlTrap('/s/1', ({ pathname }) => {
      const session = (++visits).toString(16).padStart(32, '0')
      const next = (Number(pathname.slice(3).replace(/;.*/, '')) % 9) + 1
      return { links: [`/s/${next}?PHPSESSID=${session}`, `/s/${next};jsessionid=${session}`], items: 1 }
    })
    expect(fetched.length).toBe(1 + 50 + 9)
  })

  test('a token of unknown name that is new on every page', async () => {
    let visits = 0
    const { fetched } = await crawlTrap('/s/1?tok=a1b2c3d4e5', ({ pathname }) => {
      const token = `${(++visits).toString(36)}a0b1c2d3e4`
      return { links: [`/s/1?tok=${token}`, `/s/2?tok=${token}`], items: 1, text: `Room ${pathname}` }
    })
    expect(fetched.length).toBeLessThan(500)
  })

  test('every choice of every facet', async () => {
    const values = Array.from({ length: 12 }, (_, index) => `v${index}`)
    const { fetched } = await crawlTrap(
      '/search?color=v1',
      ({ searchParams }) => {
        const links: string[] = [...searchParams.values()].map((value) => articles[Number(value.slice(1))]!)
        for (const facet of ['color', 'size', 'sort', 'brand', 'price', 'shape'])
          for (const value of values) {
            const chosen = new URLSearchParams(searchParams)
            chosen.set(facet, value)
            chosen.sort()
            links.push(`?${chosen}`)
          }
        return { links }
      },
      { traps: { barren: 10 } },
    )
    // Of 13^6, almost five million.
    expect(fetched.length).toBeLessThan(20_000)
  })
})

test('a budget per template counts distinct URLs', async () => {
  const { fetched } = await crawlMadeUp(
    ['http://a.example/'],
    ({ pathname }) => ({
      links: pathname === '/' ? Array.from({ length: 100 }, (_, id) => `/p/${id % 50}`) : ['/p/50', '/other'],
      items: 1,
    }),
    { traps: { perTemplate: 50 } },
  )
  expect(fetched).toHaveLength(52)
  expect(fetched.filter((url) => url.includes('/p/'))).toHaveLength(50)
})

test('seeds are never refused, and refusals are told by reason with an example', async () => {
  const long = `http://a.example/${'x/'.repeat(40)}`
  const { fetched, traps } = await crawlMadeUp([long, 'http://a.example/calendar/2099/01'], (url) => ({
    links: url.pathname.startsWith('/cal')
      ? ['/calendar/2099/02', '/calendar/2099/03', `/${'y/'.repeat(9)}`]
      : [],
  }))
  expect(fetched).toHaveLength(2)
  expect(traps.rejected()).toEqual([
    { reason: 'calendar', count: 2, example: 'http://a.example/calendar/2099/02' },
    { reason: 'repetition', count: 1, example: `http://a.example/${'y/'.repeat(9)}` },
  ])
})

test('a page that is visited again is not held to have led nowhere, and its links are still looked at', () => {
  const traps = createTraps({ barren: 1 }, { clock })
  const known = { request: requestOf('http://a.example/page/2', { depth: 1 }) }
  for (let visit = 0; visit < 50; visit++) {
    const again = traps.visit(requestOf('http://a.example/page/1'), {
      url: 'http://a.example/page/1',
      isAgain: true,
    })
    again.found([known], ['added'])
    again.end(0, () => 'Nothing')
    expect(again.refuses(requestOf('http://a.example/calendar/2031/05', { depth: 1 }))).toBe('calendar')
  }
  expect(traps.refuses(known.request)).toBeUndefined()
})

test('a crawl that is resumed remembers what ended, through JSON', async () => {
  const site = ({ pathname }: URL) => ({
    links: [`/page/${Number(pathname.slice(6)) + 1}`],
    text: 'Nothing here',
    items: 1,
  })
  const first = await crawlMadeUp(['http://a.example/page/1'], site)
  expect(first.fetched.length).toBeLessThan(300)
  const saved: unknown = JSON.parse(JSON.stringify(first.traps.save()))
  const known = createTraps({}, { clock, saved })
  expect(known.rejected()).toEqual(first.traps.rejected())
  const second = await crawlMadeUp(['http://a.example/page/900'], site, { known })
  expect(second.fetched).toEqual(['http://a.example/page/900'])
})

test.each([[undefined], [null], [7], [{ version: 2 }], [{ version: 1, ended: 'x' }]])(
  'a memory that cannot be read (%j) is none',
  (saved) => {
    expect(createTraps({}, { clock, saved }).rejected()).toEqual([])
  },
)

test('any link of any page is answered, and a template that gives items never ends', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    '7',
    '2031',
    '05',
    '12',
    'calendar',
    'x'.repeat(30),
    '%20',
    'ü',
    '',
    '..',
  )
  const link = fc
    .tuple(fc.array(piece, { maxLength: 40 }), fc.array(fc.tuple(piece, piece), { maxLength: 8 }))
    .map(([path, query]) => `/${path.join('/')}?${query.map((pair) => pair.join('=')).join('&')}`)
  fc.assert(
    fc.property(fc.array(fc.array(link, { maxLength: 5 }), { maxLength: 400 }), (pages) => {
      const traps = createTraps({ barren: 2, calendar: false, echoes: false }, { clock })
      for (const [index, links] of pages.entries()) {
        const request = requestOf(`http://a.example/p/${index}`)
        const visit = traps.visit(request, { url: request.url, digest: String(index) })
        const discovered = links
          .filter((each) => URL.canParse(each, request.url))
          .map((each) => ({ request: requestOf(new URL(each, request.url).href, { depth: 1 }) }))
          .filter((each) => visit.refuses(each.request) === undefined)
        visit.found(
          discovered,
          discovered.map(() => 'added'),
        )
        visit.end(1, () => `text ${index * 1_000}`)
      }
      expect(traps.refuses(requestOf('http://a.example/p/9999', { depth: 1 }))).toBeUndefined()
    }),
    { numRuns: 50 },
  )
})

test('memory stays bounded whatever a site makes up', () => {
  const traps = createTraps({ barren: 1, perTemplate: 3 }, { clock })
  for (let index = 0; index < 60_000; index++) {
    const word = words(index)
    const request = requestOf(`http://h${index % 700}.example/${word}/1`, { depth: 1 })
    const visit = traps.visit(request, { url: request.url, digest: word })
    const link = requestOf(`http://h${index % 700}.example/${word}/2`, { depth: 1 })
    visit.found([{ request: link }], ['added'])
    visit.end(0, () => '')
  }
  const { ended, records, echoes } = traps.save()
  expect(Math.max(ended.length, records.length, echoes.length)).toBeLessThanOrEqual(20_000)
})
