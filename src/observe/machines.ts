/**
 * The statecharts that run, to be drawn, simulated or inspected with XState's tools: `regatta/machines`. They are apart from
 * `regatta`, because with them come XState's types.
 */

import '../contracts/needs-node.ts'

export { crawlMachine } from '../../machines/crawl.ts'
export { poolMachine } from '../../machines/pool.ts'
export { proxyMachine } from '../../machines/proxy.ts'
export { taskMachine } from '../../machines/task.ts'
