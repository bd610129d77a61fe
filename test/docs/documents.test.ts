import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { expect, test } from 'vitest'
import { addCrawlFlags } from '../../src/cli/crawl-flags.ts'
import { parseOptions } from '../../src/options/options.ts'

const read = (name: string) => readFile(new URL(`../../${name}`, import.meta.url), 'utf8')

/** Rows of the tables in a text whose first cell is code: its text, and the second cell. */
function rows(text: string): { name: string; second: string }[] {
  return [...text.matchAll(/^\| `([^`]+)` \| ((?:\\\||[^|])*) \|/gm)].map(([, name, second]) => ({
    name: name!,
    second: second!.trim(),
  }))
}

/** Every option with a default, by its path: `politeness.interval`. */
function defaults(value: unknown = parseOptions({}), prefix = ''): Map<string, unknown> {
  const found = new Map<string, unknown>()
  for (const [key, each] of Object.entries(value as Record<string, unknown>)) {
    const path = prefix + key
    const isGroup = typeof each === 'object' && each !== null && !Array.isArray(each)
    if (isGroup && prefix === '' && Object.keys(each).length > 0) {
      for (const [inner, leaf] of defaults(each, `${path}.`)) found.set(inner, leaf)
    } else found.set(path, each)
  }
  return found
}

test.each(['README.md', 'docs/options.md'])(
  'the defaults that %s names are the ones that hold',
  async (name) => {
    const text = await read(name)
    const table =
      name === 'README.md'
        ? text.slice(text.indexOf('\n## Options'), text.indexOf('\n## Beside'))
        : text.slice(0, text.indexOf('\n## Options of one crawl'))
    const known = defaults()
    const listed = rows(table)
    expect(listed.length).toBeGreaterThan(5)
    for (const { name: option, second } of listed) {
      const wanted =
        option === 'politeness'
          ? 'on'
          : known.has(option)
            ? `\`${JSON.stringify(known.get(option))}\``
            : 'none'
      expect(second, `${option} in ${name}`).toBe(wanted)
    }
  },
)

test('docs/options.md lists every option with a default, and every one without', async () => {
  const listed = rows(await read('docs/options.md')).map((row) => row.name)
  for (const option of defaults().keys()) expect(listed).toContain(option)
  const source = await read('src/options/options.ts')
  const shape = source.slice(
    source.indexOf('const shapeSchema'),
    source.indexOf('export type CrawlerOptions'),
  )
  const groups = new Set(listed.map((each) => each.split('.')[0]))
  for (const [, option] of shape.matchAll(/^ {2}(\w+):/gm)) {
    if (option !== 'clock' && option !== 'transport') expect(groups).toContain(option)
  }
})

test('docs/options.md lists every option of a crawl, and no other', async () => {
  const text = await read('docs/options.md')
  const listed = rows(text.slice(text.indexOf('\n## Options of one crawl'))).map((row) => row.name)
  const source = await read('src/contracts/crawl.ts')
  const options = source.slice(source.indexOf('interface CrawlOptions'), source.indexOf('interface Crawl<'))
  const names = [...options.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name)
  expect(names.length).toBeGreaterThan(10)
  expect(listed.toSorted()).toEqual(names.toSorted())
})

test('the README lists every flag of crawl, and no other', async () => {
  const text = await read('README.md')
  const flags = rows(text.slice(text.indexOf('flag of `crawl`'), text.indexOf('\nCtrl-C'))).map((row) =>
    row.name.replaceAll('\\|', '|'),
  )
  expect(flags).toEqual(addCrawlFlags(new Command('crawl')).options.map((option) => option.flags))
})

test('the README explains every error code', async () => {
  const source = await read('src/contracts/errors.ts')
  const codes = [...source.matchAll(/^ {2}\| '([A-Z_]+)'/gm)].map(([, code]) => code!)
  const text = await read('README.md')
  const listed = rows(text.slice(text.indexOf('## When something goes wrong'))).map((row) => row.name)
  expect(listed.filter((name) => /^[A-Z_]+$/.test(name))).toEqual(codes)
})

test('the program on the first screen has at most twenty lines', async () => {
  const [, program] = /```ts\n([\s\S]*?)```/.exec(await read('README.md'))!
  expect(program!.trimEnd().split('\n').length).toBeLessThanOrEqual(20)
})
