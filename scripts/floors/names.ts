import { basename } from 'node:path'
import type { House, HouseFile } from './house.ts'

/**
 * One name, one thing: a reader who looks for `failure.ts` should not find five that have nothing to do with each other.
 * Files of one name have to do with each other when one imports the other, such as an implementation and its contract.
 */
export interface SharedName {
  /** They may share their name, though none imports the other. */
  readonly files: readonly string[]
  readonly why: string
}

export const sharedNames: readonly SharedName[] = [
  {
    files: ['machines/crawl.ts', 'src/contracts/crawl.ts', 'src/cli/crawl.ts'],
    why: "the chart of a crawl, the user's view of one, and the command that runs one",
  },
  {
    files: ['src/observe/machines.ts', 'src/cli/machines.ts'],
    why: 'the machines as others import them, and the command that prints them',
  },
  { files: ['src/lab/lab.ts', 'src/cli/lab.ts'], why: 'a lab, and the command that opens one' },
  {
    files: ['src/lab/scenarios/demo.ts', 'src/cli/demo.ts'],
    why: 'a scenario, and the command that runs it by its name',
  },
  {
    files: ['src/crawl/summary.ts', 'src/cli/summary.ts'],
    why: 'what a crawl tells at its end, and the file that a command makes of it',
  },
  {
    files: ['src/contracts/body-file.ts', 'src/transport/body-file.ts'],
    why: 'a contract, and the class that fulfils it by its shape',
  },
]

/** A sentence for each name that files share without having to do with each other. */
export function unrelatedNames(house: House, shared: readonly SharedName[] = sharedNames): string[] {
  const byName = Map.groupBy(house.files, ({ path }) => basename(path))
  return [...byName].flatMap(([name, files]) => {
    // A door is called index.ts wherever it is.
    if (name === 'index.ts' || files.length === 1) return []
    const circles = circlesOf(files, shared)
    if (circles.length === 1) return []
    const paths = circles.map((circle) => circle.map(({ path }) => path).join(' with '))
    return [
      `${paths.join(', ')}: one name for what has nothing to do with each other. Say in each name what it is.`,
    ]
  })
}

/** The files, those together that are tied by imports or may share their name. */
function circlesOf(files: readonly HouseFile[], shared: readonly SharedName[]): HouseFile[][] {
  let circles: HouseFile[][] = []
  for (const file of files) {
    const tied = circles.filter((circle) => circle.some((other) => areTied(file, other, shared)))
    circles = [...circles.filter((circle) => !tied.includes(circle)), [...tied.flat(), file]]
  }
  return circles
}

function areTied(one: HouseFile, other: HouseFile, shared: readonly SharedName[]): boolean {
  const imports = (from: HouseFile, to: HouseFile) => from.imports.some(({ target }) => target === to.path)
  return (
    imports(one, other) ||
    imports(other, one) ||
    shared.some(({ files }) => files.includes(one.path) && files.includes(other.path))
  )
}
