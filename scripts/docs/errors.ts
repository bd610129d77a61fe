import { type Blocks, code, table } from './blocks.ts'
import type { Declarations, Member } from './declarations.ts'

/** Every code, from the table that the compiler holds every error to. */
const file = 'src/contracts/error-values.ts'

export interface ErrorDoc {
  readonly code: string
  readonly meaning: string
  readonly wayOut: string
  /** Such as `TaskFailure | undefined`. */
  readonly value: string
}

export function readErrors(declarations: Declarations): ErrorDoc[] {
  return declarations
    .in(file)
    .get('RegattaErrorValues')!
    .members.map(({ name, doc, type }) => {
      const [meaning, wayOut] = doc.split(' Way out: ')
      if (meaning === '' || wayOut === undefined)
        throw new Error(`${file}: ${name} does not say its way out.`)
      return { code: name, meaning: meaning!, wayOut: capitalized(wayOut), value: type }
    })
}

export function errorBlocks(declarations: Declarations): Blocks {
  const errors = readErrors(declarations)
  const names = new Set(errors.flatMap(({ value }) => value.split(' | ')))
  names.delete('undefined')
  // What a value is made of, such as the problems of an option.
  for (const name of names) {
    const types = declarations.find(file, name)?.members.map(({ type }) => type) ?? []
    for (const part of types.join(' ').match(/\b[A-Z]\w+/g) ?? [])
      if (declarations.in(file).has(part)) names.add(part)
  }
  const values = [...names].map((name) => {
    const declared = declarations.find(file, name)
    if (!declared) throw new Error(`${file}: the value ${name} is declared nowhere.`)
    return [
      `### ${name}`,
      declared.doc,
      table(['field', 'type', 'meaning'], declared.members.map(fieldRow)),
    ].join('\n\n')
  })
  return {
    errors: table(
      ['code', 'what it means', 'the way out', '`value`'],
      errors.map((each) => [code(each.code), each.meaning, each.wayOut, linksTo(each.value)]),
    ),
    'error-values': values.join('\n\n'),
  }
}

/** A name becomes a link to its fields. */
function linksTo(type: string): string {
  return type
    .split(' | ')
    .map((name) => (name === 'undefined' ? 'none' : `[${name}](#${name.toLowerCase()})`))
    .join(' or ')
}

export function fieldRow({ name, type, doc, isOptional, members }: Member): string[] {
  const fields = members.map((each) => `${code(each.name)}: ${each.doc}`)
  return [code(isOptional ? `${name}?` : name), code(type), [doc, ...fields].join(' ')]
}

function capitalized(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1)
}
