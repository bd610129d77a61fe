import { existsSync } from 'node:fs'
import { link, rename, rm } from 'node:fs/promises'
import type { Clock } from '../base/clock.ts'
import { counted } from '../base/format.ts'
import { RegattaError } from '../contracts/errors.ts'
import { type FrontierInspection, inspectFrontier } from '../frontier/sqlite/inspect.ts'
import { salvage } from '../frontier/sqlite/salvage.ts'
import { lockState } from './folder-lock.ts'
import { crawlNames, crawlPath } from './stored-crawls.ts'

/**
 * Takes what can be read of each damaged crawl into a new file. The damaged one stays beside it, under a name of its own.
 * Answers one sentence for each. Throws STATE_LOCKED.
 */
export async function salvageCrawls(dir: string, clock: Clock): Promise<string[]> {
  const lock = await lockState(dir, clock)
  try {
    const sentences: string[] = []
    for (const name of await crawlNames(dir)) sentences.push(await salvageCrawl(dir, name, clock))
    return sentences
  } finally {
    await lock.release()
  }
}

const endings = ['', '-wal', '-shm']

async function salvageCrawl(dir: string, name: string, clock: Clock): Promise<string> {
  const path = crawlPath(dir, name)
  if (!isDamaged(path)) return `${name} is sound; nothing was changed.`
  const kept = crawlPath(dir, `${name}.corrupt-${clock.wall()}`)
  const rescued = `${path}.rescued`
  const clear = () => Promise.all(endings.map((suffix) => rm(rescued + suffix, { force: true })))
  await clear()
  const found = await salvage(path, rescued).catch(async (error: unknown) => {
    await clear()
    throw error
  })
  const { requests, done, dead, outputs, lost, missing } = found
  // The damaged one keeps its place until the other is whole, so that nothing is begun anew in between.
  await link(path, kept).catch(() => rename(path, kept)) // some disks know no links
  for (const suffix of endings.slice(1)) {
    if (existsSync(path + suffix)) await rename(path + suffix, kept + suffix)
  }
  await rename(rescued, path)
  const read = `${counted(requests, 'request')} left, ${done} done, ${dead} given up, ${counted(outputs, 'output')}`
  const unread = lost.length > 0 ? ` Not all could be read of: ${lost.join(', ')}.` : ''
  const gone =
    missing > 0
      ? ` ${counted(missing, 'request')} that waited ${missing === 1 ? 'is' : 'are'} lost; --fresh begins again with all of them.`
      : ''
  return `${name}: ${read}.${unread}${gone} The damaged file is ${kept}.`
}

function isDamaged(path: string): boolean {
  let file: FrontierInspection | undefined
  try {
    file = inspectFrontier(path)
    file.check()
    return false
  } catch (error) {
    if (error instanceof RegattaError && error.code === 'STATE_CORRUPT') return true
    throw error
  } finally {
    file?.close()
  }
}
