import { quoted } from './field-names.ts'
import type { Field, Guess, Next, Rows } from './guess.ts'
import { keyOf } from './json-guess.ts'

/** A guess as a source that a person would have written, to be read and changed line by line. */
export interface Naming {
  readonly name: string
  /** The name as an identifier. */
  readonly variable: string
  /** The page that it was guessed from. */
  readonly url: string
  /** In a sentence, for `regatta sources`. */
  readonly description: string
}

export function sourceText(guess: Guess, { name, variable, url, description }: Naming): string {
  const body = guess.format === 'html' ? htmlBody(guess) : jsonBody(guess)
  const hasOwnItem = guess.format === 'json' && guess.fields.length > 0
  const usesAbsolute = body.includes('absolute(')
  return `import { defineSource } from 'regatta'
import { z } from 'zod'
${hasOwnItem ? `\n/** What comes out. An item that does not fit is set aside, and the crawl goes on. */\nconst item = ${schemaText(guess.fields, '')}\n` : ''}
/** Guessed from ${url.replaceAll('*/', '*\\/')} (${guess.found.replaceAll('*/', '')}). Read it, and change what is wrong. */
export const ${variable} = defineSource({
  name: '${name}',
  description: ${quoted(description)},
  params: z.object({
    /** Where to start. */
    start: z.url().default(${quoted(url)}),
  }),
${hasOwnItem ? '  item' : `  /** What comes out. An item that does not fit is set aside, and the crawl goes on. */\n  item: ${schemaText(guess.fields, '  ')}`},
${guess.next?.kind === 'count' ? '  /** The number of the page. */\n  data: z.object({ page: z.number() }),\n' : ''}
  *seeds({ start }) {
${seedText(guess.next)}
  },

  *parse(page) {
${body}
  },
})
${usesAbsolute ? `\n/** The address that a link of a page leads to; undefined where there is none. */\nfunction absolute(href: string | undefined, base: string): string | undefined {\n  return href === undefined ? undefined : URL.parse(href, base)?.href\n}\n` : ''}`
}

function schemaText(fields: readonly Field[], indent: string): string {
  if (fields.length === 0) return 'z.unknown()'
  const lines = fields.map(({ name, schema }) => `${indent}  ${keyOf(name)}: ${schema},`)
  return `z.object({\n${lines.join('\n')}\n${indent}})`
}

function seedText(next: Next | undefined): string {
  if (next?.kind !== 'count') return '    yield start'
  const parameter = quoted(next.parameter)
  return `    yield { url: start, data: { page: Number(new URL(start).searchParams.get(${parameter}) ?? 1) } }`
}

function htmlBody({ rows, fields, next }: Guess): string {
  const follow = next?.kind === 'selector' ? [`    yield page.follow(${quoted(next.selector)})`] : []
  if (!rows || !('selector' in rows)) {
    const own = fields.map(({ name, code }) => `      ${keyOf(name)}: ${code('page')},`)
    return [`    yield page.item({`, ...own, '    })', ...follow].join('\n')
  }
  const own = fields.map(({ name, code }) => `        ${keyOf(name)}: ${code('row')},`)
  return [
    `    for (const element of page.$(${quoted(rows.selector)})) {`,
    '      const row = page.$(element)',
    '      yield page.item({',
    ...own,
    '      })',
    '    }',
    ...follow,
  ].join('\n')
}

function jsonBody({ rows, next, fields }: Guess): string {
  const type = fields.length === 0 ? '' : ' as z.input<typeof item>'
  if (rows === undefined) return `    yield page.item(page.json()${type})`
  const list = member('answer', 'pointer' in rows ? rows.pointer : [])
  const lines = [
    `    const answer = page.json(${answerSchema(rows, next)})`,
    `    for (const each of ${list}) yield page.item(each${type})`,
  ]
  if (next?.kind === 'member') {
    const code = member('answer', next.pointer, '?.')
    lines.push(`    if (${code}) yield page.follow([${code}])`)
  }
  if (next?.kind === 'count')
    lines.push(
      `    if (${list}.length === 0) return`,
      '    const url = new URL(page.url)',
      `    url.searchParams.set(${quoted(next.parameter)}, String(page.data.page + 1))`,
      '    yield page.follow({ url, data: { page: page.data.page + 1 } })',
    )
  return lines.join('\n')
}

/** Of what leads to the list and to the next answer; everything else of the answer is left as it is. */
function answerSchema(rows: Rows, next: Next | undefined): string {
  const tree: Tree = {}
  const pointer = 'pointer' in rows ? rows.pointer : []
  if (pointer.length === 0) return 'z.array(z.unknown())'
  plant(tree, pointer, 'z.array(z.unknown())')
  if (next?.kind === 'member') plant(tree, next.pointer, 'z.string().nullish()')
  // What leads on is often not there at the end, nor what it stands in.
  return written(tree, new Set(pointer.slice(0, 1)))
}

interface Tree {
  [name: string]: Tree | string
}

function plant(tree: Tree, pointer: readonly string[], leaf: string): void {
  const [name = '', ...rest] = pointer
  if (rest.length === 0) tree[name] = leaf
  else {
    const below = tree[name]
    const own: Tree = typeof below === 'object' ? below : {}
    tree[name] = own
    plant(own, rest, leaf)
  }
}

function written(tree: Tree, needed?: ReadonlySet<string>): string {
  const members = Object.entries(tree).map(([name, below]) => {
    if (typeof below === 'string') return `${keyOf(name)}: ${below}`
    return `${keyOf(name)}: ${written(below)}${needed && !needed.has(name) ? '.nullish()' : ''}`
  })
  return `z.object({ ${members.join(', ')} })`
}

function member(of: string, pointer: readonly string[], link: '.' | '?.' = '.'): string {
  return pointer.reduce((code, name, depth) => {
    const own = depth === 0 ? '.' : link
    if (/^[A-Za-z_$][\w$]*$/.test(name)) return `${code}${own}${name}`
    return `${code}${own === '.' ? '' : own}[${quoted(name)}]`
  }, of)
}
