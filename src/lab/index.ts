/** A local world with faults, for demos, examples, tests and benchmarks: `regatta/lab`. */

import '../contracts/needs-node.ts'

export type { Books, ExitTotals, OriginBook, OriginRow, ProxyBook } from './books.ts'
export { startLabProcess } from './child.ts'
export type { Lab, LabControl, LabOrigin, LabProxyAddress, OriginDown } from './contract.ts'
export { type LibraryEdge, LibraryGraph, type LibraryPart } from './emulations/open-library-graph.ts'
export type {
  LibraryAuthor,
  LibrarySubject,
  LibraryWork,
  SubjectKind,
} from './emulations/open-library-records.ts'
export { type LabOptions, startLab } from './lab.ts'
export { Site } from './origin/computed-site.ts'
export type { SitePage } from './origin/site-content.ts'
export { type SiteScript, siteSchema } from './origin/site-schema.ts'
export { type ParsedScenario, parseScenario, type Scenario, scenarioSchema } from './scenario.ts'
export { findScenario, scenarioNames } from './scenarios/find.ts'
