import { STATUS_CODES } from 'node:http'
import { isAbsolute, relative } from 'node:path'
import { inspect } from 'node:util'
import { counted, formatBytes, formatDuration } from '../../base/format.ts'
import type { ExplanationStep } from '../../contracts/explanation.ts'
import { codeExcerpt } from './code-excerpt.ts'
import type { Failure, Tried, YieldedRequest } from './tried.ts'
import type { Unmatched } from './unmatched.ts'

/**
 * What came of one page, for a person who writes its parser: how it came, what was found, what was left out and why, and
 * what in the source did not do what it was written for. The most urgent stands at the end, next to the prompt.
 */
export interface TextPlace {
  /** Columns. */
  readonly width: number
  /** Paths are shown from there. */
  readonly cwd: string
}

type Outcome = Extract<ExplanationStep, { step: 'outcome' }>

const mostItems = 10
const mostShown = 10

export function triedText(tried: Tried, place: TextPlace): string[] {
  return [
    ...headLines(tried),
    ...itemLines(tried, place),
    ...edgeLines(tried),
    ...requestLines(tried),
    ...skippedLines(tried),
    ...tried.logged.map((line) => `log: ${line}`),
    ...refusedLines(tried, place),
    ...unmatchedLines(tried.unmatched, place),
    ...failureLines(tried.failure, place),
  ]
}

function headLines({ url, answer, life, label, source, page }: Tried): string[] {
  const lines = [url]
  const attempts = (life?.timeline ?? []).filter((step) => step.step === 'outcome')
  for (const step of life?.timeline ?? []) if (step.step === 'redirect') lines.push(`  led to   ${step.to}`)
  if (answer) {
    const { status, mimeType, encoding, size, via, elapsedMs } = answer
    const words = STATUS_CODES[status] === undefined ? '' : ` ${STATUS_CODES[status]}`
    const time = elapsedMs > 0 ? ` in ${formatDuration(elapsedMs)}` : ''
    lines.push(
      `  answer   ${status}${words}, ${mimeType || 'no type'}, ${encoding}, ${formatBytes(size)}${time}, from ${via}`,
    )
  }
  const judged = attempts.find(({ attempt }) => attempt === life?.answeredBy) ?? attempts.at(-1)
  if (judged) lines.push(`  verdict  ${verdictText(judged)}`)
  for (const each of attempts) {
    if (each !== judged || attempts.length > 1) lines.push(`  attempt  ${attemptText(each)}`)
  }
  if (page) lines.push(`  read by  ${label === undefined ? '' : `"${label}" of `}source ${source}`)
  return lines
}

function verdictText({ verdict, reason, rule }: Outcome): string {
  const why = reason === 'ok' ? verdict : `${verdict}: ${reason}`
  return rule === 'none' ? why : `${why} (rule ${rule})`
}

function attemptText(step: Outcome): string {
  const { attempt, proxy, status, elapsedMs, detail } = step
  const what = [status, verdictText(step), formatDuration(elapsedMs)]
  const more = detail === undefined ? '' : `: ${detail}`
  return `${attempt} through ${proxy}: ${what.filter((part) => part !== undefined).join(', ')}${more}`
}

function itemLines({ items, page }: Tried, place: TextPlace): string[] {
  if (!page) return []
  const lines = ['', items.length === 0 ? 'no items' : counted(items.length, 'item')]
  for (const [at, item] of items.slice(0, mostItems).entries()) lines.push(...numbered(at, item, place))
  return [...lines, ...moreOf(items.length, mostItems)]
}

function numbered(at: number, value: unknown, { width }: TextPlace): string[] {
  const [first = '', ...rest] = shownValue(value, width - 6)
  return [`${String(at + 1).padStart(4)}  ${first}`, ...rest.map((line) => `      ${line}`)]
}

function shownValue(value: unknown, width: number): string[] {
  const options = { depth: 8, breakLength: width, maxStringLength: 200, maxArrayLength: 20 }
  return inspect(value, options).split('\n')
}

function edgeLines({ edges }: Tried): string[] {
  if (edges.length === 0) return []
  const shown = edges.slice(0, mostShown).map(({ from, type, to }) => `  ${from} -${type}-> ${to}`)
  return ['', counted(edges.length, 'edge'), ...shown, ...moreOf(edges.length, mostShown)]
}

function requestLines({ requests, dropped }: Tried): string[] {
  const lines: string[] = []
  if (requests.length > 0) lines.push('', counted(requests.length, 'request'))
  for (const [label, group] of Map.groupBy(requests, (each) => each.label)) {
    const name = label === undefined ? 'without a label' : `label "${label}"`
    lines.push(`  ${name}: ${group.length}`)
    lines.push(...group.slice(0, mostShown).map((each) => `    ${requestText(each)}`))
    lines.push(...moreOf(group.length, mostShown, '    '))
  }
  const left = requests.filter(({ leftOut }) => leftOut !== undefined)
  for (const [reason, group] of Map.groupBy(left, (each) => each.leftOut)) {
    lines.push(`  a crawl leaves out ${group.length}: ${reason}`)
    lines.push(...group.slice(0, 3).map(({ url }) => `    ${url}`), ...moreOf(group.length, 3, '    '))
  }
  if (dropped > 0)
    lines.push(`  ${counted(dropped, 'link')} led to no web page (mailto:, javascript:, broken URLs)`)
  return lines
}

function requestText({ url, rest }: YieldedRequest): string {
  const { method, data } = rest
  const carried =
    data === undefined ? '' : ` with ${inspect(data, { breakLength: Infinity, maxStringLength: 60 })}`
  return `${method === undefined || method === 'GET' ? '' : `${method} `}${url}${carried}`
}

function skippedLines({ skipped }: Tried): string[] {
  return skipped.map(({ reason, detail, links }) => {
    const why = detail === reason ? reason : `${detail} (${reason})`
    if (links === undefined) return `the source skips the page: ${why}`
    const some = links.slice(0, 3).join(', ')
    return `the source leaves out ${counted(links.length, 'link')}: ${why}: ${some}${links.length > 3 ? ', …' : ''}`
  })
}

function refusedLines({ refused }: Tried, place: TextPlace): string[] {
  if (refused.length === 0) return []
  const lines = [
    '',
    `${counted(refused.length, 'item')} set aside, because the schema refuses ${refused.length === 1 ? 'it' : 'them'}`,
  ]
  for (const [at, { value, issues, message }] of refused.slice(0, mostItems).entries()) {
    lines.push(...numbered(at, value, place))
    for (const { path, message: expected, got } of issues)
      lines.push(
        `      ${path === '' ? 'the item' : `"${path}"`}: ${expected}${got === undefined ? '' : ` (got ${got})`}`,
      )
    if (issues.length === 0) lines.push(`      ${message}`)
  }
  return [...lines, ...moreOf(refused.length, mostItems)]
}

function unmatchedLines(unmatched: readonly Unmatched[], place: TextPlace): string[] {
  if (unmatched.length === 0) return []
  const lines = unmatched.slice(0, 20).map(({ selector, method, where, calls, empty }) => {
    const times =
      calls === 1 ? '' : empty === calls ? `, in all of ${calls} calls` : `, in ${empty} of ${calls} calls`
    const at = where === undefined ? '' : ` at ${pathFrom(place.cwd, where)}`
    return `  ${selector}  (${method})${at}${times}`
  })
  return ['', 'selectors that matched nothing', ...lines, ...moreOf(unmatched.length, 20)]
}

function failureLines(failure: Failure | undefined, place: TextPlace): string[] {
  if (!failure) return []
  const { of, code, detail, where, stack } = failure
  const what = {
    parse: 'the page could not be read',
    page: 'the page was not had',
    skipped: 'the page was not asked for',
  }[of]
  const excerpt = where === undefined ? [] : codeExcerpt(where)
  const calls = stack?.split('\n').slice(0, 5) ?? []
  return [
    '',
    `${what}: ${detail} (${code})`,
    ...(where === undefined ? [] : [`  ${pathFrom(place.cwd, where)}`]),
    ...(excerpt.length > 0 ? excerpt : calls).map((line) => `  ${line}`),
  ]
}

function moreOf(all: number, shown: number, indent = '  '): string[] {
  return all > shown ? [`${indent}… and ${all - shown} more`] : []
}

/** As it is typed from here, where it stands below. */
function pathFrom(cwd: string, path: string): string {
  const near = relative(cwd, path)
  return near.startsWith('..') || isAbsolute(near) ? path : near
}
