import { resolve } from 'node:path'
import { formatDuration } from '../base/format.ts'
import { ownerOf } from '../state/folder-lock.ts'
import { listCrawls } from '../state/stored-crawls.ts'
import { regatta } from './called.ts'
import { noCrawlIn } from './crawl-folders.ts'
import { writeWhole } from './files.ts'
import { type ExitCode, exitCodes, type Io } from './io.ts'
import { folderWord } from './paste.ts'
import type { Price } from './price.ts'
import { findRecord, recordPath } from './report/record-file.ts'
import { reportPage } from './report/report-page.ts'
import { overview, reportLines, shortened } from './report/report-text.ts'
import type { RunRecord } from './report/run-record.ts'
import { printable } from './terminal/cells.ts'

export interface ReportFlags {
  /** A file for the page, or for the data; `-` for stdout. */
  readonly out?: string
  readonly price?: Price
  readonly verbose?: true
  readonly json?: true
}

/**
 * `regatta report FOLDER`: the report of the last run of a crawl, from what it has written down. A run that goes on writes
 * every few seconds, and one that was killed has left its last word: how old it is, is said.
 */
export async function reportCommand(folder: string, flags: ReportFlags, io: Io): Promise<ExitCode> {
  const dir = resolve(io.cwd, folder)
  const crawls = await listCrawls(dir)
  if (crawls.length === 0) throw await noCrawlIn(dir, io.cwd, `${regatta(io)} report`)
  const word = folderWord(dir, io.cwd)
  const found: RunRecord[] = []
  for (const { name } of crawls) {
    const record = await findRecord(dir, name)
    if (record === undefined || typeof record === 'string') {
      io.stderr.write(`${printable(`regatta: ${whyNone(dir, name, record, word, regatta(io))}`)}\n`)
      continue
    }
    // It was written where the crawl was begun; commands are for the one who asks now.
    found.push({ ...record, called: regatta(io), folder: word, ...(flags.price && { price: flags.price }) })
  }
  // A folder knows several crawls, and the last one that ran is meant.
  const record = found.sort((a, b) => b.at - a.at)[0]
  if (!record) return exitCodes.failed
  const age = io.clock.wall() - record.at
  if (record.ending === null) {
    const who = ownerOf(dir) === undefined ? 'Its process has died' : 'It is running'
    io.stderr.write(`${who}; this is what was known ${formatDuration(age)} ago.\n`)
  }
  if (found.length > 1)
    io.stderr.write(`${printable(`The last run here is of ${record.name ?? record.source}.`)}\n`)
  const content = contentOf(record, flags)
  if (flags.out !== undefined && flags.out !== '-') {
    await writeWhole(resolve(io.cwd, flags.out), content)
    io.stderr.write(`${printable(`The report is in ${flags.out}.`)}\n`)
  } else io.stdout.write(content)
  return exitCodes.done
}

function contentOf(record: RunRecord, { json, out, verbose }: ReportFlags): string {
  if (json) return `${JSON.stringify(record, null, 2)}\n`
  if (out !== undefined) return reportPage(record)
  const lines = shortened([...overview(record), ...reportLines(record, verbose === true)], verbose === true)
  return lines.map((line) => `${printable(line)}\n`).join('')
}

function whyNone(dir: string, name: string, why: string | undefined, word: string, called: string): string {
  if (why !== undefined)
    return `${recordPath(dir, name)} cannot be read: ${why}. The next run writes it anew.`
  return `No run of ${name} has left a report here: one of an earlier version, a library, or one that ended within seconds keeps only totals, which ${called} status ${word} tells.`
}
