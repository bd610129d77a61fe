import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { crawlThroughKills, type KillReport } from '../test/durable/kills.ts'

/**
 * `npm run kills [-- KILLS PAGES SEED]`: crawls the lab through so many SIGKILLs (200, and 2,000 pages), each followed by
 * `regatta resume`. Exits 1 when a page is missing, doubled or torn.
 */
const [kills = 200, pages = 2_000, seed = 1] = process.argv.slice(2).map(Number)
const folder = await mkdtemp(join(tmpdir(), 'regatta-kills-'))
const begun = performance.now()
try {
  const report = await crawlThroughKills({ folder, pages, kills, seed })
  console.log(describe(report))
  if (report.lines !== pages || report.torn + report.doubled.length + report.missing.length > 0)
    process.exitCode = 1
} finally {
  await rm(folder, { recursive: true, force: true })
}

function describe({ kills, early, lines, torn, doubled, missing, served }: KillReport): string {
  const seconds = ((performance.now() - begun) / 1_000).toFixed(0)
  return [
    `${kills} processes killed in ${seconds} s${early > 0 ? `, ${early} ended before` : ''}: ${lines} lines of ${pages} pages`,
    `${torn} torn, ${doubled.length} doubled, ${missing.length} missing; ${served.toFixed(2)} requests a page`,
    ...doubled.slice(0, 5).map((url) => `doubled  ${url}`),
    ...missing.slice(0, 5).map((url) => `missing  ${url}`),
  ].join('\n')
}
