import { type FSWatcher, type Stats, watch } from 'node:fs'
import { readFile, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Clock, systemClock } from '../base/clock.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { ProxyProvider } from '../contracts/provider.ts'
import type { ParseDefaults } from './parse-proxy.ts'
import { readList } from './read-list.ts'

/**
 * Proxies from a file that the user may edit while we run. Editors write a new file and rename it over the old one, and
 * mounted secrets swap a symbolic link, so a watch on the file itself would go blind after the first save: the folders
 * are watched instead (the path's own and that of what it points to), and whatever happens there, the file is looked at
 * again once it has been quiet for `settleMs`. A file system that reports nothing is covered by the fleet's refresh.
 */
export interface FileOptions {
  /** Default: the system's. */
  readonly clock?: Clock
  readonly defaults?: ParseDefaults
  /** Milliseconds without an event before the file is looked at. Default 100: editors save in several steps. */
  readonly settleMs?: number
}

export function fileProvider(path: string, options: FileOptions = {}): ProxyProvider {
  const { clock = systemClock, settleMs = 100 } = options
  let seen: string | undefined
  return {
    name: path,
    trusted: true,
    edited: true,
    async load(signal) {
      try {
        seen = stampOf(await stat(path))
        const list = readList(await readFile(path, { signal }), { ...options, trusted: true })
        if (typeof list !== 'string') return list
        throw new RegattaError('PROXY_LIST_UNREADABLE', `The proxy list "${path}" cannot be read: ${list}.`, {
          value: { list: path },
        })
      } catch (error) {
        signal.throwIfAborted()
        throw error instanceof RegattaError ? error : unreadable(path, error)
      }
    },
    watch(changed) {
      let watchers: FSWatcher[] = []
      let stopped = false
      let cancel: (() => void) | undefined
      const look = async () => {
        const now = await stat(path).then(stampOf, () => undefined)
        if (stopped || now === undefined || now === seen) return // gone: the list in use stays until there is a new one
        seen = now
        changed()
      }
      const settle = () => {
        cancel?.()
        cancel = clock.after(settleMs, () => void look())
      }
      void foldersOf(path).then((folders) => {
        if (stopped) return
        watchers = folders.flatMap((folder) => watchFolder(folder, settle))
        settle() // what was saved before the watch stood
      })
      return () => {
        stopped = true
        cancel?.()
        for (const watcher of watchers) watcher.close()
      }
    },
  }
}

function watchFolder(folder: string, event: () => void): FSWatcher[] {
  try {
    const watcher = watch(folder, { persistent: false }, event)
    watcher.on('error', () => watcher.close())
    return [watcher]
  } catch {
    return [] // no more watches to be had, or no such folder: refresh still comes
  }
}

async function foldersOf(path: string): Promise<string[]> {
  const target = await realpath(path).catch(() => path)
  return [...new Set([dirname(path), dirname(target)])]
}

function stampOf(stats: Stats): string {
  return `${stats.ino}:${stats.size}:${stats.mtimeMs}`
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission is denied',
  EPERM: 'permission is denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is not a folder',
  ELOOP: 'its symbolic links go in a circle',
  EMFILE: 'too many files are open',
}

function unreadable(path: string, error: unknown): RegattaError {
  const errno = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return new RegattaError(
    'PROXY_LIST_UNREADABLE',
    `The proxy list "${path}" cannot be read: ${reasons[errno] ?? 'the system refuses'} (${errno}). ${errno === 'ENOENT' ? 'Check the path; a proxy is written host:port.' : 'Check the path and its permissions.'}`,
    { value: { list: path, errno }, cause: error },
  )
}
