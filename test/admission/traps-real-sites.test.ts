import { describe, expect, test } from 'vitest'
import { crawlMadeUp, type MadeUpPage, words } from './trap-crawl.ts'

describe('a large real site passes whole', () => {
  async function crawlReal(seeds: readonly string[], site: (url: URL) => MadeUpPage) {
    const { fetched, traps } = await crawlMadeUp(seeds, site, { most: 1_000_000 })
    expect(traps.rejected()).toEqual([])
    return fetched.length
  }

  test('200,000 products with items', { timeout: 120_000 }, async () => {
    const pages = await crawlReal(['http://a.example/product/1'], ({ pathname }) => {
      const id = Number(pathname.slice(9))
      const links = [id * 2, id * 2 + 1].filter((each) => each <= 200_000).map((each) => `/product/${each}`)
      return { links, items: 1, text: `<h1>${(id * 2_654_435_761) % 4_294_967_296}</h1>` }
    })
    expect(pages).toBe(200_000)
  })

  test('a shop whose lists give no items and whose products end the way', async () => {
    const pages = await crawlReal(['http://a.example/list/1'], ({ pathname }) => {
      const [, kind, id] = pathname.split('/')
      if (kind === 'product') return { links: ['/list/1'], items: 1 }
      const products = Array.from({ length: 3 }, (_, index) => `/product/${Number(id) * 3 + index}`)
      return { links: Number(id) < 5_000 ? [...products, `/list/${Number(id) + 1}`] : products }
    })
    expect(pages).toBe(20_000)
  })

  test('a chain of 10,000 pages that nobody reads items from', async () => {
    const pages = await crawlReal(['http://a.example/page/1'], ({ pathname }) => {
      const page = Number(pathname.slice(6))
      return { links: page < 10_000 ? [`/page/${page + 1}`] : [], text: words(page) }
    })
    expect(pages).toBe(10_000)
  })

  test('a news archive by date', async () => {
    const day = (index: number) =>
      new Date(Date.UTC(1999, 0, 1 + index)).toISOString().slice(0, 10).replaceAll('-', '/')
    const pages = await crawlReal(['http://a.example/'], ({ pathname }) => {
      if (pathname === '/') return { links: [`/${day(0)}/`] }
      const [, year, month, date, slug] = pathname.split('/')
      if (slug !== '') return { links: ['/'], items: 1 }
      const index = Math.round(
        (Date.UTC(Number(year), Number(month) - 1, Number(date)) - Date.UTC(1999, 0, 1)) / 86_400_000,
      )
      return { links: [`news-of-the-day-${index}`, ...(index < 8_999 ? [`/${day(index + 1)}/`] : [])] }
    })
    expect(pages).toBe(1 + 9_000 * 2)
  })

  test('rates by date, which differ in numbers only', async () => {
    const pages = await crawlReal(['http://a.example/rates/2000-01-01'], ({ pathname }) => {
      const day = Date.parse(`${pathname.slice(7)}T00:00Z`) / 86_400_000
      const next = new Date((day + 1) * 86_400_000).toISOString().slice(0, 10)
      const text = `Rates of ${pathname.slice(7)}: EUR ${(day % 977) / 1_000 + 0.0005}, DKK ${(day % 811) / 100 + 0.005}`
      return { links: day < 14_000 ? [`/rates/${next}`] : [], items: 1, text }
    })
    expect(pages).toBe(14_000 - 10_957 + 1)
  })

  test('a wiki with long titles', async () => {
    const title = (id: number) => `/wiki/The_history_of_${words(id)}_in_the_town`
    let next = 0
    const pages = await crawlReal([`http://a.example${title(0)}`], () => {
      const links: string[] = []
      while (links.length < 2 && next < 20_000) links.push(title(++next))
      return { links, items: 1 }
    })
    expect(pages).toBe(20_001)
  })

  test('a deep tree of documents', async () => {
    const names = ['guide', 'api', 'impl']
    const pages = await crawlReal(['http://a.example/docs/v1/'], ({ pathname }) => {
      const depth = pathname.split('/').length - 4
      return { links: depth < 8 ? names.map((name, index) => `${name}-${depth}${index}/`) : [], items: 1 }
    })
    expect(pages).toBe((3 ** 9 - 1) / 2)
  })

  test('products whose only items stand on a tab of theirs', async () => {
    const pages = await crawlReal(['http://a.example/'], ({ pathname, searchParams }) => {
      if (pathname === '/') return { links: Array.from({ length: 3_000 }, (_, id) => `/item?id=${id}`) }
      if (searchParams.has('specs')) return { links: ['/'], items: 1 }
      const id = searchParams.get('id')!
      return { links: ['/', `/item?id=${id}&specs=1`], text: words(Number(id)) }
    })
    expect(pages).toBe(1 + 3_000 * 2)
  })
})
