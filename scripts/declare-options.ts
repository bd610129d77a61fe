import { readFileSync, writeFileSync } from 'node:fs'
import { hostPaths, type Option, readMeanings, readOptions } from './docs/options.ts'

/**
 * What an editor shows of an option. The type of the options is inferred from their schema, and a compiler that writes
 * declarations leaves the comments of inferred types out. So the declarations of the package get interfaces instead, with
 * the same types and the comments from the schema. Part of `npm run build`.
 */
const declarations = new URL('../dist/src/options/options.d.ts', import.meta.url)
const source = readFileSync(new URL('../src/options/options.ts', import.meta.url), 'utf8')
const meanings = readMeanings(source)

const inferred = 'export type CrawlerOptions = z.input<typeof shapeSchema>;'
const text = readFileSync(declarations, 'utf8')
if (!text.includes(inferred)) throw new Error(`${declarations.pathname} has no line: ${inferred}`)
const written = `${interfaceOf('CrawlerOptions', 'Given', readOptions(), (name) => (name === 'hosts' ? 'Record<string, HostOptions>' : undefined))}
/** What may be set for one host; what is left out stays as it is for all hosts. */
${interfaceOf('HostOptions', 'GivenOfHost', optionsOfHosts())}
type Given = z.input<typeof shapeSchema>;
type GivenOfHost = NonNullable<Given['hosts']>[string];`
writeFileSync(declarations, text.replace(inferred, written))

type Documented = Pick<Option, 'path' | 'meaning' | 'isGroup' | 'isNeeded'>

/** An option means for one host what it means for all, where nothing else is said. */
function optionsOfHosts(): Documented[] {
  const paths = [...hostPaths()]
  return paths.map((path) => ({
    path,
    meaning: meanings.get(`hosts.${path}`) ?? meanings.get(path) ?? '',
    isGroup: paths.some((each) => each.startsWith(`${path}.`)),
    isNeeded: false,
  }))
}

function interfaceOf(
  name: string,
  given: string,
  options: readonly Documented[],
  typeOf: (option: string) => string | undefined = () => undefined,
): string {
  return `export interface ${name} {\n${membersOf(options, '', given, '    ', typeOf)}}`
}

function membersOf(
  options: readonly Documented[],
  prefix: string,
  given: string,
  indent: string,
  typeOf: (option: string) => string | undefined,
): string {
  const direct = options.filter(
    ({ path }) => path.startsWith(prefix) && !path.slice(prefix.length).includes('.'),
  )
  return direct
    .map(({ path, meaning, isGroup, isNeeded }) => {
      const name = path.slice(prefix.length)
      const type = `${given}['${name}']`
      const inner = `Extract<NonNullable<${type}>, object>`
      const group = () => {
        const members = membersOf(options, `${path}.`, inner, `${indent}    `, typeOf)
        return `Exclude<${type}, object> | {\n${members}${indent}}`
      }
      const doc = meaning === '' ? '' : `${indent}/** ${meaning} */\n`
      const of = isGroup ? group() : (typeOf(path) ?? type)
      return `${doc}${indent}${name}${isNeeded ? `: ${of}` : `?: ${of} | undefined`};\n`
    })
    .join('')
}
