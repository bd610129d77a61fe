import { open as openFile, readFile, rename, rm } from 'node:fs/promises'
import { z } from 'zod'
import type { Clock } from '../base/clock.ts'
import { Timer, type Wheel } from '../base/wheel.ts'
import { messageOf } from '../contracts/errors.ts'
import type { Alert } from '../contracts/events.ts'
import type { Spending, SpendingRecord } from '../spending/spending.ts'

/**
 * What was spent, on disk: read once, then written every second while something is booked. Money that is gone is gone, so
 * this is kept apart from what was learnt of the proxies, and written more often: a process that is killed forgets a second of
 * it. Nothing that goes wrong here ends a crawl.
 */
const count = z.number().min(0)
const account = z.object({ requests: count, goodPages: count, sent: count, received: count, cost: count })
const accounts = z.record(z.string(), account)
const recordSchema: z.ZodType<SpendingRecord> = z.object({
  version: z.literal(1),
  total: account,
  before: z.object({ bytes: count, cost: count }),
  proxies: accounts,
  providers: accounts,
  hosts: accounts,
})

/** Milliseconds from one save to the next, and at least so many times what the last one took. */
const pause = 1_000
const pauseShare = 20

export interface SpendingFileOptions {
  readonly clock: Clock
  readonly wheel: Wheel
  readonly alert: (alert: Alert) => void
}

/** Restores what the file holds, and keeps what is spent from now on. Never rejects. */
export async function openSpendingFile(
  path: string,
  spending: Spending,
  options: SpendingFileOptions,
): Promise<SpendingFile> {
  try {
    spending.restore(recordSchema.parse(JSON.parse(await readFile(path, 'utf8'))))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      const aside = `${path}.corrupt`
      await rename(path, aside).catch(() => {})
      const message = `${path} cannot be read (${messageOf(error).slice(0, 200)}): what earlier runs have spent is not known, and caps do not count it. It is kept as ${aside}.`
      options.alert({ code: 'STATE_CORRUPT', message })
    }
  }
  return new SpendingFile(path, spending, options)
}

export class SpendingFile {
  readonly #path: string
  readonly #spending: Spending
  readonly #options: SpendingFileOptions
  readonly #timer: Timer
  #saved: number
  #saving: Promise<void> | undefined
  #isClosed = false
  #isFailing = false

  constructor(path: string, spending: Spending, options: SpendingFileOptions) {
    this.#path = path
    this.#spending = spending
    this.#options = options
    this.#saved = spending.entries
    this.#timer = new Timer(() => this.#due())
    this.#arm(pause)
  }

  /** Saves a last time: call it when nothing is sent any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#options.wheel.disarm(this.#timer)
    await this.#saving
    await this.#save()
  }

  #arm(ms: number): void {
    this.#options.wheel.arm(this.#timer, this.#options.clock.now() + ms)
  }

  #due(): void {
    const { clock } = this.#options
    const begun = clock.now()
    this.#saving = this.#save().then(() => {
      this.#saving = undefined
      if (!this.#isClosed) this.#arm(Math.max(pause, (clock.now() - begun) * pauseShare))
    })
  }

  async #save(): Promise<void> {
    const { entries } = this.#spending
    if (entries === this.#saved) return
    const beside = `${this.#path}.tmp`
    try {
      const file = await openFile(beside, 'w', 0o600)
      try {
        await file.writeFile(`${JSON.stringify(this.#spending.toSaved())}\n`)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(beside, this.#path)
      this.#saved = entries
      this.#isFailing = false
    } catch (error) {
      await rm(beside, { force: true }).catch(() => {})
      const message = `What was spent cannot be saved to ${this.#path} (${messageOf(error)}); it is tried again, and the crawl goes on.`
      if (!this.#isFailing) this.#options.alert({ code: 'STATE_FAILED', message })
      this.#isFailing = true
    }
  }
}
