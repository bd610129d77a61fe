import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { CrawlPlan, CrawlStore, StoredCrawl, StoredLetters } from '../contracts/crawl-store.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'
import type { ExplanationStore } from '../contracts/explanation-store.ts'
import { openSqliteFrontier } from '../frontier/sqlite/open.ts'
import type { SqliteFrontier } from '../frontier/sqlite/sqlite-frontier.ts'
import { isOver, type Progress } from '../rules/over.ts'
import { type CrawlRecord, digestOfParams, nameOf, readRecord, writeRecord } from './crawl-record.ts'
import { type ExplanationFiles, openExplanations } from './explanations.ts'
import { lockState, type StateLock } from './folder-lock.ts'
import { ReadingFile } from './reading-journal.ts'
import { reviveLetters } from './revive-letters.ts'

/**
 * The state of a crawler: a folder that one process owns, with a file for each crawl and one for what was learnt of the
 * proxies. The round before the present one is kept as `NAME.previous.db`.
 */
export interface StateFolderOptions {
  readonly dir: string
  readonly clock: Clock
  /** Survive a power cut too, at the price of a flush to the disk for each commit. */
  readonly durability: 'normal' | 'full'
  readonly hostKey: HostKeyKind
  /** The state cannot be written for the moment. */
  onStalled(error: Error): void
  log(message: string): void
}

/** Throws STATE_LOCKED naming the owner, or STATE_FAILED when the folder cannot be made. */
export async function openStateFolder(options: StateFolderOptions): Promise<StateFolder> {
  const dir = resolve(options.dir)
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 })
  } catch (error) {
    const message = `The state folder ${dir} cannot be made: ${messageOf(error)}.`
    throw new RegattaError('STATE_FAILED', message, { value: { path: dir, errno: undefined }, cause: error })
  }
  return new StateFolder({ ...options, dir }, await lockState(dir, options.clock))
}

export class StateFolder implements CrawlStore {
  readonly reputation: string
  /** Where it is kept what all crawls of the folder have spent. */
  readonly spending: string
  readonly #options: StateFolderOptions
  readonly #lock: StateLock
  readonly #underWay = new Set<string>()
  #explanations: ExplanationFiles | undefined

  constructor(options: StateFolderOptions, lock: StateLock) {
    this.#options = options
    this.#lock = lock
    this.reputation = join(options.dir, 'reputation.sqlite')
    this.spending = join(options.dir, 'spending.json')
  }

  async open(plan: CrawlPlan): Promise<StoredCrawl> {
    const name = this.#takeName(plan)
    try {
      return await this.#openCrawl(name, plan)
    } catch (error) {
      this.#underWay.delete(name)
      throw error
    }
  }

  async letters(plan: CrawlPlan): Promise<StoredLetters> {
    const name = this.#takeName(plan)
    try {
      const frontier = await this.#openFrontier(join(this.#options.dir, `${name}.db`))
      return {
        deadLetters: () => frontier.deadLetters(),
        revive: (ids) => reviveLetters(frontier, ids),
        close: () => frontier.close().finally(() => this.#underWay.delete(name)),
      }
    } catch (error) {
      this.#underWay.delete(name)
      throw error
    }
  }

  /** Where lives of requests are kept from now on; undefined, with a note, where the disk does not let them. */
  explanations(bytes: number): ExplanationStore | undefined {
    try {
      this.#explanations ??= openExplanations(this.#options.dir, bytes, this.#options.clock)
    } catch (error) {
      this.#options.log(`why requests go as they do is not kept: ${messageOf(error)}`)
    }
    return this.#explanations
  }

  /** Lets another process have it. */
  async close(): Promise<void> {
    this.#explanations?.close()
    await this.#lock.release()
  }

  /** One at a time works on the file of a name. */
  #takeName(plan: CrawlPlan): string {
    const name = fileName(nameOf(plan))
    if (this.#underWay.has(name)) {
      const message = `Crawl "${name}" is under way in this crawler. Give the other one a name of its own.`
      throw new RegattaError('STATE_LOCKED', message, { value: { name } })
    }
    this.#underWay.add(name)
    return name
  }

  async #openCrawl(name: string, plan: CrawlPlan): Promise<StoredCrawl> {
    const path = join(this.#options.dir, `${name}.db`)
    if (plan.options.fresh) await keepAsPrevious(path)
    let frontier = await this.#openFrontier(path)
    try {
      const record = await readRecord(frontier.side)
      if (record) assertSame(record, { ...plan, hostKey: this.#options.hostKey }, name)
      const terms = { complete: plan.complete, revisits: plan.options.revisit !== undefined }
      if (!record || !isOver(await progressOf(record, frontier), terms))
        return await this.#begin(name, plan, frontier, record)
      await frontier.close()
      await keepAsPrevious(path)
      this.#options.log(`crawl "${name}" had finished; this is a new round`)
      frontier = await this.#openFrontier(path)
      return await this.#begin(name, plan, frontier, undefined)
    } catch (error) {
      await frontier.close().catch(() => {})
      throw error
    }
  }

  async #begin(
    name: string,
    plan: CrawlPlan,
    frontier: SqliteFrontier,
    record: CrawlRecord | undefined,
  ): Promise<StoredCrawl> {
    const { clock } = this.#options
    const now = clock.wall()
    const { source, params } = plan
    const begun: CrawlRecord = {
      version: 1,
      source,
      params: digestOfParams(params),
      hostKey: this.#options.hostKey,
      startedAt: record?.startedAt ?? now,
      runs: (record?.runs ?? 0) + 1,
      lastRunAt: now,
    }
    await writeRecord(frontier.side, begun)
    const journal = this.#openJournal(name)
    const end: StoredCrawl['end'] = async (ending) => {
      journal?.close(ending === 'finished')
      try {
        await writeRecord(frontier.side, { ...begun, ending, endedAt: clock.wall() })
      } finally {
        await frontier.close().finally(() => this.#underWay.delete(name))
      }
    }
    return {
      frontier,
      isNew: record === undefined,
      journal,
      stopRetrying: () => frontier.stopRetrying(),
      end,
    }
  }

  /** A crawl can do without. */
  #openJournal(name: string): ReadingFile | undefined {
    try {
      return new ReadingFile(join(this.#options.dir, `${name}.reading`))
    } catch (error) {
      this.#options.log(`pages that end the process will not be recognised: ${messageOf(error)}`)
      return undefined
    }
  }

  #openFrontier(path: string) {
    const { clock, durability, onStalled } = this.#options
    return openSqliteFrontier({ path, clock, durability, onStalled })
  }
}

async function progressOf({ ending }: CrawlRecord, frontier: SqliteFrontier): Promise<Progress> {
  const { ready, waiting, leased, resting, tally } = await frontier.stats()
  const undelivered = (await frontier.outputs.read(0, 1)).length
  return { ending, pages: tally.pages ?? 0, left: ready + waiting + leased, resting, undelivered }
}

function assertSame(
  record: CrawlRecord,
  { source, params, hostKey }: CrawlPlan & { hostKey: HostKeyKind },
  name: string,
): void {
  if (record.source === source && record.params === digestOfParams(params)) {
    if (record.hostKey === undefined || record.hostKey === hostKey) return
    const was = record.hostKey === 'own' ? 'a function of its own' : `"${record.hostKey}"`
    const message =
      `The state "${name}" was begun with ${was} as "hostKey", and knows its pages by that. ` +
      'Go on with the same, choose another name, or begin again (fresh).'
    throw new RegattaError('STATE_MISMATCH', message, { value: { name, hostKey: record.hostKey } })
  }
  const whose = record.source === source ? 'other params' : `source "${record.source}"`
  const message = `The state "${name}" belongs to ${whose}. Choose another name, or begin again (fresh).`
  throw new RegattaError('STATE_MISMATCH', message, { value: { name, source: record.source } })
}

type HostKeyKind = NonNullable<CrawlRecord['hostKey']>

function fileName(name: string): string {
  const isTaken = name === 'lock' || name.endsWith('.previous') || name.includes('.corrupt-')
  if (/^[\w][\w.-]{0,99}$/.test(name) && !isTaken) return name
  throw new RegattaError(
    'OPTION_INVALID',
    `Option "name": expected letters, digits, dots and hyphens, at most 100 (got ${JSON.stringify(name)}).`,
    { value: { path: 'name', value: name } },
  )
}

async function keepAsPrevious(path: string): Promise<void> {
  if (!existsSync(path)) return
  await rm(path.replace(/\.db$/, '.reading'), { force: true })
  const previous = path.replace(/\.db$/, '.previous.db')
  for (const suffix of ['', '-wal', '-shm']) {
    await rm(previous + suffix, { force: true })
    if (existsSync(path + suffix)) await rename(path + suffix, previous + suffix)
  }
}
