import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Standard } from '../../test/conformance/standard.ts'
import { type Blocks, sentence, table } from './blocks.ts'
import { root } from './declarations.ts'

/** Which standards are tested by which cases, and where we decide otherwise: from the data that the tests run. */
const files = globSync('test/conformance/*.cases.ts', { cwd: root }).sort()

export const standards: readonly { readonly file: string; readonly standard: Standard }[] = await Promise.all(
  files.map(async (file) => {
    const loaded: { standard: Standard } = await import(pathToFileURL(join(root, file)).href)
    return { file, standard: loaded.standard }
  }),
)

export function conformanceBlocks(): Blocks {
  const differences = standards.flatMap(({ standard: { name, cases } }) => {
    const decided = cases.flatMap(({ title, differs }) => (differs ? [{ title, why: differs.why }] : []))
    return [...Map.groupBy(decided, ({ why }) => why)].map(([why, alike]) => {
      const others = alike.length > 1 ? ` and ${alike.length - 1} like it` : ''
      return [name, `${alike[0]!.title}${others}`, sentence(why)]
    })
  })
  return {
    standards: table(
      ['standard', 'about', 'cases', 'as it says', 'source', 'tests'],
      standards.map(({ file, standard: { name, about, source, cases } }) => [
        name,
        about,
        String(cases.length),
        String(cases.filter(({ differs }) => !differs).length),
        sentence(source),
        testOf(file),
      ]),
    ),
    differences: table(['standard', 'case', 'why we decide otherwise'], differences),
  }
}

function testOf(file: string): string {
  const name = basename(file, '.cases.ts')
  return `[${name}](../test/conformance/${name}.test.ts)`
}
