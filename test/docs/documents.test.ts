import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { describe, expect, test } from 'vitest'
import { withBlocks } from '../../scripts/docs/blocks.ts'
import { readCommands } from '../../scripts/docs/cli.ts'
import { readMeanings, readOptions } from '../../scripts/docs/options.ts'
import { addCrawlFlags } from '../../src/cli/crawl-flags.ts'
import { parseOptions, shapeSchema } from '../../src/options/options.ts'

const read = (name: string) => readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')

/** The first cell of every row of a table whose first cell is code, with the second cell. */
function rows(text: string): { name: string; second: string }[] {
  return [...text.matchAll(/^\| `((?:\\\||[^`])+)` \| ((?:\\\||[^|])*) \|/gm)].map(([, name, second]) => ({
    name: name!.replaceAll('\\|', '|'),
    second: second!.trim(),
  }))
}

describe('README', () => {
  const readme = read('README.md')
  const program = () => /```ts\n([\s\S]*?)```/.exec(readme)![1]!.trimEnd().split('\n')

  test('fits on two screens, and its program on ten lines', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(100)
    expect(program().length).toBeLessThanOrEqual(10)
  })

  test.each(['npm ci && npm start', 'npm ci && npm test'])('says %s on a line of its own', (command) => {
    expect(readme.split('\n')).toContain(command)
  })

  test('leads to every other document', () => {
    const others = [
      'coming-from',
      'conformance',
      'durable',
      'events',
      'errors',
      'cli',
      'options',
      'plugins',
      'safety',
      'simulator',
    ]
    for (const name of [
      ...others,
      'trust',
      'tuning',
      'troubleshooting',
      'verdicts',
      'beside-others',
      'examples',
    ]) {
      expect(readme).toContain(`(docs/${name}.md)`)
    }
  })
})

describe('docs/options.md', () => {
  const text = read('docs/options.md')
  const [ofCrawler, ofCrawl] = text.split('\n## Options of one crawl')

  const { ownIntervals: _made, ...options } = parseOptions({})

  /** Every option with a default, by its path: `politeness.interval`. */
  function defaults(value: unknown = options, prefix = ''): Map<string, unknown> {
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

  test('names every option once, with the default that holds', () => {
    const ofAll = rows(ofCrawler!).filter(({ name }) => !name.startsWith('hosts['))
    const listed = new Map(ofAll.map(({ name, second }) => [name, second]))
    expect(listed.size).toBe(ofAll.length)
    for (const [path, value] of defaults()) {
      expect(listed.get(path), path).toBe(value === undefined ? 'none' : `\`${JSON.stringify(value)}\``)
    }
    const groups = new Set([...listed.keys()].map((path) => path.split('.')[0]))
    expect(Object.keys(shapeSchema.shape).filter((option) => !groups.has(option))).toEqual([])
  })

  test('begins with ten', () => {
    expect(rows(text.slice(0, text.indexOf('\n## For one host'))).length).toBe(10)
  })

  test('lists every option of a crawl, and no other', () => {
    const source = read('src/contracts/crawl.ts')
    const options = source.slice(source.indexOf('interface CrawlOptions'), source.indexOf('interface Crawl<'))
    const names = [...options.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name)
    expect(names.length).toBeGreaterThan(10)
    const listed = rows(ofCrawl!).map(({ name }) => name)
    expect(listed.filter((name) => !name.includes('.')).toSorted()).toEqual(names.toSorted())
  })
})

describe('the comment of an option', () => {
  const units: Record<string, number> = {
    '': 1,
    ms: 1,
    s: 1_000,
    min: 60_000,
    h: 3_600_000,
    day: 86_400_000,
    week: 604_800_000,
    KiB: 1_024,
    MiB: 1_048_576,
    GiB: 1_073_741_824,
  }
  const amount = String.raw`([\d,.]*\d)(?: (${Object.keys(units).filter(Boolean).join('|')})\b)?`
  const amountOf = (text: string, unit = '') => Number(text.replaceAll(',', '')) * units[unit]!

  test.each(readOptions().filter(({ standard }) => typeof standard === 'number'))(
    '$path says the default that holds',
    ({ meaning, standard }) => {
      const [, text, unit] = new RegExp(`[Dd]efault ${amount}`).exec(meaning)!
      expect(amountOf(text!, unit)).toBe(standard)
    },
  )

  test('says the range that holds', () => {
    const ranged = readOptions().flatMap(({ path, meaning, schema }) => {
      const found = new RegExp(`(?:^|\\. )${amount}–${amount}`).exec(meaning)
      return found
        ? [{ path, schema, low: amountOf(found[1]!, found[2]), high: amountOf(found[3]!, found[4]) }]
        : []
    })
    expect(ranged.length).toBeGreaterThan(15)
    for (const { path, schema, low, high } of ranged) {
      expect(schema.safeParse(low).success, `${path}: ${low}`).toBe(true)
      expect(schema.safeParse(high).success, `${path}: ${high}`).toBe(true)
      expect(schema.safeParse(low - 1).success, `${path}: less than ${low}`).toBe(false)
      expect(schema.safeParse(high + 1).success, `${path}: more than ${high}`).toBe(false)
    }
  })

  test('is found by its indentation, through a schema with a name of its own', () => {
    const source = [
      'export const timeoutsSchema = z.strictObject({',
      '  /** TCP. */',
      '  dial: ms(1, 2),',
      '})',
      '',
      'export const shapeSchema = z.strictObject({',
      '  timeouts: timeoutsSchema.prefault({}),',
      '  bodies: z',
      '    .strictObject({',
      '      /** Kept',
      '       * in memory. */',
      '      memory: count(1, 2),',
      '      dir: z.string(),',
      '    })',
      '    .optional(),',
      '})',
      '',
      'export type Other = string',
    ].join('\n')
    expect([...readMeanings(source)]).toEqual([
      ['timeouts.dial', 'TCP.'],
      ['bodies.memory', 'Kept in memory.'],
    ])
  })
})

describe('docs/cli.md', () => {
  const text = read('docs/cli.md')
  const sectionOf = (name: string) => text.split(`\n### ${name}\n`)[1]!.split('\n### ')[0]!

  test('lists every command, in the order of the help', () => {
    const names = [...text.matchAll(/^### (.+)$/gm)].map(([, name]) => name)
    expect(names).toEqual([
      'crawl',
      'record',
      'try',
      'resume',
      'status',
      'explain',
      'report',
      'dashboard',
      'dead list',
      'dead show',
      'dead retry',
      'proxies keep',
      'proxies check',
      'sources',
      'check',
      'machines',
      'init',
      'config',
      'new source',
      'lab',
      'simulate',
      'demo',
    ])
  })

  test('lists every flag of crawl, and no other', () => {
    const flags = rows(sectionOf('crawl')).map(({ name }) => name)
    expect(flags).toEqual(addCrawlFlags(new Command('crawl')).options.map((option) => option.flags))
  })

  test('lists the flags of each command that its help lists', () => {
    for (const command of readCommands()) {
      const path = command.parent?.parent ? `${command.parent.name()} ${command.name()}` : command.name()
      const section = sectionOf(path)
      const inherited = section.includes('It takes the flags of `crawl`') ? sectionOf('crawl') : ''
      for (const option of command.createHelp().visibleOptions(command)) {
        if (option.long !== '--help')
          expect(section + inherited, path).toContain(option.flags.replaceAll('|', '\\|'))
      }
    }
  })
})

describe('a generated block', () => {
  const marked = (inside: string) =>
    `Before.\n<!-- generated: one -->\n${inside}<!-- /generated -->\nBehind.\n`

  test('takes its place and leaves the rest alone, again and again', () => {
    const once = withBlocks('x.md', marked(''), { one: 'New.' })
    expect(once).toBe(marked('\nNew.\n\n'))
    expect(withBlocks('x.md', once, { one: 'New.' })).toBe(once)
    expect(withBlocks('x.md', once, { one: 'Newer.' })).toBe(marked('\nNewer.\n\n'))
  })

  test('without its marker is an error, and so is a marker without a block', () => {
    expect(() => withBlocks('x.md', marked(''), { one: '', two: '' })).toThrow(/x\.md has no marker.*two/)
    expect(() => withBlocks('x.md', marked(''), {})).toThrow(/x\.md has a marker for "one"/)
  })
})
