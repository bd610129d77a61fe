import { createHash } from 'node:crypto'
import { type FSWatcher, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Clock, delay } from '../../base/clock.ts'

/**
 * Tells when a source has changed: its file, or one of those that it imports. Their folders are watched and not the files,
 * because many editors write a new file and rename it over the old one. What a file holds decides, and not that it was
 * written: an editor may do that several times.
 */
export interface WatchParts {
  /** The source's own file. */
  readonly entry: string
  /** What was loaded with it; may grow. */
  readonly files: ReadonlySet<string>
  readonly clock: Clock
  /** Ends it. */
  readonly signal: AbortSignal
  /** It is ready, and waits; so many files are watched. */
  waiting(count: number): void
  /** A file has changed. The next change is told when this has resolved. */
  changed(path: string): Promise<void>
}

/** Milliseconds in which the writes of one save come. */
const oneSave = 50

/** Rejects with the reason of the signal. */
export async function watchSource({
  entry,
  files,
  clock,
  signal,
  waiting,
  changed,
}: WatchParts): Promise<never> {
  const watchers = new Map<string, FSWatcher>()
  let hasRung = false
  let wake: () => void = () => {}
  const ring = () => {
    hasRung = true
    wake()
  }
  const watched = () => new Set([entry, ...files])
  const listen = () => {
    for (const folder of new Set([...watched()].map((path) => dirname(path)))) {
      if (watchers.has(folder)) continue
      const watcher = watch(folder, ring)
      // A folder that is deleted can be watched no longer; the others are.
      watcher.on('error', () => watcher.close())
      watchers.set(folder, watcher)
    }
  }
  try {
    const known = await digestsOf(watched())
    listen()
    for (;;) {
      signal.throwIfAborted()
      // Files that were loaded for the first time are known from now on.
      for (const path of watched()) if (!known.has(path)) known.set(path, await digestOf(path))
      listen()
      waiting(watched().size)
      const path = await nextChange()
      await changed(path)
    }

    async function nextChange(): Promise<string> {
      for (;;) {
        const now = await digestsOf(known.keys())
        // One that is gone or empty is being written.
        const different = [...now].find(([path, digest]) => digest !== nothing && digest !== known.get(path))
        for (const [path, digest] of now) if (digest !== nothing) known.set(path, digest)
        if (different) return different[0]
        await nextEvent()
      }
    }
  } finally {
    for (const watcher of watchers.values()) watcher.close()
  }

  /** What happens while files are read counts too. */
  async function nextEvent(): Promise<void> {
    if (!hasRung)
      await new Promise<void>((resolve, reject) => {
        const stop = () => reject(signal.reason)
        signal.addEventListener('abort', stop, { once: true })
        wake = () => {
          signal.removeEventListener('abort', stop)
          resolve()
        }
      })
    await delay(clock, oneSave, signal)
    hasRung = false
  }
}

async function digestsOf(paths: Iterable<string>): Promise<Map<string, string>> {
  const digests = new Map<string, string>()
  for (const path of paths) digests.set(path, await digestOf(path))
  return digests
}

/** A file that is not there has the digest of nothing. */
async function digestOf(path: string): Promise<string> {
  return hash(await readFile(path).catch(() => ''))
}

function hash(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

const nothing = hash('')
