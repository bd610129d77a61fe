import { verdictOfFault } from '../../src/classify/rules/faults.ts'
import { taxonomy } from '../../src/classify/taxonomy.ts'
import { verdictReasons } from '../../src/classify/verdicts.ts'
import type { Fault, FaultCause, Phase } from '../../src/contracts/outcome.ts'
import { numberedFaults } from '../../test/faults/faults.ts'
import { type Blocks, code, list, sentence, table } from './blocks.ts'
import { readUnion } from './unions.ts'

/** Every verdict, every reason, every row of the taxonomy and every numbered fault, from what the classifier decides by. */
const file = 'src/contracts/outcome.ts'

export function verdictBlocks(): Blocks {
  const causes = readUnion(file, 'FaultCause')
  const answers = Object.entries(verdictReasons).filter(
    ([reason]) => !causes.some(({ name }) => name === reason),
  )
  return {
    kinds: table(['verdict', 'whose doing it was'], readUnion(file, 'VerdictKind').map(choiceRow)),
    phases: table(['phase', 'what happens in it'], readUnion(file, 'Phase').map(choiceRow)),
    'answer-reasons': table(
      ['reason', 'verdict', 'meaning', 'row'],
      answers.map(([reason, { kinds, meaning }]) => [code(reason), list(kinds), meaning, rowsOf(reason)]),
    ),
    'fault-reasons': table(
      ['reason', 'verdict', 'meaning', 'row'],
      causes.map(({ name, meaning }) => [
        code(name),
        verdictText(name as FaultCause),
        sentence(meaning),
        rowsOf(name),
      ]),
    ),
    taxonomy: table(
      ['row', 'what is seen', 'verdict', 'reasons'],
      taxonomy.map(({ row, seen, kinds, reasons }) => [
        String(row),
        sentence(seen),
        list(kinds),
        list(reasons),
      ]),
    ),
    faults: table(
      ['fault', 'what happens', 'what a user sees', 'shown by'],
      numberedFaults.map(({ number, what, then, shownBy }) => [
        String(number),
        sentence(what),
        sentence(then),
        shownBy.map((test) => `[${test.replace(/^test\/|\.test\.ts$/g, '')}](../${test})`).join(', '),
      ]),
    ),
  }
}

function choiceRow({ name, meaning }: { name: string; meaning: string }): string[] {
  return [code(name), sentence(meaning)]
}

function rowsOf(reason: string): string {
  return taxonomy
    .filter(({ reasons }) => (reasons as readonly string[]).includes(reason))
    .map(({ row }) => row)
    .join(', ')
}

/** What the rule for faults says of this cause, as it is reported most often: over a tunnel that was not verified. */
function verdictText(cause: FaultCause): string {
  const fault: Fault = {
    kind: 'fault',
    phase: 'headers' satisfies Phase,
    cause,
    detail: '',
    connectMs: 0,
    firstByteMs: undefined,
    totalMs: 0,
    bytes: 0,
    reused: false,
    verified: false,
  }
  const { kind, weight, hard, credential, permanent, limiter } = verdictOfFault(fault, 'socks5')
  const terms = [
    weight !== undefined && `counts ${weight}`,
    hard && 'hard',
    credential && 'for the whole account',
    permanent && 'for good',
    limiter === 'proxy' && 'of the proxy',
  ].filter((term) => typeof term === 'string')
  return terms.length === 0 ? code(kind) : `${code(kind)}, ${terms.join(', ')}`
}
