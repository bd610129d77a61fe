import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { crawlNames } from '../state/stored-crawls.ts'
import { UsageError } from './command-failure.ts'
import { folderWord } from './paste.ts'

/** `.regatta` is no crawl but a folder of their folders, and the first that people type. */
export async function foldersIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => [])
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(dir, name))
  const holding = await Promise.all(folders.map(async (folder) => (await crawlNames(folder)).length > 0))
  return folders.filter((_, at) => holding[at]).sort()
}

const mostNamed = 10

/** For a folder without a crawl: names those inside, as they are typed after `command`. */
export async function noCrawlIn(dir: string, cwd: string, command: string): Promise<UsageError> {
  const folders = await foldersIn(dir)
  if (folders.length === 0) return new UsageError(`${dir} holds no crawl.`)
  const named = folders.slice(0, mostNamed).map((folder) => `${command} ${folderWord(folder, cwd)}`)
  const more = folders.length > mostNamed ? `, and ${folders.length - mostNamed} more` : ''
  return new UsageError(`${dir} holds no crawl but folders of them; name one: ${named.join(', ')}${more}`)
}
