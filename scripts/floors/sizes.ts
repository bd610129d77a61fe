import { execFileSync } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { countLines, type House, roomOf } from './house.ts'
import { percent, shareOfShort, shortFile } from './rules.ts'

/** How long the code is. */

export function sizesOf(house: House): string {
  const lines = house.files.reduce((sum, file) => sum + file.lines, 0)
  const longest = house.files.toSorted((a, b) => b.lines - a.lines).slice(0, 10)
  return [
    `${house.files.length} files, ${lines} lines; ${percent(shareOfShort(house))} of the files are under ${shortFile} lines.`,
    'The ten longest:',
    ...longest.map((file) => `  ${String(file.lines).padStart(5)}  ${file.path}`),
  ].join('\n')
}

export interface Size {
  files: number
  lines: number
}

/** The rooms of a tree, without reading what imports what: an old revision may not resolve. */
export function measureRooms(root: string): Map<string, Size> {
  const sizes = new Map<string, Size>()
  const paths = globSync('{src,machines,plugins,test,bench,scripts,examples}/**/*.ts', { cwd: root })
  for (const path of paths) {
    const room = /^(src|machines|plugins)\//.test(path) ? roomOf(path) : `${path.split('/')[0]}/`
    const size = sizes.get(room) ?? { files: 0, lines: 0 }
    size.files++
    size.lines += countLines(readFileSync(join(root, path), 'utf8'))
    sizes.set(room, size)
  }
  return sizes
}

/** The same of a revision that git knows. */
export function measureRevision(root: string, revision: string): Map<string, Size> {
  const folder = mkdtempSync(join(tmpdir(), 'regatta-lines-'))
  try {
    const archive = execFileSync('git', ['archive', revision], { cwd: root, maxBuffer: 2 ** 28 })
    execFileSync('tar', ['-x', '-C', folder], { input: archive })
    return measureRooms(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Lines per room as a table; with `before`, side by side. */
export function compareSizes(after: ReadonlyMap<string, Size>, before?: ReadonlyMap<string, Size>): string {
  const names = [...new Set([...after.keys(), ...(before?.keys() ?? [])])].sort(
    (a, b) => Number(a.endsWith('/')) - Number(b.endsWith('/')) || (a < b ? -1 : 1),
  )
  const house = names.filter((name) => !name.endsWith('/'))
  const rows = [
    ...house.map((name) => rowOf(name, after.get(name), before && (before.get(name) ?? none))),
    rowOf('the house', sum(house, after), before && sum(house, before)),
    ...names
      .filter((name) => name.endsWith('/'))
      .map((name) => rowOf(name, after.get(name), before && (before.get(name) ?? none))),
  ]
  const head = before
    ? ['| room | files before | after | lines before | after | |', '|---|--:|--:|--:|--:|--:|']
    : ['| room | files | lines |', '|---|--:|--:|']
  return [...head, ...rows].join('\n')
}

const none: Size = { files: 0, lines: 0 }

function rowOf(name: string, now: Size = none, before: Size | undefined): string {
  if (!before) return `| ${name} | ${now.files} | ${now.lines} |`
  const change = now.lines - before.lines
  const sign = change > 0 ? '+' : ''
  return `| ${name} | ${before.files} | ${now.files} | ${before.lines} | ${now.lines} | ${sign}${change} |`
}

function sum(names: readonly string[], sizes: ReadonlyMap<string, Size>): Size {
  const total = { files: 0, lines: 0 }
  for (const name of names) {
    total.files += sizes.get(name)?.files ?? 0
    total.lines += sizes.get(name)?.lines ?? 0
  }
  return total
}
