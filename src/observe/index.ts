/** Logs, metrics, traces and the bridge to inspectors of a crawler: `regatta/observe`. They listen; without them it pays nothing. */

import '../contracts/needs-node.ts'

export type { LogTarget } from './bound-log.ts'
export { explanationText, type TextLook } from './explanation-text.ts'
export { type AttachLogOptions, attachLog, createLog, type LogOptions } from './log.ts'
export { attachMetrics, type MetricsAttachment, type MetricsOptions, metricsFor } from './metrics.ts'
export type { Observed } from './observed.ts'
export { type InspectorBridge, type InspectorBridgeOptions, serveInspector } from './serve-inspector.ts'
export { type MetricsServer, type MetricsServerOptions, serveMetrics } from './serve-metrics.ts'
export { attachTrace, type Traceable } from './trace.ts'
export { waterfall } from './waterfall.ts'
