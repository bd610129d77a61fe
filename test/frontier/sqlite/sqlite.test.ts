import { afterAll } from 'vitest'
import { openSqliteFrontier } from '../../../src/frontier/sqlite/open.ts'
import { frontierContract } from '../../contracts/frontier.ts'
import { outputLogContract } from '../../contracts/output-log.ts'
import { tempFile, tidy } from './folder.ts'

afterAll(tidy)

const inline = 'the SQLite frontier on this thread'
frontierContract(inline, (clock) => openSqliteFrontier({ path: tempFile(), clock, inline: true }))
outputLogContract(inline, () => openSqliteFrontier({ path: tempFile(), inline: true }))

const worker = 'the SQLite frontier in a worker'
frontierContract(worker, (clock) => openSqliteFrontier({ path: tempFile(), clock }), { runs: 20 })
outputLogContract(worker, () => openSqliteFrontier({ path: tempFile() }))
