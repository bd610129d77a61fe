import type { Source } from '../contracts/source.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'
import { describeParams, type ParamDescription } from './params.ts'
import { listSources, sourcesIn } from './registry.ts'

/** `regatta sources`: what can be crawled by name, or what stands in the given files, and what each wants to know. */
export async function sourcesCommand(
  files: readonly string[],
  { json }: { json?: true },
  io: Io,
): Promise<ExitCode> {
  const found = await Promise.all(files.map((file) => sourcesIn(file, io.cwd)))
  const sources = files.length === 0 ? await listSources() : found.flat()
  io.stdout.write(json ? `${JSON.stringify(sources.map(describeSource), null, 2)}\n` : renderSources(sources))
  return exitCodes.done
}

export function renderSources(sources: readonly Source[]): string {
  return sources.map(renderSource).join('\n')
}

function renderSource(source: Source): string {
  const params = describeParams(source.params)
  const width = Math.max(0, ...params.map(({ name }) => name.length))
  const lines = [`${source.name}${source.description === undefined ? '' : `  ${source.description}`}`]
  for (const param of params)
    lines.push(`  --param ${`${param.name}=`.padEnd(width + 1)}  ${describe(param)}`)
  return `${lines.join('\n')}\n`
}

function describe({ type, required, defaultValue, description }: ParamDescription): string {
  const need = required
    ? ', needed'
    : defaultValue === undefined
      ? ''
      : `, default ${JSON.stringify(defaultValue)}`
  return `${type}${need}${description === undefined ? '' : `: ${description}`}`
}

function describeSource(source: Source) {
  return { name: source.name, description: source.description, params: describeParams(source.params) }
}
