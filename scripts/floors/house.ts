import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Import, Resolution, readImports } from './imports.ts'

/** The code as rooms: a folder of `src/`, `machines/`, `plugins/`, and each file that stands loose in `src/`. */
export interface House {
  readonly files: readonly HouseFile[]
  readonly rooms: readonly Room[]
}

export interface HouseFile {
  /** Seen from the root of the project. */
  readonly path: string
  readonly room: string
  readonly lines: number
  readonly imports: readonly Import[]
}

export interface Room {
  readonly name: string
  readonly files: readonly HouseFile[]
  /** The rooms it imports from, each with the imports. */
  readonly standsOn: ReadonlyMap<string, readonly Edge[]>
}

/** An import that leaves its room. */
export interface Edge {
  readonly from: HouseFile
  readonly to: string
  readonly line: number
  readonly isType: boolean
}

/** A loose file is a room of its own, so that its edges are counted like any other's. */
export function roomOf(path: string): string {
  const [top, next, ...rest] = path.split('/')
  if (top !== 'src') return top!
  return rest.length > 0 ? next! : path
}

export function readHouse(root: string): House {
  const paths = globSync('{src,machines,plugins}/**/*.ts', { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
  const resolution = new Resolution(root, new Set(paths))
  const files = paths.map((path): HouseFile => {
    const code = readFileSync(join(root, path), 'utf8')
    const imports = readImports(path, code, resolution)
    return { path, room: roomOf(path), lines: countLines(code), imports }
  })
  return { files, rooms: roomsOf(files) }
}

export function countLines(code: string): number {
  return code.split('\n').length - (code.endsWith('\n') ? 1 : 0)
}

function roomsOf(files: readonly HouseFile[]): Room[] {
  const byRoom = Map.groupBy(files, (file) => file.room)
  return [...byRoom].map(([name, own]) => {
    const standsOn = new Map<string, Edge[]>()
    for (const from of own) {
      for (const { target, line, isType } of from.imports) {
        if (target === undefined || roomOf(target) === name) continue
        const edges = standsOn.get(roomOf(target)) ?? []
        edges.push({ from, to: target, line, isType })
        standsOn.set(roomOf(target), edges)
      }
    }
    return { name, files: own, standsOn }
  })
}
