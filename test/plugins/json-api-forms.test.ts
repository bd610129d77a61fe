import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { jsonApi } from '../../plugins/json-api.ts'
import { createCrawler } from '../../src/index.ts'

/**
 * The forms in which well-known interfaces page, each as its public documentation describes it: what they answer is made up
 * here, and asked over real sockets.
 */
interface Asked {
  readonly url: URL
  readonly headers: IncomingMessage['headers']
  readonly body: Record<string, unknown>
}

interface Said {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | string[]>>
  readonly body: unknown
}

let answer: (asked: Asked) => Said
let asked: Asked[] = []
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  const one = {
    url: new URL(request.url ?? '/', base()),
    headers: request.headers,
    body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
  }
  if (one.url.pathname === '/robots.txt') return response.writeHead(404).end()
  asked.push(one)
  const { status = 200, headers, body } = answer(one)
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
})
const base = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  server.close()
  server.closeAllConnections()
})

type Params = Omit<Parameters<typeof jsonApi.params.parse>[0] & object, never>

/** All items, in the order in which they came, and how often it was asked. */
async function crawl(params: object, says: typeof answer) {
  answer = says
  asked = []
  const logged: string[] = []
  await using crawler = await createCrawler({
    direct: true,
    politeness: false,
    env: { KEY: 's3cret', USER: 'ann' },
  })
  crawler.on('log', ({ message }) => logged.push(message))
  const run = crawler.crawl(jsonApi, params as Params)
  const items: unknown[] = []
  for await (const item of run) items.push(item)
  const { deadLetters, leftOut } = await run.done
  return {
    items,
    times: asked.length,
    logged,
    deadLetters,
    leftOut,
    paths: asked.map(({ url }) => url.pathname + url.search),
  }
}

const all = Array.from({ length: 7 }, (_, at) => ({ id: at + 1 }))
const cut = (from: number, size: number) => all.slice(from, from + size)
const numberOf = (url: URL, name: string, standard: number) => Number(url.searchParams.get(name) ?? standard)

describe('an interface is read to its end that pages like', () => {
  test.each<[name: string, times: number, params: (at: string) => object, says: typeof answer]>([
    [
      'GitHub, by a Link header with other relations before and behind it',
      3,
      (at) => ({ url: `${at}/issues?per_page=3` }),
      ({ url }) => {
        const page = numberOf(url, 'page', 1)
        const link = (to: number, rel: string) => `<${base()}/issues?per_page=3&page=${to}>; rel="${rel}"`
        const links = [link(1, 'first'), ...(page < 3 ? [link(page + 1, 'next')] : []), link(3, 'last')]
        return { headers: { link: links.join(', ') }, body: cut((page - 1) * 3, 3) }
      },
    ],
    [
      'Stripe, by the id of the last item while has_more says so',
      4,
      (at) => ({
        url: `${at}/v1/charges?limit={limit}&starting_after={cursor}`,
        limit: 2,
        items: '/data',
        last: '/id',
        more: '/has_more',
      }),
      ({ url }) => {
        if (url.searchParams.get('starting_after') === '')
          return { status: 400, body: { error: 'empty string' } }
        const from = numberOf(url, 'starting_after', 0)
        return { body: { object: 'list', data: cut(from, 2), has_more: from + 2 < 7 } }
      },
    ],
    [
      'Shopify, by a Link header with page_info',
      4,
      (at) => ({ url: `${at}/admin/products.json?limit=2`, items: '/products' }),
      ({ url }) => {
        const from = Number(url.searchParams.get('page_info')?.slice(2) ?? 0)
        const next =
          from + 2 < 7
            ? { link: `<${base()}/admin/products.json?page_info=pi${from + 2}&limit=2>; rel=next` }
            : {}
        return { headers: next, body: { products: cut(from, 2) } }
      },
    ],
    [
      'Twitter, by meta.next_token, also over a page that is empty',
      4,
      (at) => ({ url: `${at}/2/tweets?pagination_token={cursor}`, items: '/data', next: '/meta/next_token' }),
      ({ url }) => {
        const token = url.searchParams.get('pagination_token') ?? 'a'
        const pages: Record<string, [number, string?]> = { a: [0, 'b'], b: [9, 'c'], c: [3, 'd'], d: [6] }
        const [from, next] = pages[token]!
        return { body: { data: cut(from, 3), meta: { ...(next && { next_token: next }) } } }
      },
    ],
    [
      'Elasticsearch, by search_after of the last hit in the body',
      4,
      (at) => ({
        url: `${at}/index/_search`,
        body: { size: 3, query: { match_all: {} }, sort: [{ id: 'asc' }], search_after: '{cursor}' },
        items: '/hits/hits',
        last: '/sort',
      }),
      ({ body }) => {
        if (body.search_after === null) return { status: 400, body: { error: 'unknown value' } }
        const from = ((body.search_after as number[] | undefined) ?? [0])[0]!
        return { body: { hits: { hits: cut(from, 3).map(({ id }) => ({ id, sort: [id] })) } } }
      },
    ],
    [
      'OData, by @odata.nextLink',
      3,
      (at) => ({ url: `${at}/odata/Products`, items: '/value', next: '/@odata.nextLink' }),
      ({ url }) => {
        const from = numberOf(url, '$skiptoken', 0)
        const next =
          from + 3 < 7 ? { '@odata.nextLink': `${base()}/odata/Products?$skiptoken=${from + 3}` } : {}
        return { body: { value: cut(from, 3), ...next } }
      },
    ],
    [
      'JSON:API, by links.next, which may be an object',
      3,
      (at) => ({ url: `${at}/articles`, items: '/data', next: '/links/next' }),
      ({ url }) => {
        const from = numberOf(url, 'page[offset]', 0)
        const href = `/articles?page[offset]=${from + 3}`
        return {
          body: { data: cut(from, 3), links: { next: from + 3 < 7 ? (from === 0 ? href : { href }) : null } },
        }
      },
    ],
    [
      'HAL, by _links.next.href',
      3,
      (at) => ({ url: `${at}/orders`, items: '/_embedded/orders', next: '/_links/next/href' }),
      ({ url }) => {
        const from = numberOf(url, 'from', 0)
        const next = from + 3 < 7 ? { next: { href: `/orders?from=${from + 3}` } } : {}
        return {
          body: { _embedded: { orders: cut(from, 3) }, _links: { self: { href: '/orders' }, ...next } },
        }
      },
    ],
    [
      'Django REST, by next, which is null at the end',
      3,
      (at) => ({ url: `${at}/api/things/`, items: '/results', next: '/next' }),
      ({ url }) => {
        const page = numberOf(url, 'page', 1)
        const next = page < 3 ? `${base()}/api/things/?page=${page + 1}` : null
        return { body: { count: 7, next, previous: null, results: cut((page - 1) * 3, 3) } }
      },
    ],
    [
      'WordPress, by page up to the header X-WP-TotalPages, behind which there is an error',
      3,
      (at) => ({ url: `${at}/wp-json/wp/v2/posts?per_page=3&page={page}`, pages: 'header:X-WP-TotalPages' }),
      ({ url }) => {
        const page = numberOf(url, 'page', 1)
        if (page > 3) return { status: 400, body: { code: 'rest_post_invalid_page_number' } }
        return { headers: { 'x-wp-totalpages': '3', 'x-wp-total': '7' }, body: cut((page - 1) * 3, 3) }
      },
    ],
    [
      'Socrata, by $offset and $limit until a page is empty, though it gives fewer than it is asked for',
      5,
      (at) => ({ url: `${at}/resource/x.json?$limit={limit}&$offset={offset}`, limit: 1_000 }),
      ({ url }) => ({ body: cut(numberOf(url, '$offset', 0), 2) }),
    ],
    [
      'a list that says how many there are',
      4,
      (at) => ({ url: `${at}/list?offset={offset}`, items: '/rows', total: '/total' }),
      ({ url }) => ({ body: { rows: cut(numberOf(url, 'offset', 0), 2), total: '7' } }),
    ],
    [
      'Algolia, by a page that counts from 0 up to nbPages',
      3,
      (at) => ({
        url: `${at}/1/indexes/x/query?page={page}`,
        firstPage: 0,
        items: '/hits',
        pages: '/nbPages',
      }),
      ({ url }) => {
        const page = numberOf(url, 'page', 0)
        return { body: { hits: cut(page * 3, 3), page, nbPages: 3 } }
      },
    ],
    [
      'Zendesk, by next_page',
      3,
      (at) => ({ url: `${at}/api/v2/tickets.json`, items: '/tickets', next: '/next_page' }),
      ({ url }) => {
        const page = numberOf(url, 'page', 1)
        const next = page < 3 ? `${base()}/api/v2/tickets.json?page=${page + 1}` : null
        return { body: { tickets: cut((page - 1) * 3, 3), next_page: next } }
      },
    ],
    [
      'Salesforce, by a relative nextRecordsUrl',
      3,
      (at) => ({
        url: `${at}/services/data/v60.0/query?q=SELECT+Id+FROM+Account`,
        items: '/records',
        next: '/nextRecordsUrl',
      }),
      ({ url }) => {
        const from = Number(/query\/01g-(\d+)$/.exec(url.pathname)?.[1] ?? 0)
        const next = from + 3 < 7 ? { nextRecordsUrl: `/services/data/v60.0/query/01g-${from + 3}` } : {}
        return { body: { totalSize: 7, done: from + 3 >= 7, records: cut(from, 3), ...next } }
      },
    ],
    [
      'GraphQL, by a cursor in the variables of a POST',
      3,
      (at) => ({
        url: `${at}/graphql`,
        body: JSON.stringify({
          query: 'query($after: String) { things(after: $after) { id } }',
          variables: { after: '{cursor}' },
        }),
        items: '/data/things/nodes',
        next: '/data/things/pageInfo/endCursor',
        more: '/data/things/pageInfo/hasNextPage',
      }),
      ({ body }) => {
        const { after } = body.variables as { after?: string }
        const from = Number(after ?? 0)
        const pageInfo = { endCursor: String(from + 3), hasNextPage: from + 3 < 7 }
        return { body: { data: { things: { nodes: cut(from, 3), pageInfo } } } }
      },
    ],
  ])('%s', async (_, times, params, says) => {
    const { items, paths } = await crawl(params(base()), says)
    expect(items.map((item) => (item as { id: number }).id)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(paths).toHaveLength(times)
  })
})

describe('paging that goes round in a circle ends', () => {
  test('a next link that names the page itself, and one that leads back to the first', async () => {
    const itself = await crawl({ url: `${base()}/a`, items: '/l', next: '/n' }, () => ({
      body: { l: [1], n: '/a' },
    }))
    expect(itself).toMatchObject({ items: [1], times: 1 })
    const back = await crawl({ url: `${base()}/a`, items: '/l', next: '/n' }, ({ url }) => ({
      body: { l: [url.pathname], n: url.pathname === '/a' ? '/b' : '/a' },
    }))
    expect(back).toMatchObject({ items: ['/a', '/b'], times: 2 })
  })

  test('a cursor that stays as it was, which is told', async () => {
    const { items, times, logged } = await crawl(
      { url: `${base()}/?c={cursor}`, items: '/l', next: '/n' },
      () => ({
        body: { l: [1], n: 'same' },
      }),
    )
    expect({ items, times }).toEqual({ items: [1, 1], times: 2 })
    expect(logged.join()).toContain('the next cursor is the one that was asked for')
  })

  test('a page without items that names another one without end', async () => {
    let page = 0
    const { items, times, logged } = await crawl(
      { url: `${base()}/?c={cursor}`, items: '/l', next: '/n' },
      () => ({
        body: { l: [], n: ++page },
      }),
    )
    expect({ items, times }).toEqual({ items: [], times: 11 })
    expect(logged.join()).toContain('10 pages in a row have no items')
  })

  test('an interface that does not know the parameter gives its first page for ever, which is taken once', async () => {
    const { items, times, leftOut } = await crawl({ url: `${base()}/?page={page}` }, () => ({ body: [1, 2] }))
    expect({ items, times }).toEqual({ items: [1, 2], times: 2 })
    expect(leftOut).toMatchObject([{ reason: 'repeated' }])
  })
})

describe('what an answer is', () => {
  const of = (type: string, body: string, params = {}) =>
    crawl({ url: `${base()}/x`, ...params }, () => ({ headers: { 'content-type': type }, body }))

  test.each([
    ['application/x-ndjson', '{"id":1}\r\n\n{"id":2}', {}],
    ['application/jsonl; charset=utf-8', '{"id":1}\n{"id":2}\n', {}],
    ['application/json-seq', '\u001e{"id":1}\n\u001e{"id":2}\n', {}],
    ['application/octet-stream', '\ufeff{"id":1}\n{"id":2}', { format: 'ndjson' }],
  ])('%s is a value each', async (type, body, params) => {
    expect((await of(type, body, params)).items).toEqual([{ id: 1 }, { id: 2 }])
  })

  test.each([
    ['text/csv', '\ufeffid,name\r\n1,"a, b"\r\n2,c\r\n', {}],
    ['text/csv; header=present', 'id;name\n1;a, b\n2;c', {}],
    ['text/plain', 'id|name\n1|a, b\n2|c', { format: 'csv', delimiter: '|' }],
  ])('%s is a row each, by its head', async (type, body, params) => {
    expect((await of(type, body, params)).items).toEqual([
      { id: '1', name: 'a, b' },
      { id: '2', name: 'c' },
    ])
  })

  test('a line that is cut off is a dead letter that names it, and not a page with fewer items', async () => {
    const { items, deadLetters } = await of('application/x-ndjson', '{"id":1}\n{"id"')
    expect(items).toEqual([])
    expect(deadLetters[0]).toMatchObject({
      code: 'source-failed',
      detail: expect.stringContaining('line 2'),
    })
  })

  test('an empty answer, and null in place of a list, have no items', async () => {
    expect((await of('application/json', '')).items).toEqual([])
    expect(await of('application/json', '{"data":null}', { items: '/data' })).toMatchObject({
      items: [],
      deadLetters: [],
    })
  })

  test('a wrong pointer is told with the one that there is, and what the answer says of itself', async () => {
    const wrong = await of('application/json', '{"results":[1]}', { items: '/data' })
    expect(wrong.deadLetters[0]!.detail).toContain('no list at "/data"; there is one at "/results"')
    const refused = await of('application/json', '{"errors":[{"message":"no such field"}]}', {
      items: '/data',
    })
    expect(refused.deadLetters[0]!.detail).toContain('no such field')
  })

  test('a cursor of 64 bits keeps its digits', async () => {
    const { paths } = await crawl(
      { url: `${base()}/?c={cursor}`, items: '/l', next: '/next_cursor' },
      ({ url }) => ({
        body: url.searchParams.has('c') ? '{"l":[]}' : '{"l":[1],"next_cursor":1374004777531007833}',
      }),
    )
    expect(paths).toEqual(['/', '/?c=1374004777531007833'])
  })
})

describe('who asks', () => {
  const says = ({ url }: Asked): Said => ({
    body: { l: [1], n: url.searchParams.has('p') ? null : `/x?p=2&key=s3cret` },
  })
  const of = (auth: string | string[]) => crawl({ url: `${base()}/x`, items: '/l', next: '/n', auth }, says)

  test('is shown by a header or a parameter, whose value stands in the environment', async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a variable is written.
    await of(['bearer ${KEY}', 'header X-App: ${USER}'])
    expect(asked.map(({ headers }) => [headers.authorization, headers['x-app']])).toEqual([
      ['Bearer s3cret', 'ann'],
      ['Bearer s3cret', 'ann'],
    ])
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a variable is written.
    await of('basic ${USER}:${KEY}')
    expect(asked[0]!.headers.authorization).toBe(`Basic ${Buffer.from('ann:s3cret').toString('base64')}`)
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is how a variable is written.
    const { paths } = await of('query key=${KEY}')
    expect(paths).toEqual(['/x?key=s3cret', '/x?p=2&key=s3cret'])
  })

  test('is not told to another host that the answer names, and that is a dead letter', async () => {
    const params = { url: `${base()}/x`, items: '/l', next: '/n', auth: 'bearer $' + '{KEY}' }
    const { items, times, deadLetters } = await crawl(params, () => ({
      body: { l: [1], n: 'http://127.0.0.2:9/y' },
    }))
    expect({ items, times }).toEqual({ items: [1], times: 1 })
    expect(deadLetters[0]!.detail).toContain('the key is for http://127.0.0.1')
  })

  test('is told before anything is sent where the variable is not set, and where a key stands in the params', async () => {
    const missing = crawl({ url: `${base()}/x`, auth: 'bearer $' + '{OTHER}' }, says)
    await expect(missing).rejects.toMatchObject({
      code: 'MISSING_API_KEY',
      message: expect.stringContaining('OTHER'),
    })
    expect(asked).toEqual([])
    const literal = crawl({ url: `${base()}/x`, auth: 'bearer abc' }, says)
    await expect(literal).rejects.toMatchObject({
      code: 'PARAM_INVALID',
      message: expect.stringMatching(/set NAME in the environment/),
    })
  })
})
