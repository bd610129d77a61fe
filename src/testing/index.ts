/** Tests of sources: recorded pages, a clock of one's own, and the lab; for vitest, node:test and Deno.test. `regatta/testing`. */

import '../contracts/needs-node.ts'

export type { HarArchive, LeftOutEntry, RecordedExchange } from '../contracts/recording.ts'
export { CrawlRecording, type FollowedCrawler } from '../har/crawl-recording.ts'
export { readHarFile } from '../har/har-file.ts'
export { type ReadHarOptions, readHar } from '../har/read-har.ts'
export { type Keep, recordTo } from '../har/record-to.ts'
export { createReplay, type ReplayMiss, type ReplayOptions } from '../har/replay.ts'
export { type WriteHarOptions, writeHar } from '../har/write-har.ts'
export type { Lab } from '../lab/contract.ts'
export { type LabOptions, startLab } from '../lab/lab.ts'
export {
  type BarePageOptions,
  createPage,
  type PageInput,
  type PageOptions,
} from '../source/make-page.ts'
export type { Check, CheckName, CheckOutcome, CheckReport } from './check-report.ts'
export { type CheckOptions, checkSource } from './check-source.ts'
export type { Expectation } from './expectation.ts'
export { createFakeClock, type FakeClock } from './fake-clock.ts'
export type { FixturePage } from './fixture-page.ts'
export { type Fixture, type Fixtures, fixturesOf, readFixtures } from './fixtures.ts'
export type { LiveOptions } from './live-run.ts'
export { type ParsedPage, parsePage } from './parse-page.ts'
export {
  type TestedDeath,
  type TestedPage,
  type TestedSkip,
  type TestOptions,
  type TestResult,
  testSource,
} from './test-source.ts'
