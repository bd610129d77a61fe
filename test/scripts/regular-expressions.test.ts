import { readdirSync, readFileSync } from 'node:fs'
import { parseAst } from 'rolldown/parseAst'
import { expect, test } from 'vitest'

/**
 * What a regular expression is given is often written by a stranger. Each one in the house is run against strings that
 * repeat what it looks for: one that goes back over what it has read takes the square of their length, or worse.
 */
const folders = ['src', 'plugins', 'machines']
const lengths = [16, 24, 30, 44, 60, 100, 140, 180, 240, 400, 10_000]
/** Milliseconds; a linear one takes a part of one, a quadratic one a hundred or more. */
const most = 50

interface Found {
  readonly where: string
  readonly source: string
  readonly flags: string
}

function expressionsIn(file: string): Found[] {
  const text = readFileSync(file, 'utf8')
  const found: Found[] = []
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if ('regex' in node && 'start' in node) {
      const { pattern, flags } = node.regex as { pattern: string; flags: string }
      const line = text.slice(0, Number(node.start)).split('\n').length
      found.push({ where: `${file}:${line}`, source: pattern, flags })
    }
    for (const child of Object.values(node)) visit(child)
  }
  visit(parseAst(text, { lang: 'ts' }))
  return found
}

/** What it says literally, and what its classes are likely to hold. */
function pumpsFor(source: string): string[] {
  const plain = source
    .replaceAll(/\\[bBdDwWsSpPkuxcnrtfv0-9](?:\{[^}]*\})?|[?]<?[:=!]|\{[\d,]*\}/g, ' ')
    .replaceAll('\\', '')
  const words = plain.split(/[()|[\]*+?^$]+/).filter((word) => word.trim() !== '')
  const letters = [...new Set(plain)].filter((letter) => !/[a-z0-9]/i.test(letter))
  const pairs = words.slice(1).map((word, at) => `${words[at]}${word}`)
  const pumps = new Set([
    ...words,
    ...pairs,
    ...letters,
    ...words.map((word) => `${word} `),
    ' ',
    '\t',
    'a',
    '0',
    'a-',
    '0.',
    '\\"',
  ])
  return [...pumps].slice(0, 60)
}

/** The slowest string, in milliseconds, and its pump. */
function slowest({ source, flags }: Found): { readonly ms: number; readonly pump: string } {
  const expression = new RegExp(source, flags.replace(/[gy]/g, ''))
  const every = new RegExp(source, `${flags.replace(/[gy]/g, '')}g`)
  const run = (text: string) => {
    const started = performance.now()
    expression.test(text)
    if (flags.includes('g')) text.replace(every, '')
    return performance.now() - started
  }
  const pumps = pumpsFor(source)
  const heads = ['', ...pumps.slice(0, 4)]
  let worst = { ms: 0, pump: '' }
  for (const pump of pumps) {
    for (const head of heads) {
      for (const length of lengths) {
        const text = `${head}${pump.repeat(Math.ceil(length / pump.length))}\u0000`
        let ms = run(text)
        // Somebody else may have had the processor.
        if (ms > most) ms = Math.min(ms, run(text), run(text))
        if (ms > worst.ms) worst = { ms, pump: `${head}(${pump})` }
        if (ms > most) return worst
      }
    }
  }
  return worst
}

const files = folders.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
)

test('no regular expression goes back over what it has read', { timeout: 120_000 }, () => {
  const found = files.filter((file) => file.endsWith('.ts')).flatMap(expressionsIn)
  expect(found.length).toBeGreaterThan(100)
  const different = [...new Map(found.map((each) => [`/${each.source}/${each.flags}`, each])).values()]
  const slow = different.map((each) => ({ each, ...slowest(each) })).filter(({ ms }) => ms > most)
  expect(slow.map(({ each, ms, pump }) => `${each.where} ${Math.round(ms)} ms ${pump}`)).toEqual([])
})
