import { mkdtemp, open, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { OpenFile } from '../../src/sink/file-target.ts'

/** A real file on a disk that fails when told: after so many bytes, and perhaps when it is cut as well. */
export interface Disk {
  /** Bytes the disk still takes before it is full; Infinity when it is sound. */
  space: number
  failsToCut: boolean
  openFile(path: string, flags: string): Promise<OpenFile>
}

export function createFaultyDisk(): Disk {
  const disk: Disk = {
    space: Number.POSITIVE_INFINITY,
    failsToCut: false,
    async openFile(path, flags) {
      const file = await open(path, flags)
      return {
        async write(bytes, offset, length, position) {
          if (disk.space <= 0) {
            throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
          }
          const result = await file.write(bytes, offset, Math.min(length, disk.space), position)
          disk.space -= result.bytesWritten
          return result
        },
        read: (bytes, offset, length, position) => file.read(bytes, offset, length, position),
        async truncate(length) {
          if (disk.failsToCut) throw Object.assign(new Error('i/o error'), { code: 'EIO' })
          await file.truncate(length)
        },
        datasync: () => file.datasync(),
        stat: () => file.stat(),
        close: () => file.close(),
      }
    },
  }
  return disk
}

export async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-sink-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}
