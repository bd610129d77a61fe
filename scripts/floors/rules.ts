import type { Edge, House } from './house.ts'
import { unrelatedNames } from './names.ts'
import { shortestCircles } from './storeys.ts'

/** What the house must keep to. Each rule gives the sentences of those who break it. */
export interface Rules {
  /** Plugins import `regatta`, `regatta/source` and npm packages, as a user's do; false tolerates paths into `src/`. */
  readonly pluginsUsePublicDoors: boolean
}

export const houseRules: Rules = { pluginsUsePublicDoors: true }

/** Under this many lines a file is short. */
export const shortFile = 250
export const shortShare = 0.8

/** What is built around the core; the core knows nothing of it. */
const outside = ['lab', 'sim', 'testing', 'cli']

export function brokenRules(house: House, rules: Rules = houseRules): string[] {
  const edges = house.rooms.flatMap((room) => [...room.standsOn.values()].flat())
  const roomOf = new Map(house.files.map((file) => [file.path, file.room]))
  const complain = (edge: Edge, why: string) => `${describe(edge)}: ${why}`
  const broken = shortestCircles(house).map(
    (circle) =>
      `Rooms stand on each other in a circle, ${circle.map(({ from }) => from.room).join(' → ')} → ${circle[0]!.from.room}:` +
      circle.map((edge) => `\n    ${describe(edge)}`).join(''),
  )
  for (const edge of edges) {
    const from = edge.from.room
    const to = roomOf.get(edge.to)!
    if (from === 'contracts') broken.push(complain(edge, 'contracts is the ground floor and imports nobody.'))
    if (to === 'cli') broken.push(complain(edge, 'only cli imports cli.'))
    else if (outside.includes(to) && !outside.includes(from))
      broken.push(
        complain(
          edge,
          `${from} belongs to the core, and the core imports neither lab, sim, testing nor cli.`,
        ),
      )
  }
  for (const { path, room } of house.files) {
    if (room === path && path !== 'src/index.ts')
      broken.push(`${path}: only index.ts stands loose in src/. Give it a room.`)
  }
  if (rules.pluginsUsePublicDoors) broken.push(...pastTheDoors(house))
  broken.push(...unrelatedNames(house))
  const share = shareOfShort(house)
  if (share < shortShare) {
    broken.push(
      `${percent(share)} of the files are under ${shortFile} lines; it must be ${percent(shortShare)} or more.`,
    )
  }
  return broken
}

/** Imports of a plugin by path that leave `plugins/`. */
function pastTheDoors(house: House): string[] {
  return house.files
    .filter((file) => file.room === 'plugins')
    .flatMap((file) =>
      file.imports
        .filter(({ specifier, target }) => specifier.startsWith('.') && !target?.startsWith('plugins/'))
        .map(
          ({ line, specifier }) =>
            `${file.path}:${line} imports ${specifier}: a plugin uses public doors, as a user's does: regatta, regatta/source.`,
        ),
    )
}

export function shareOfShort({ files }: House): number {
  return files.filter((file) => file.lines < shortFile).length / files.length
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

function describe({ from, line, to, isType }: Edge): string {
  return `${from.path}:${line} imports ${to}${isType ? ' (a type)' : ''}`
}
