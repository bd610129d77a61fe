import { describe, expect, it } from 'vitest'
import { openlibrary } from '../../plugins/openlibrary.ts'
import { fixturesOf, testSource } from '../../src/testing/index.ts'

const folder = fixturesOf(new URL('../../plugins/openlibrary.ts', import.meta.url), openlibrary)

describe('openlibrary', () => {
  it('reads records, lists and subjects as they are documented', async () => {
    const { items, edges, missing, dead } = await testSource(openlibrary, `${folder}/graph.har`, {
      strict: true,
    })
    expect(items.map(({ kind }) => kind).toSorted()).toEqual([
      ...['author', ...Array(6).fill('subject'), ...Array(3).fill('work')],
    ])
    // Each once, though "Foxes" is named twice; a name without a letter is no subject.
    expect(new Set(edges.map((edge) => JSON.stringify(edge))).size).toBe(edges.length)
    expect(
      edges.filter(({ from, type }) => from === '/works/OL1001W' && type === 'has_subject'),
    ).toHaveLength(6)
    expect([missing, dead]).toEqual([[], []])
  })

  it('follows what was merged, passes over what was deleted, and gives up what is not there', async () => {
    const { items, edges, skipped, dead } = await testSource(openlibrary, `${folder}/odd-records.har`, {
      strict: true,
    })
    expect(items.map(({ key }) => key).toSorted()).toEqual([
      '/authors/OL22A',
      '/subjects/nobody_wrote_of_this',
      '/works/OL2002W',
    ])
    expect(edges).toContainEqual({ from: '/works/OL2001W', to: '/works/OL2002W', type: 'redirects_to' })
    expect(skipped.map(({ reason }) => reason).toSorted()).toEqual(['deleted', 'deleted', 'edition'])
    expect(dead.map(({ reason }) => reason)).toEqual(['status-404'])
  })

  it.each([
    ['<html><body>Open Library is down for maintenance</body></html>', 'target'],
    ['{"key": "/works/OL1W", "ti', 'target'],
    ['{"status": 429, "message": "Too Many Requests."}', 'rate-limited'],
    ['{"error": "notfound"}', 'final'],
    ['{"error": "internal"}', 'target'],
    ['', 'target'],
    ['{"key": "/works/OL1W", "type": {"key": "/type/work"}}', undefined],
    [' \n{"key": "/subjects/errors", "name": "errors"}\n', undefined],
  ])('judges an answer of status 200 by what it is: %s', (body, kind) => {
    const exchange = {
      kind: 'response',
      status: 200,
      url: 'https://openlibrary.org/works/OL1W.json',
      body: Buffer.from(body),
    }
    expect(openlibrary.classifier!.classify(exchange as never, {} as never)?.kind).toBe(kind)
  })

  it.each([
    ['OL45804W', '/works/OL45804W'],
    ['ol45804w', '/works/OL45804W'],
    ['https://openlibrary.org/works/OL45804W/Fantastic_Mr_Fox', '/works/OL45804W'],
    ['http://openlibrary.org/authors/OL23919A.json', '/authors/OL23919A'],
    ['/subjects/Love', '/subjects/love'],
    ['https://openlibrary.org/subjects/place:s%C3%A3o_paulo', '/subjects/place:são_paulo'],
    ['subject:Fiction / Thrillers', '/subjects/fiction__thrillers'],
    ['person:Harry Potter', '/subjects/person:harry_potter'],
  ])('begins at %s', async (seed, key) => {
    const seeds = openlibrary.seeds(openlibrary.params.parse({ seeds: [seed] }), {} as never)
    const found: unknown[] = []
    for await (const each of seeds) found.push((each as { data: { key: string } }).data.key)
    expect(found).toEqual([key])
  })

  it.each(['', 'love', 'OL1X', 'https://example.com/', '/works/', 'subject:???', '../OL1W'])(
    'refuses the seed "%s" before anything is sent',
    (seed) => {
      expect(openlibrary.params.safeParse({ seeds: [seed] }).success).toBe(false)
    },
  )
})
