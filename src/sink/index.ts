/** Where the items and edges of a crawl can go: `regatta/sinks`. A sink of your own implements `Sink` of `regatta`. */

import '../contracts/needs-node.ts'

export { createCallbackSink } from './callback.ts'
export { type CsvOptions, createCsvSink } from './csv.ts'
export { createJsonSink, type JsonOptions } from './json.ts'
export { createJsonlSink, type JsonlOptions } from './jsonl.ts'
export { createSqliteSink, type SqliteOptions } from './sqlite.ts'
