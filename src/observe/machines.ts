/**
 * The machines that run, to be drawn, simulated or inspected with XState's tools: `regatta/machines`. Four are statecharts,
 * three are callback actors, which stand nowhere. `charts` has all seven as plain data. They are apart from `regatta`,
 * because with them come XState's types.
 */

import '../contracts/needs-node.ts'

export { type AttemptEvent, type AttemptPort, attemptLogic } from '../../machines/attempt.ts'
export { type CrawlEvent, type CrawlWork, crawlMachine } from '../../machines/crawl.ts'
export { hubLogic } from '../../machines/hub.ts'
export { type PoolContext, type PoolEvent, type PoolPort, poolMachine } from '../../machines/pool.ts'
export { type ProxyEvent, proxyMachine } from '../../machines/proxy.ts'
export { type RouterEvent, type RouterPort, routerLogic } from '../../machines/router.ts'
export { type TaskEvent, type TaskWork, taskMachine } from '../../machines/task.ts'
export { diagramOf } from './chart-mermaid.ts'
export {
  type Chart,
  type ChartConfig,
  type ChartName,
  type ChartStep,
  chartNames,
  charts,
  machineOf,
} from './charts.ts'
