import { hash } from 'node:crypto'
import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { HttpResponse } from '../contracts/outcome.ts'
import type { SavedBody } from '../contracts/page.ts'
import { bodyGone, digestOfBody, sizeOfBody } from '../contracts/response-body.ts'
import { sinkFailed } from '../sink/sink-failure.ts'
import { fileNameFor } from './file-name.ts'

/**
 * Writes a body to a path, whole or not at all: to a second name beside it, flushed to the disk, then renamed. The second
 * name is the same whenever the same request saves to the same path, so what a crash left there is replaced by the run
 * after it. A body on disk gets the name as a link, and is copied only to another device. Throws SINK_FAILED.
 */
export async function saveBody(
  response: HttpResponse,
  to: { readonly path: string; readonly request: string; readonly mimeType: string },
): Promise<SavedBody> {
  if (response.file?.isRemoved) throw bodyGone(response.url)
  const path = await targetOf(response.url, to)
  const folder = dirname(path)
  const beside = join(folder, `.${hash('sha256', `${to.request}\n${basename(path)}`).slice(0, 24)}.part`)
  try {
    await mkdir(folder, { recursive: true })
    await rm(beside, { force: true })
    if (response.file) await response.file.putAt(beside)
    else await writeFile(beside, response.body, { flag: 'wx' })
    await flush(beside, 'r+')
    await rename(beside, path)
  } catch (error) {
    throw sinkFailed(path, error)
  } finally {
    await rm(beside, { force: true }).catch(() => {})
  }
  // That the name lasts is up to the folder; not every system can be asked to flush one.
  await flush(folder, 'r').catch(() => {})
  return { path, bytes: sizeOfBody(response), digest: digestOfBody(response) }
}

/** A folder gets a file named after the URL: one that exists, one that ends in a slash, or the current one for ''. */
async function targetOf(
  url: string,
  { path, request, mimeType }: { path: string; request: string; mimeType: string },
): Promise<string> {
  const isFolder = path === '' || /[/\\]$/.test(path) || (await isExistingFolder(path))
  return isFolder ? join(path, fileNameFor(url, mimeType, request)) : path
}

async function isExistingFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}

async function flush(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
