import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { formatBytes } from '../base/format.ts'
import { CrawlRecording, type FollowedCrawler } from '../har/crawl-recording.ts'
import { writeHar } from '../har/write-har.ts'
import { UsageError } from './command-failure.ts'
import type { CrawlFlags } from './crawl-flags.ts'
import { assertWritable, writeWhole } from './files.ts'
import type { Io } from './io.ts'
import { printable } from './terminal/cells.ts'

/** The file of `regatta record`: it is written once, when the crawl is over, however it ended. */
export class HarOutput {
  readonly #path: string
  readonly #flags: Pick<CrawlFlags, 'keepSecrets' | 'quiet'>
  readonly #io: Pick<Io, 'stderr'>
  readonly #recording = new CrawlRecording()
  #isWritten = false

  constructor(path: string, flags: Pick<CrawlFlags, 'keepSecrets' | 'quiet'>, io: Pick<Io, 'stderr'>) {
    this.#path = path
    this.#flags = flags
    this.#io = io
  }

  /** For the option `record`. */
  get keep(): CrawlRecording['keep'] {
    return this.#recording.keep
  }

  follow(crawler: FollowedCrawler): void {
    this.#recording.follow(crawler)
  }

  /** Nothing is written where nothing came: a recording that is there stays. */
  async write(target: string): Promise<void> {
    const { exchanges, leftOut } = this.#recording
    if (this.#isWritten || exchanges.length === 0) return
    this.#isWritten = true
    const secrets = this.#flags.keepSecrets ? 'keep' : 'redact'
    const text = writeHar(exchanges, { comment: `Recorded by regatta record ${target}`, secrets })
    await writeWhole(this.#path, text)
    const failures = exchanges.filter(({ error }) => error !== undefined).length
    const parts = [
      `${exchanges.length - failures} answers`,
      ...(failures > 0 ? [`${failures} failures`] : []),
    ]
    this.#say(`recorded  ${basename(this.#path)}: ${parts.join(', ')}, ${formatBytes(text.length)}`)
    if (leftOut > 0) {
      const way = 'Record fewer pages (--max-pages).'
      this.#say(`regatta: the recording is full: ${leftOut} answers are not in it. ${way}`)
    }
  }

  #say(line: string): void {
    if (this.#flags.quiet !== true) this.#io.stderr.write(`${printable(line)}\n`)
  }
}

/** Throws UsageError where the file is there and is not to be overwritten. */
export async function openHarOutput(
  flags: CrawlFlags,
  io: Pick<Io, 'cwd' | 'stderr'>,
): Promise<HarOutput | undefined> {
  if (flags.record === undefined) return undefined
  const path = resolve(io.cwd, flags.record)
  if (flags.append) throw new UsageError('A recording cannot be added to: leave out --append.')
  if (existsSync(path) && !flags.overwrite)
    throw new UsageError(`${flags.record} is there already; --overwrite begins it anew.`)
  await assertWritable(path)
  return new HarOutput(path, flags, io)
}
