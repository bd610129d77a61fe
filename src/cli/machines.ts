import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { nearest } from '../base/nearest.ts'
import { diagramOf } from '../observe/chart-mermaid.ts'
import { chartList, chartText } from '../observe/chart-text.ts'
import { type Chart, chartNames, charts, machineOf } from '../observe/charts.ts'
import { UsageError } from './command-failure.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'

/**
 * `regatta machines`: the charts that run, in words, as pictures, as Mermaid or as data. Pictures were laid out when
 * Regatta was built, and are files of the package.
 */
export interface MachinesFlags {
  readonly svg?: true
  readonly mermaid?: true
  readonly json?: true
  /** Where to write files. */
  readonly out?: string
}

const forms = ['svg', 'mermaid', 'json'] as const
const endings = { svg: 'svg', mermaid: 'mmd', json: 'json', text: 'txt' } as const

export async function machinesCommand(
  name: string | undefined,
  flags: MachinesFlags,
  io: Io,
): Promise<ExitCode> {
  const given = forms.filter((form) => flags[form])
  if (given.length > 1) throw new UsageError(`Give one of ${given.map((form) => `--${form}`).join(' and ')}.`)
  const [form = 'text'] = given
  const wanted = name === undefined ? chartNames.map((each) => charts[each]) : [chartNamed(name)]
  if (flags.out !== undefined) {
    const folder = resolve(io.cwd, flags.out)
    await mkdir(folder, { recursive: true })
    for (const chart of wanted) {
      const path = join(folder, `${chart.name}.${endings[form]}`)
      await writeFile(path, await written(chart, form))
      io.stderr.write(`Wrote ${path}\n`)
    }
    return exitCodes.done
  }
  if (wanted.length > 1 && (form === 'svg' || form === 'mermaid')) {
    const names = chartNames.join(', ')
    throw new UsageError(
      `Several charts do not fit into one --${form}: name one of ${names}, or give --out DIR.`,
    )
  }
  if (wanted.length === 1) io.stdout.write(await written(wanted[0]!, form))
  else io.stdout.write(form === 'json' ? `${JSON.stringify(wanted, null, 2)}\n` : chartList(wanted))
  return exitCodes.done
}

function chartNamed(name: string): Chart {
  const found = chartNames.find((each) => each === name.toLowerCase())
  if (found !== undefined) return charts[found]
  const like = nearest(name, chartNames)
  const hint = like === undefined ? '' : ` Did you mean ${like}?`
  throw new UsageError(`There is no machine "${name}".${hint} There are: ${chartNames.join(', ')}.`)
}

async function written(chart: Chart, form: keyof typeof endings): Promise<string> {
  switch (form) {
    case 'svg':
      return readFile(pictureOf(chart), 'utf8')
    case 'mermaid':
      return `${diagramOf(machineOf(chart))}\n`
    case 'json':
      return `${JSON.stringify(chart, null, 2)}\n`
    case 'text':
      return chartText(chart)
  }
}

/** From src/cli when unbuilt, from dist/src/cli in the package. */
function pictureOf({ name }: Chart): URL {
  const [unbuilt, built] = ['../..', '../../..'].map(
    (root) => new URL(`${root}/docs/img/machines/${name}.svg`, import.meta.url),
  )
  return existsSync(unbuilt!) ? unbuilt! : built!
}
