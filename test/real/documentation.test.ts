import { beforeAll, describe, expect, test } from 'vitest'
import { crawlThroughFleet, type Voyage } from './crawl.ts'
import { type Documentation, readDocumentation } from './documentation.ts'

/**
 * Real input through real parts: the Python documentation, served by nginx, through a dozen proxies of four makes, four of
 * which lose their power and come back. The origin's log is the judge, and the files on the disk say what there is.
 */
const bound = 90_000

describe('the Python documentation through a dozen real proxies', () => {
  let voyage: Voyage
  let expected: Documentation

  beforeAll(async () => {
    expected = readDocumentation()
    voyage = await crawlThroughFleet(expected.root, AbortSignal.timeout(bound - 10_000))
  }, bound)

  const found = () => voyage.items.filter(({ status }) => status === 200)

  test('the documentation is large enough to mean something', () => {
    expect(expected.titles.size).toBeGreaterThan(500)
  })

  test('every page comes home, and nothing else', () => {
    expect(voyage.deadLetters).toEqual([])
    expect(
      found()
        .map(({ path }) => path)
        .sort(),
    ).toEqual([...expected.reachable].sort())
    expect(voyage.items.filter(({ status }) => status === 404).map(({ path }) => path)).toEqual([
      ...expected.broken,
    ])
  })

  test('the origin served every page, and nothing that no link leads to', () => {
    const served = voyage.hits.filter(({ status }) => status === 200)
    expect(new Set(served.map(({ path }) => path))).toEqual(expected.reachable)
  })

  test('a page is asked for again only to rescue it, or to see whether a proxy is well again', () => {
    const asked = countOf(voyage.hits.map(({ path }) => path))
    const attempts = countOf(voyage.attempts)
    const unexplained = [...asked].filter(
      ([path, times]) => expected.reachable.has(path) && times > attempts.get(path)!,
    )
    expect(unexplained).toEqual([])
    const rescued = [...expected.reachable].filter((path) => asked.get(path)! > 1)
    expect(rescued.length).toBeLessThan(expected.reachable.size / 5)
  })

  test('nothing came from a direct connection', () => {
    const strangers = voyage.hits.filter(({ from }) => !voyage.egresses.has(from))
    expect(strangers).toEqual([])
  })

  test('every proxy carried a share', () => {
    expect(new Set(voyage.hits.map(({ from }) => from))).toEqual(voyage.egresses)
  })

  test('a proxy that came back is used again', () => {
    const carried = countOf(voyage.hits.map(({ from }) => from))
    const returned = [...voyage.revived].filter(
      ([egress, { hitsBefore }]) => carried.get(egress)! > hitsBefore,
    )
    expect(voyage.revived.size).toBe(4)
    expect(returned).not.toEqual([])
  })

  test('each page has the title that its file has', () => {
    const titles = found().flatMap(({ path, title }) =>
      path.endsWith('.html') ? [[path, title] as const] : [],
    )
    expect(new Map(titles)).toEqual(expected.titles)
  })
})

function countOf(keys: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1)
  return counts
}
