import { access, constants, mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Sink, SinkRecord } from '../contracts/sink.ts'
import { type Kept, keeps, keptOf, wasKept } from './item-kind.ts'
import { asSinkFailure } from './sink-failure.ts'

/**
 * A file for each kind of record: `{kind}` in a path is the kind of an item, `items` where they have none, and `edges`. In a
 * crawl each file is a sink of its own (Sink.forKinds), so it is as safe over a crash as if it were the only one. A program that writes
 * to the sink by hand gets the same files, without what needs a place that can be looked up after a crash.
 *
 * A file is made when its first record comes, so that a kind that never comes leaves none.
 */
const placeholder = '{kind}'

export function isForKinds(path: unknown): path is string {
  return typeof path === 'string' && path.includes(placeholder)
}

/** The file of a kind. A kind that came past every check cannot lead out of its folder. */
export function pathForKind(path: string, kind: string): string {
  const safe = kind.replace(/[^\w-]/gu, (character) =>
    [...Buffer.from(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
      .join(''),
  )
  return path.replaceAll(placeholder, safe === '' ? '%' : safe)
}

/** `open` makes the sink of one file. `which`: what is to be written at all. */
export function createKindFiles(to: string, which: Kept, open: (to: string, own: Kept) => Sink): Sink {
  const files = new Map<string, Sink>()

  function fileOf(own: Kept): Sink {
    const name = own.kind === 'edge' ? 'edges' : (own.itemKind ?? 'items')
    const path = pathForKind(to, name)
    const known = files.get(path)
    if (known) return known
    const file = openedAtFirstUse(path, own, open(path, own))
    files.set(path, file)
    return file
  }

  return {
    name: to,
    ...which,
    forKinds(kinds) {
      const items = kinds.length === 0 ? [undefined] : kinds
      const all = [...items.map((itemKind) => keptOf({ kind: 'item', itemKind })), keptOf({ kind: 'edge' })]
      return all.filter((each) => overlaps(which, each)).map(fileOf)
    },
    async open() {
      await assertFolder(to)
    },
    async write(batch) {
      const groups = new Map<Sink, SinkRecord[]>()
      for (const record of batch) {
        if (!keeps(which, record)) continue
        const { kind, itemKind } = record
        const file = fileOf(keptOf(kind === 'edge' ? { kind } : { kind, itemKind }))
        const group = groups.get(file)
        if (group) group.push(record)
        else groups.set(file, [record])
      }
      for (const [file, records] of groups) await file.write(records)
    },
    async close() {
      for (const file of files.values()) await file.close()
    },
  }
}

function overlaps(which: Kept, { kind, itemKind }: Kept): boolean {
  if (which.kind !== undefined && which.kind !== kind) return false
  return which.itemKind === undefined || which.itemKind === itemKind
}

/** A sink whose file is opened, and made, when it gets something; at once where it is there already. */
function openedAtFirstUse(path: string, own: Kept, sink: Sink): Sink {
  let isOpen = false

  async function use(): Promise<void> {
    if (isOpen) return
    try {
      await mkdir(dirname(path), { recursive: true })
    } catch (error) {
      throw asSinkFailure(path, error)
    }
    await sink.open()
    isOpen = true
  }
  const isDue = (batch: readonly SinkRecord[]) => isOpen || batch.some((record) => keeps(own, record))

  return {
    ...sink,
    ...own,
    async open() {
      if (await isThere(path)) await use()
      else await assertFolder(path)
    },
    async write(batch, takenBack) {
      if (!isDue(batch)) return
      await use()
      await sink.write(batch, takenBack)
    },
    ...(sink.place && {
      async place(batch) {
        if (!isDue(batch ?? [])) return 0
        await use()
        return sink.place!(batch)
      },
    }),
    ...(sink.complete && {
      async complete(batch, place) {
        if (!isDue(batch)) return
        await use()
        await sink.complete!(batch, place)
      },
    }),
    ...(sink.takeBack && {
      async takeBack(batch) {
        if (isOpen) return sink.takeBack!(batch)
        return batch.filter((each) => wasKept(own, each)).length
      },
    }),
    async close() {
      if (!isOpen) return
      isOpen = false
      await sink.close()
    },
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

/** A folder that cannot be written to is told before the crawl begins. One that is named by a kind is made. */
async function assertFolder(path: string): Promise<void> {
  const folder = dirname(path)
  if (folder.includes(placeholder)) return
  try {
    await access(folder, constants.W_OK)
  } catch (error) {
    // The folder of a kind is made with its file.
    if (!(await isThere(folder)) && (await isThere(dirname(folder)))) return
    throw asSinkFailure(path, error)
  }
}
