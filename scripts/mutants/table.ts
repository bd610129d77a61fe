import type { Mutant } from './chart.ts'
import type { Kill } from './hunt.ts'

/** docs/mutants.md: what was turned off, and which test noticed. The next run asks that test first. */
export type Fate =
  | { readonly kind: 'killed'; readonly kill: Kill }
  | { readonly kind: 'equivalent'; readonly reason: string }
  /** No test noticed; or none even gets there. */
  | { readonly kind: 'survived'; readonly isReached: boolean }

const preface = [
  '# Mutants of the charts',
  '',
  'What `npm run mutants` found: each guard, each transition and each action of the charts in `machines/` is turned off, one at',
  'a time, and a test that drives the crawler or the simulator has to fail. Tests of a chart alone do not count. Seconds are',
  'those of the test run that failed. Written by the script; `scripts/mutants/equivalent.ts` says which nobody can notice.',
]

export function tableOf(mutants: readonly Mutant[], fates: ReadonlyMap<string, Fate>): string {
  const charts = Map.groupBy(mutants, ({ chart }) => chart)
  const parts = [...charts].map(([chart, own]) => {
    const rows = own.map((mutant) => {
      const fate = fates.get(mutant.id)
      return `| ${cell(mutant.id)} | ${fate ? describe(fate) : `${untried} |`} |`
    })
    return [`## ${chart}`, '', '| turned off | killed by | s |', '|---|---|--:|', ...rows].join('\n')
  })
  return `${[preface.join('\n'), summaryOf(mutants, fates), ...parts].join('\n\n')}\n`
}

export function summaryOf(mutants: readonly Mutant[], fates: ReadonlyMap<string, Fate>): string {
  const count = (kind: Fate['kind'] | undefined) =>
    mutants.filter(({ id }) => fates.get(id)?.kind === kind).length
  const left = count(undefined) > 0 ? `, ${count(undefined)} not tried` : ''
  return `${mutants.length} mutants: ${count('killed')} killed, ${count('equivalent')} equivalent, ${count('survived')} survived${left}.`
}

function describe(fate: Fate): string {
  switch (fate.kind) {
    case 'killed': {
      const { file, test, how, ms } = fate.kill
      return `${cell(file)}: ${cell(test)}${notes[how]} | ${(ms / 1_000).toFixed(1)}`
    }
    case 'equivalent':
      return `equivalent: ${cell(fate.reason)} |`
    case 'survived':
      return `${fate.isReached ? '**survived**' : '**no test gets there**'} |`
  }
}

const notes = { fails: '', errs: ' (an error that nobody caught)', hangs: ' (it never ended)' }
const untried = '**not tried**'

/** The kills that a table tells of, by the id of the mutant. */
export function readTable(text: string): Map<string, Fate> {
  const fates = new Map<string, Fate>()
  for (const line of text.split('\n')) {
    const [id, by, seconds] = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((each) => each.trim().replaceAll('\\|', '|'))
    if (id === undefined || by === undefined || id === 'turned off' || id === '---' || by === untried)
      continue
    const [, file, name] = by.match(/^(test\/\S+\.test\.ts): (.*)$/) ?? []
    if (file !== undefined) {
      const how = (['errs', 'hangs'] as const).find((each) => name!.endsWith(notes[each])) ?? 'fails'
      const test = name!.slice(0, name!.length - notes[how].length)
      fates.set(id, { kind: 'killed', kill: { file, test, how, ms: Number(seconds) * 1_000 } })
    } else if (by.startsWith('equivalent: '))
      fates.set(id, { kind: 'equivalent', reason: by.slice('equivalent: '.length) })
    else fates.set(id, { kind: 'survived', isReached: by === '**survived**' })
  }
  return fates
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|')
}
