/**
 * Lines that know what they are about: `host`, `crawl`, and the request or task stand as fields in each, so that
 * `jq 'select(.host == "x")'` finds all of a host. A logger of pino's kind binds them once in a child and writes them from there; one
 * without children is given them with each line.
 */
export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error'

/** What `attachLog` writes to: a logger of pino, Fastify's `app.log`, or anything with these. */
export interface LogTarget {
  /** Writes a line, with what it is about as fields. */
  info(fields: object, line: string): void
  /** As `info`. */
  warn(fields: object, line: string): void
  /** As `info`. */
  debug(fields: object, line: string): void
  /** As `info`; default: `debug`. */
  trace?(fields: object, line: string): void
  /** As `info`; default: `warn`. */
  error?(fields: object, line: string): void
  /** A logger that writes these fields with each line. */
  child?(fields: object): LogTarget
  /** Whether lines of a level are written. Default: what `level` says. */
  isLevelEnabled?(level: string): boolean
  /** Below which level nothing is written. Default: `info`. */
  readonly level?: string | undefined
}

/** What lines are about. */
export interface Subject {
  readonly crawl?: string | undefined
  readonly host?: string | undefined
  readonly request?: string | undefined
  readonly task?: string | undefined
}

const bound = ['crawl', 'host', 'request', 'task'] as const
const levels: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']
/** Children that are kept: those of the subjects that were written of last. */
const mostChildren = 1_000

export class BoundLog {
  readonly #target: LogTarget
  readonly #children = new Map<string, LogTarget>()

  constructor(target: LogTarget) {
    this.#target = target
  }

  /** Whether lines of this level are written. */
  writes(level: Level): boolean {
    const { level: lowest = 'info' } = this.#target
    return this.#target.isLevelEnabled?.(level) ?? levels.indexOf(level) >= levels.indexOf(lowest)
  }

  /** One line. What the fields say of its subject is written once. Gives back what the logger gives, and throws what it throws. */
  write(level: Level, fields: object, line: string): unknown {
    const log = this.#target.child ? this.#childOf(fields) : this.#target
    const rest = this.#target.child ? withoutSubject(fields) : fields
    return methodOf(log, level)(rest, line)
  }

  #childOf(fields: Subject): LogTarget {
    const key = bound.map((name) => fields[name] ?? '').join('\n')
    const known = this.#children.get(key)
    if (known) {
      this.#children.delete(key)
      this.#children.set(key, known)
      return known
    }
    const subject = Object.fromEntries(
      bound.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])),
    )
    const child = this.#target.child!(subject)
    this.#children.set(key, child)
    if (this.#children.size > mostChildren) this.#children.delete(this.#children.keys().next().value!)
    return child
  }
}

function methodOf(log: LogTarget, level: Level): (fields: object, line: string) => unknown {
  if (level === 'trace') return (log.trace ?? log.debug).bind(log)
  if (level === 'error') return (log.error ?? log.warn).bind(log)
  return log[level].bind(log)
}

function withoutSubject(fields: object): object {
  const { crawl: _crawl, host: _host, request: _request, task: _task, ...rest } = fields as Subject
  return rest
}
