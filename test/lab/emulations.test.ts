import { describe, expect, it, onTestFinished } from 'vitest'
import { LibraryGraph } from '../../src/lab/emulations/open-library-graph.ts'
import { startLab } from '../../src/lab/lab.ts'
import { parseScenario, type Scenario } from '../../src/lab/scenario.ts'

async function start(books: Scenario['origins'][string]) {
  const lab = await startLab({ origins: { books } })
  onTestFinished(() => lab.close())
  return lab
}

describe('an origin that emulates a service', () => {
  it('answers as the service, and as the lab elsewhere', async () => {
    const lab = await start({ emulates: 'openlibrary' })
    const { direct } = lab.origins.books!
    expect((await fetch(`${direct}/works/OL0W.json`)).status).toBe(404)
    expect((await fetch(`${direct}/status/418`)).status).toBe(418)
  })

  it('counts its own limits faster where the scenario scales time', async () => {
    // Sixty a minute, five at once: six are too many, unless a minute is over in 60 ms.
    const statusesOf = async (scale: number) => {
      const lab = await start({ emulates: { service: 'openlibrary', scale } })
      const statuses = new Set<number>()
      for (let request = 0; request < 6; request++) {
        statuses.add((await fetch(`${lab.origins.books!.direct}/empty`)).status)
      }
      return [...statuses]
    }
    expect(await statusesOf(1)).toEqual([200, 429])
    expect(await statusesOf(0.00001)).toEqual([200])
  })

  it('takes the limit of the scenario in place of its own', async () => {
    const lab = await start({
      emulates: 'openlibrary',
      limit: { perIp: { requests: 1, perMs: 60_000 }, status: 503 },
    })
    const { direct } = lab.origins.books!
    expect((await fetch(`${direct}/empty`)).status).toBe(200)
    expect((await fetch(`${direct}/empty`)).status).toBe(503)
  })

  it('keeps its count when other manners change', async () => {
    const lab = await start({ emulates: 'openlibrary' })
    const { direct } = lab.origins.books!
    for (let request = 0; request < 5; request++) await (await fetch(`${direct}/empty`)).text()
    await lab.control.set('books', { keepAlive: { requests: 10 } })
    expect((await fetch(`${direct}/empty`)).status).toBe(429)
  })

  it('is refused by name when there is no such service', () => {
    expect(() => parseScenario({ origins: { books: { emulates: 'openlibary' } } })).toThrow(
      /origins\.books\.emulates.*openlibrary/,
    )
  })
})

describe('the emulated Open Library', () => {
  const graph = new LibraryGraph({ seed: 7, size: 120 })

  async function open() {
    const lab = await startLab({
      seed: 7,
      origins: { books: { emulates: { service: 'openlibrary', size: 120, scale: 1e-6 } } },
    })
    onTestFinished(() => lab.close())
    return async (path: string) => {
      const response = await fetch(lab.origins.books!.direct + path)
      const text = await response.text()
      return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text }
    }
  }

  it('hangs together: one work leads to all others', () => {
    for (const seed of [1, 2, 3, 4]) {
      const each = new LibraryGraph({ seed, size: 150 })
      expect(each.from(['/works/OL10150W']).works.size).toBe(150)
    }
  })

  it('pages an author’s works with links to the next, and says how many there are', async () => {
    const get = await open()
    const [author, works] = [...graph.authors.keys()]
      .map((key) => [key, graph.worksOf(key)] as const)
      .find(([, list]) => list.length > 4)!
    const keys: string[] = []
    let next: string | undefined = `${author}/works.json?limit=2`
    while (next !== undefined) {
      const { body } = await get(next)
      expect(body.size).toBe(works.length)
      keys.push(...body.entries.map(({ key }: { key: string }) => key))
      next = body.links.next
    }
    expect(keys).toEqual(works.map(({ key }) => key))
    expect(await get('/authors/OL94A/works.json')).toEqual({ status: 404, body: '' })
  })

  it('finds every subject under its key, and nothing under others', async () => {
    const get = await open()
    for (const { key } of graph.subjects.values()) {
      const { status, body } = await get(`/subjects/${encodeURIComponent(key.slice(10))}.json?limit=1000`)
      expect([status, body.key, body.work_count]).toEqual([200, key, graph.worksOf(key).length])
      expect(body.works.length).toBe(body.work_count)
    }
    expect((await get('/subjects/nobody_writes_of_this.json')).body).toMatchObject({
      work_count: 0,
      works: [],
    })
    expect((await get('/subjects/love.json?limit=1001')).status).toBe(400)
  })

  it('answers what was merged, deleted or never there as the service does', async () => {
    const get = await open()
    expect(await get('/works/OL90W.json')).toMatchObject({
      status: 200,
      body: { type: { key: '/type/redirect' }, location: '/works/OL10001W' },
    })
    expect(await get('/authors/OL93A.json')).toMatchObject({ body: { type: { key: '/type/delete' } } })
    expect(await get('/works/OL1W.json')).toEqual({
      status: 404,
      body: { error: 'notfound', key: '/works/OL1W' },
    })
  })

  it('says in JSON when it is asked too often, sooner where nobody is named', async () => {
    const lab = await startLab({ origins: { books: { emulates: 'openlibrary' } } })
    onTestFinished(() => lab.close())
    const ask = (agent: string) =>
      fetch(`${lab.origins.books!.direct}/works/OL10001W.json`, { headers: { 'user-agent': agent } })
    const answers: Response[] = []
    for (let request = 0; request < 6; request++) answers.push(await ask('regatta/0.1'))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429])
    expect(await answers[5]!.json()).toMatchObject({ status: 429 })
  })
})
