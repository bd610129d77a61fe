/** The real crawler on virtual time, in a world with faults: `regatta/sim`. */

import '../contracts/needs-node.ts'

export { type ParsedScenario, parseScenario, type Scenario, scenarioSchema } from '../lab/scenario.ts'
export { findScenario, scenarioNames } from '../lab/scenarios/find.ts'
export { createVirtualClock, type VirtualClock } from './clock.ts'
export type { Rule, Violation } from './invariants.ts'
export type { PageCounts } from './pages.ts'
export type { SimulationReport } from './report.ts'
export type { Arrival } from './request-passage.ts'
export { ScenarioWorld } from './scenario-world.ts'
export { type SimulationSettings, simulate } from './simulate.ts'
export { type RecordedAttempt, type RecordedTask, RecordedTrace, readTrace } from './trace-record.ts'
export { recordedReport } from './trace-report.ts'
export {
  type SimulatedAttempt,
  type SimulatedStep,
  SimulatedTransport,
  type SimulatedWorld,
} from './transport.ts'
