import { readFile, writeFile } from 'node:fs/promises'
import { jsonForm } from '../base/json-form.ts'
import { messageOf, RegattaError } from '../contracts/errors.ts'

/**
 * What a source is expected to yield for a fixture: it stands in `X.expected.json` beside `X.har`, so that a change of the
 * source shows up as a change of a file that people read. Everything in it is JSON; dates and the like are written as a sink
 * writes them.
 */
export interface Expectation {
  /** What the source was told, as a user gives it. */
  readonly params: unknown
  /** Items, in the order of the fixture's pages. */
  readonly items: readonly unknown[]
  /** Edges, in the same order. */
  readonly edges: readonly unknown[]
  /** Requests that `parse` yields, in the same order, those that are known already included. */
  readonly requests: readonly unknown[]
  /** Pages and links that were left out, and why. */
  readonly skipped: readonly unknown[]
}

/** Its members, in the order in which they are written. */
export const expectedParts = ['items', 'edges', 'requests', 'skipped'] as const

/** Where the expectation of a HAR file stands. */
export function expectedPathOf(har: string): string {
  return har.replace(/\.har$/i, '.expected.json')
}

/** Undefined where there is none. Throws FIXTURE_INVALID, naming the file and what is wrong with it. */
export async function readExpectation(path: string): Promise<Expectation | undefined> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw invalid(path, messageOf(error), error)
  }
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    throw invalid(path, `it is not JSON: ${messageOf(error)}`, error)
  }
  return expectationOf(value, path)
}

/** What is left out is an empty list. `where` names it in an error. */
export function expectationOf(value: unknown, where: string): Expectation {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(where, 'it must be an object with params, items, edges, requests and skipped')
  }
  const given = value as Readonly<Record<string, unknown>>
  const parts = expectedParts.map((part) => {
    const list = given[part] ?? []
    if (!Array.isArray(list)) throw invalid(where, `"${part}" must be a list`)
    return [part, jsonForm(list)]
  })
  const { params } = given
  if (params !== undefined && (typeof params !== 'object' || params === null || Array.isArray(params))) {
    throw invalid(where, '"params" must be an object')
  }
  return { params, ...Object.fromEntries(parts) } as Expectation
}

/** Throws FIXTURE_INVALID where it cannot be written. */
export async function writeExpectation(path: string, expectation: Expectation): Promise<void> {
  const { params, items, edges, requests, skipped } = expectation
  const text = JSON.stringify({ params: params ?? {}, items, edges, requests, skipped }, null, 2)
  try {
    await writeFile(path, `${text}\n`)
  } catch (error) {
    throw invalid(path, `it cannot be written: ${messageOf(error)}`, error)
  }
}

function invalid(path: string, why: string, cause?: unknown): RegattaError {
  const way = 'Mend it, or write it anew with regatta check --update.'
  return new RegattaError('FIXTURE_INVALID', `${path}: ${why.replace(/\.$/, '')}. ${way}`, {
    value: { path },
    cause,
  })
}
