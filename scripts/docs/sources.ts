import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { listSources } from '../../src/cli/registry.ts'
import { type Field, inputFields, itemKinds, outputFields } from '../../src/cli/schema-fields.ts'
import type { Source } from '../../src/contracts/source.ts'
import { type Blocks, code, sentence, table } from './blocks.ts'
import { root } from './declarations.ts'

/**
 * What each source that comes with Regatta can be told and what it yields, from its schemas: one page for each source, with
 * a block that is named after it. Meanings are those of the schemas (`.describe('…')`), which `regatta sources NAME` shows too.
 */
export const builtIn: readonly Source[] = await listSources()

export function sourceBlocks(): Readonly<Record<string, Blocks>> {
  return Object.fromEntries(
    builtIn.map((source) => [pageOf(source), { [`source ${source.name}`]: blockOf(source) }]),
  )
}

/** The page of a source. Throws when there is none. */
function pageOf({ name }: Source): string {
  const page = `docs/sources/${name}.md`
  if (existsSync(join(root, page))) return page
  throw new Error(
    `The source "${name}" has no page: write ${page}, with a block <!-- generated: source ${name} --><!-- /generated -->.`,
  )
}

function blockOf(source: Source): string {
  const params = inputFields(source.params)
  const items = itemKinds(source).map(([kind, schema]) => {
    const fields = outputFields(schema)
    const what = kind === '' ? 'An item' : `An item of the kind ${code(kind)}`
    if (fields.length === 0) return `${what} is any value: what the answer holds.`
    return [`${what} has:`, table(['field', 'type', 'meaning'], fields.map(itemRow))].join('\n\n')
  })
  return [
    params.length === 0
      ? 'It takes no params.'
      : table(['param', 'type', 'default', 'meaning'], params.map(paramRow)),
    ...items,
  ].join('\n\n')
}

function paramRow({ name, type, required, defaultValue, description = '' }: Field): string[] {
  const standard = defaultValue === undefined ? '' : code(JSON.stringify(defaultValue))
  return [code(name), code(type), required ? 'needed' : standard, sentence(description)]
}

function itemRow({ name, type, required, description = '' }: Field): string[] {
  return [code(name), required ? code(type) : `${code(type)}, may be missing`, sentence(description)]
}
