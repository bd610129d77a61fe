import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../base/clock.ts'
import type { RequestLife } from '../contracts/explanation.ts'
import type { ExplanationStore } from '../contracts/explanation-store.ts'

/**
 * Lives of requests in a folder of state: why they went as they did, for `regatta explain`, while their crawl runs, after it,
 * and after kill -9. JSON lines in files of two halves: when the newer one is full, the older one goes. Failures have files of
 * their own, so that slow and sampled ones do not push them out. Each line is one write without a flush: it has to outlive
 * the process, not the machine. SQLite was rejected: it is bounded less easily, and each failure would be a transaction.
 */
const underWayName = 'explained.under-way.json'
/** Good ones are written together. */
const lateMs = 500
const mostLate = 64
/** Of the bytes that may be kept: the share of the failures. */
const shareOfFailures = 3 / 4

/** Opens the files, or makes them; `bytes` bounds all of them. Throws what the disk says. */
export function openExplanations(dir: string, bytes: number, clock: Clock): ExplanationFiles {
  return new ExplanationFiles(dir, bytes, clock)
}

export class ExplanationFiles implements ExplanationStore {
  readonly #dir: string
  readonly #clock: Clock
  readonly #failed: Halves
  readonly #others: Halves
  #late: string[] = []
  #cancel: (() => void) | undefined
  #isClosed = false

  constructor(dir: string, bytes: number, clock: Clock) {
    this.#dir = dir
    this.#clock = clock
    const forFailures = Math.floor(bytes * shareOfFailures)
    this.#failed = new Halves(join(dir, 'explained.failed'), forFailures)
    this.#others = new Halves(join(dir, 'explained.others'), bytes - forFailures)
    this.#endInterrupted()
  }

  keep(life: RequestLife): void {
    if (this.#isClosed) return
    const line = `${JSON.stringify(life)}\n`
    if (life.kept === 'failed') return this.#failed.write(line)
    this.#late.push(line)
    if (this.#late.length >= mostLate) this.#flush()
    else this.#cancel ??= this.#clock.after(lateMs, () => this.#flush())
  }

  /** The file is replaced as a whole: a reader sees one or the other. */
  underWay(lives: readonly string[]): void {
    if (this.#isClosed) return
    const path = join(this.#dir, underWayName)
    try {
      writeFileSync(`${path}.new`, `[${lives.join(',\n')}]`, { mode: 0o600 })
      renameSync(`${path}.new`, path)
    } catch {
      // a disk that is full loses what is known of those under way, and nothing else
    }
  }

  /** Writes what is left, and gives the files back. */
  close(): void {
    if (this.#isClosed) return
    this.#flush()
    this.#isClosed = true
    this.#failed.close()
    this.#others.close()
    rmSync(join(this.#dir, underWayName), { force: true })
  }

  #flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#late.length === 0) return
    this.#others.write(this.#late.join(''))
    this.#late = []
  }

  /** What was under way when the last process was killed is over now, and stays known. */
  #endInterrupted(): void {
    for (const life of underWayIn(this.#dir)) {
      this.#failed.write(`${JSON.stringify({ ...life, end: 'interrupted', kept: 'failed' })}\n`)
    }
    rmSync(join(this.#dir, underWayName), { force: true })
  }
}

/** A file of two halves, of which the older one goes when the newer one is full. */
class Halves {
  readonly #path: string
  readonly #most: number
  #file: number
  #size: number

  constructor(path: string, bytes: number) {
    this.#path = path
    this.#most = bytes / 2
    this.#file = openSync(newer(path), 'a', 0o600)
    this.#size = statSync(newer(path)).size
  }

  write(text: string): void {
    try {
      if (this.#size >= this.#most) this.#turn()
      this.#size += writeSync(this.#file, text)
    } catch {
      // a disk that is full loses the line, and nothing else
    }
  }

  close(): void {
    closeSync(this.#file)
  }

  #turn(): void {
    closeSync(this.#file)
    renameSync(newer(this.#path), older(this.#path))
    this.#file = openSync(newer(this.#path), 'a', 0o600)
    this.#size = 0
  }
}

const newer = (path: string) => `${path}.jsonl`
const older = (path: string) => `${path}.old.jsonl`

/** What must be there for a line to be a life; what a newer Regatta adds is kept as it is. */
const lifeSchema = z.looseObject({
  task: z.string(),
  url: z.string(),
  host: z.string(),
  begunAt: z.number(),
  acceptedAt: z.number(),
  end: z.string(),
  kept: z.string(),
  timeline: z.array(z.looseObject({ at: z.number(), step: z.string() })),
})

/**
 * The lives of requests that are kept in a folder of state, oldest first; those under way come last, as `running` while
 * `isOwned` says that a process works there, else as `interrupted`. A line that is damaged, as the last one may be after
 * kill -9, is passed over. Reports and the terminal group failures with it: `end`, `reason`, and the reasons of the outcomes
 * in `timeline`.
 */
export function* readExplanations(dir: string, isOwned: boolean): Generator<RequestLife> {
  for (const name of ['explained.failed', 'explained.others']) {
    for (const path of [older(join(dir, name)), newer(join(dir, name))]) {
      for (const line of linesOf(path)) {
        const life = lifeOf(line)
        if (life) yield life
      }
    }
  }
  for (const life of underWayIn(dir)) yield isOwned ? life : { ...life, end: 'interrupted' }
}

/** Whether anything is kept in this folder. */
export function hasExplanations(dir: string): boolean {
  return existsSync(newer(join(dir, 'explained.failed')))
}

function underWayIn(dir: string): RequestLife[] {
  try {
    const found: unknown = JSON.parse(readFileSync(join(dir, underWayName), 'utf8'))
    return Array.isArray(found) ? found.flatMap((each) => asLife(each) ?? []) : []
  } catch {
    return []
  }
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n')
  } catch {
    return []
  }
}

function lifeOf(line: string): RequestLife | undefined {
  if (line === '') return undefined
  try {
    return asLife(JSON.parse(line))
  } catch {
    return undefined
  }
}

function asLife(value: unknown): RequestLife | undefined {
  const { success, data } = lifeSchema.safeParse(value)
  return success ? (data as unknown as RequestLife) : undefined
}
