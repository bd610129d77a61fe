import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { type Check, checked } from './check-report.ts'

/**
 * The types of a source's file, by the compiler of its own project: the same version and the same settings as its author's
 * editor has. It runs as a process of its own, because newer compilers are programs and no library.
 */
export interface TypesOptions {
  /** The runtime that runs the compiler. */
  readonly execPath: string
  /** The longest that it may take. Default 60 s. */
  readonly timeoutMs?: number
}

const mostErrors = 10

export async function checkTypes(
  file: string,
  { execPath, timeoutMs = 60_000 }: TypesOptions,
): Promise<Check> {
  if (!/\.[cm]?tsx?$/.test(file)) {
    return checked('types', 'skipped', 'the file is no TypeScript')
  }
  const found = await findCompiler(file)
  if (found === undefined) {
    const detail = `there is no TypeScript in the project of ${file}`
    return checked('types', 'skipped', detail, { way: 'npm install --save-dev typescript @types/node' })
  }
  const folder = await mkdtemp(join(tmpdir(), 'regatta-types-'))
  try {
    const config = join(folder, 'tsconfig.json')
    await writeFile(config, JSON.stringify(settingsFor(file, folder)))
    const { text, isLate } = await run(
      execPath,
      [found.script, '--pretty', 'false', '-p', config],
      dirname(file),
      timeoutMs,
    )
    if (isLate) {
      const seconds = Math.round(timeoutMs / 1_000)
      return checked('types', 'skipped', `TypeScript ${found.version} did not end within ${seconds} s`)
    }
    const errors = text.split('\n').filter((line) => /\berror TS\d+:/.test(line))
    if (errors.length === 0)
      return checked('types', 'ok', `TypeScript ${found.version} has nothing against it`)
    const own = errors.slice(0, mostErrors).map((line) => placed(line, dirname(file)))
    const more = errors.length > mostErrors ? [...own, `and ${errors.length - mostErrors} more`] : own
    const what = errors.length === 1 ? 'an error' : `${errors.length} errors`
    return checked('types', 'failed', `TypeScript ${found.version} finds ${what}`, { more })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Compiler {
  readonly script: string
  readonly version: string
}

async function findCompiler(file: string): Promise<Compiler | undefined> {
  try {
    const manifest = createRequire(file).resolve('typescript/package.json')
    const { version, bin } = JSON.parse(await readFile(manifest, 'utf8')) as {
      readonly version: string
      readonly bin: Readonly<Record<string, string>>
    }
    return { script: join(dirname(manifest), bin.tsc ?? 'bin/tsc'), version }
  } catch {
    return undefined
  }
}

/** Those of the nearest tsconfig.json, for this file alone; without one, those that Node's own TypeScript asks for. */
function settingsFor(file: string, folder: string): object {
  const config = nearestFile(dirname(file), 'tsconfig.json')
  const typeRoots = typeRootsOf(dirname(file))
  const compilerOptions = {
    ...{ noEmit: true, skipLibCheck: true, composite: false, incremental: false, typeRoots },
    ...(config === undefined && {
      ...{ target: 'es2024', lib: ['es2024', 'esnext.disposable', 'esnext.iterator', 'dom', 'dom.iterable'] },
      ...{ module: 'nodenext', moduleResolution: 'nodenext', strict: true, allowImportingTsExtensions: true },
      types: typeRoots.some((root) => existsSync(join(root, 'node'))) ? ['node'] : [],
    }),
  }
  const extended = config === undefined ? {} : { extends: relative(folder, config) }
  return { ...extended, compilerOptions, include: [], files: [relative(folder, file)] }
}

function typeRootsOf(folder: string): string[] {
  const roots: string[] = []
  for (let at = folder; ; at = dirname(at)) {
    const root = join(at, 'node_modules/@types')
    if (existsSync(root)) roots.push(root)
    if (at === dirname(at)) return roots
  }
}

function nearestFile(folder: string, name: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, name)
    if (existsSync(file)) return file
    if (at === dirname(at)) return undefined
  }
}

function run(
  execPath: string,
  given: readonly string[],
  cwd: string,
  timeout: number,
): Promise<{ readonly text: string; readonly isLate: boolean }> {
  return new Promise((end) => {
    execFile(execPath, given, { cwd, timeout, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      const isLate = error?.killed === true
      const text = `${stdout}${stderr}`
      // A compiler that cannot be started says so, and not in the form of an error of the file.
      const isBroken = error !== null && !isLate && !/\berror TS\d+:/.test(text)
      end({ text: isBroken ? `error TS0: ${text.trim() || error.message}` : text, isLate })
    })
  })
}

/** As editors and terminals know places: `shop.ts:7:24`. */
function placed(line: string, folder: string): string {
  return line.replace(
    /^([^\s(][^(]*)\((\d+),(\d+)\): error /,
    (_, path: string, row: string, column: string) => {
      const shown = relative(folder, resolve(folder, path))
      return `${shown}:${row}:${column} `
    },
  )
}
