import type { Source } from '../contracts/source.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'
import { listSources, sourcesIn } from './registry.ts'
import { type Field, inputFields, itemKinds, outputFields } from './schema-fields.ts'

/**
 * `regatta sources`: what can be crawled by name, and what each wants to know. Of those that are named, or stand in the given
 * files, it also tells what they yield.
 */
export async function sourcesCommand(
  named: readonly string[],
  { json }: { json?: true },
  io: Io,
): Promise<ExitCode> {
  const found = await Promise.all(named.map((name) => sourcesIn(name, io.cwd)))
  const sources = named.length === 0 ? await listSources() : found.flat()
  const withItems = named.length > 0
  const text = () => sources.map((source) => renderSource(source, withItems)).join('\n')
  io.stdout.write(json ? `${JSON.stringify(sources.map(describeSource), null, 2)}\n` : text())
  return exitCodes.done
}

function renderSource(source: Source, withItems: boolean): string {
  const lines = [`${source.name}${source.description === undefined ? '' : `  ${source.description}`}`]
  lines.push(...rows(inputFields(source.params), ({ name }) => `--param ${name}=`))
  if (withItems) {
    for (const [kind, schema] of itemKinds(source)) {
      const fields = outputFields(schema)
      const what = kind === '' ? 'items' : `items of the kind ${kind}`
      if (fields.length > 0) lines.push(`  ${what}`)
      lines.push(...rows(fields.map(asOutput), ({ name }) => `  ${name}`))
    }
  }
  return `${lines.join('\n')}\n`
}

function rows(fields: readonly Field[], headOf: (field: Field) => string): string[] {
  const width = Math.max(0, ...fields.map((field) => headOf(field).length))
  return fields.map((field) => `  ${headOf(field).padEnd(width)}  ${describe(field)}`)
}

function describe({ type, required, defaultValue, description }: Field): string {
  const need = required
    ? ', needed'
    : defaultValue === undefined
      ? ''
      : `, default ${JSON.stringify(defaultValue)}`
  return `${type}${need}${description === undefined ? '' : `: ${description}`}`
}

/** An item has what its schema promises; what may be missing says so. */
function asOutput(field: Field): Field {
  const type = field.required ? field.type : `${field.type}, may be missing`
  return { ...field, type, required: false, defaultValue: undefined }
}

function describeSource(source: Source) {
  const { name, description, params } = source
  const items = itemKinds(source).map(([kind, schema]) => ({
    ...(kind !== '' && { kind }),
    fields: outputFields(schema),
  }))
  return { name, description, params: inputFields(params), items }
}
