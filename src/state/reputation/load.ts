import { access, readFile, rename, stat } from 'node:fs/promises'
import type { Clock } from '../../base/clock.ts'
import { messageOf } from '../../contracts/errors.ts'
import { type ReputationSnapshot, snapshotVersion } from './schema.ts'
import { readLines } from './text.ts'

/** What was found at a path. Reading never throws and holds up the event loop for a few milliseconds at a time. */
export type Loaded =
  | { readonly kind: 'absent' }
  | { readonly kind: 'snapshot'; readonly snapshot: ReputationSnapshot }
  /** Not a snapshot, or not a whole one. */
  | { readonly kind: 'corrupt'; readonly reason: string }
  | { readonly kind: 'newer'; readonly version: number }
  /** The system does not let us have it. */
  | { readonly kind: 'unreadable'; readonly reason: string }

/** A snapshot at its limits is a twentieth of that. */
const largest = 512 * 1024 * 1024
const sliceMs = 4

export async function loadSnapshot(path: string, clock: Clock): Promise<Loaded> {
  let text: string
  try {
    const { size } = await stat(path)
    if (size > largest) return { kind: 'corrupt', reason: `it has ${size} bytes` }
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return { kind: 'absent' }
    return { kind: 'unreadable', reason: messageOf(error) }
  }
  const lines = readLines(text)
  let since = clock.now()
  for (;;) {
    const { done, value } = lines.next()
    if (!done) {
      if (clock.now() - since < sliceMs) continue
      await new Promise<void>((resolve) => clock.soon(resolve))
      since = clock.now()
    } else if ('reason' in value) return { kind: 'corrupt', ...value }
    else if ('newer' in value) return { kind: 'newer', version: value.newer }
    else return { kind: 'snapshot', snapshot: { version: snapshotVersion, ...value } }
  }
}

/** Renames a file to the first free `.corrupt-<n>` beside it and returns that. Throws when the system does not allow it. */
export async function moveAside(path: string): Promise<string> {
  for (let n = 1; ; n++) {
    const aside = `${path}.corrupt-${n}`
    if (await isThere(aside)) continue
    await rename(path, aside)
    return aside
  }
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
