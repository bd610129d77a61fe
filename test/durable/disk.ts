import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A disk of its own, so small that it fills. Mounting needs root on Linux; elsewhere there is none. */
export interface SmallDisk extends AsyncDisposable {
  readonly folder: string
  /** Makes room: the disk now has so many bytes. */
  grow(bytes: number): void
}

export async function mountSmallDisk(bytes: number): Promise<SmallDisk | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-disk-'))
  const mounted = run('mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder)
  if (!mounted) {
    await rm(folder, { recursive: true, force: true })
    return undefined
  }
  return {
    folder,
    grow(more) {
      if (!run('mount', '-o', `remount,size=${more}`, folder)) throw new Error(`${folder} cannot grow`)
    },
    async [Symbol.asyncDispose]() {
      run('umount', '-l', folder)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function run(command: string, ...argv: string[]): boolean {
  return spawnSync(command, argv, { stdio: 'ignore' }).status === 0
}
