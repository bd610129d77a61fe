import { globSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Blocks, withBlocks } from '../../scripts/docs/blocks.ts'
import {
  type Declaration,
  type Declarations,
  type Member,
  root,
  withDeclarations,
} from '../../scripts/docs/declarations.ts'
import { readErrors } from '../../scripts/docs/errors.ts'
import { blocksOf } from '../../scripts/docs/main.ts'
import { builtIn } from '../../scripts/docs/sources.ts'
import { readUnion } from '../../scripts/docs/unions.ts'
import { faultVerdicts } from '../../src/classify/rules/faults.ts'
import { taxonomy } from '../../src/classify/taxonomy.ts'
import { verdictReasons } from '../../src/classify/verdicts.ts'
import type { RegattaErrorCode } from '../../src/contracts/error-values.ts'
import {
  type AlertCode,
  type AttemptReason,
  type BreakerState,
  eventNames,
  type ParkReason,
  type PoolState,
} from '../../src/contracts/events.ts'
import { type Phase, verdictKinds } from '../../src/contracts/outcome.ts'
import { numberedFaults } from '../faults/faults.ts'

/**
 * What is declared is documented. The compiler knows which names there are: a list that must hold each of them does not
 * compile when one is added, and the reader of the declarations must find the same.
 */
const names = <Name extends string>(all: Record<Name, true>) => Object.keys(all).toSorted()
/** Where the sources have such a list themselves. */
const each = (list: readonly string[]) => Object.fromEntries(list.map((name) => [name, true as const]))

let exported: Declaration[]
let errorCodes: string[]
let events: string[]
let blocks: Readonly<Record<string, Blocks>>
/** The public types, and what they are made of. */
let reachable: Declaration[]

beforeAll(() => {
  withDeclarations((declarations) => {
    exported = declarations.exportsOf('src/index.ts')
    errorCodes = readErrors(declarations).map(({ code }) => code)
    events = declarations
      .in('src/contracts/events.ts')
      .get('CrawlerEvents')!
      .members.map(({ name }) => name)
    blocks = blocksOf(declarations)
    reachable = withParts(declarations, exported)
  })
}, 120_000)

describe('the documents', () => {
  test.each(['options', 'cli', 'errors', 'events', 'verdicts', 'conformance'])(
    'docs/%s.md says what the code says: npm run docs writes it',
    (name) => {
      const file = `docs/${name}.md`
      const text = readFileSync(`${root}${file}`, 'utf8')
      expect(withBlocks(file, text, blocks[file]!)).toBe(text)
    },
  )

  test.each(builtIn.map(({ name }) => name))('docs/sources/%s.md says what the schemas say', (name) => {
    const file = `docs/sources/${name}.md`
    const text = readFileSync(`${root}${file}`, 'utf8')
    expect(withBlocks(file, text, blocks[file]!)).toBe(text)
    expect(text).toContain(`crawl ${name} `)
  })

  test('have every code of an error', () => {
    const codes: Record<RegattaErrorCode, true> = {
      OPTION_INVALID: true,
      PROXY_LIST_UNREADABLE: true,
      PROXY_LIST_EMPTY: true,
      NO_PROXY_ANSWERS: true,
      NO_PROXY_PASSES: true,
      PROXY_LINE_INVALID: true,
      PROXY_UNKNOWN: true,
      MISSING_API_KEY: true,
      SOURCE_UNKNOWN: true,
      SOURCE_INVALID: true,
      SOURCE_FAILED: true,
      HAR_INVALID: true,
      FIXTURE_INVALID: true,
      PARAM_INVALID: true,
      ITEM_INVALID: true,
      EXTENSION_FAILED: true,
      RUNTIME_UNSUPPORTED: true,
      URL_INVALID: true,
      POOL_FULL: true,
      WAIT_TIMEOUT: true,
      DEADLINE: true,
      ABORTED: true,
      TASK_FAILED: true,
      SESSION_LOST: true,
      CAP_REACHED: true,
      LEASE_ENDED: true,
      BODY_ON_DISK: true,
      PAGE_OVER_BUDGET: true,
      SINK_FAILED: true,
      STATE_FAILED: true,
      STATE_LOCKED: true,
      STATE_CORRUPT: true,
      STATE_VERSION: true,
      STATE_MISMATCH: true,
      STOPPED: true,
      SCENARIO_INVALID: true,
      INTERNAL: true,
    }
    expect(errorCodes.toSorted()).toEqual(names(codes))
  })

  test('have every event', () => {
    expect(events.toSorted()).toEqual(eventNames.toSorted())
  })

  test('have every word that an event or a verdict is made of, with its meaning', () => {
    const inEvents = 'src/contracts/events.ts'
    const inOutcome = 'src/contracts/outcome.ts'
    const check = <Name extends string>(file: string, union: string, all: Record<Name, true>) => {
      const choices = readUnion(file, union)
      expect(choices.map(({ name }) => name).toSorted(), union).toEqual(names(all))
      expect(choices.filter(({ meaning }) => meaning === '')).toEqual([])
    }
    check<AttemptReason>(inEvents, 'AttemptReason', {
      first: true,
      hedge: true,
      failover: true,
      probe: true,
      canary: true,
      witness: true,
    })
    check<ParkReason>(inEvents, 'ParkReason', {
      interval: true,
      'host-limit': true,
      'proxy-limit': true,
      throttled: true,
      'host-down': true,
      'no-proxy': true,
      blackout: true,
      paused: true,
      stopped: true,
      'no-proxy-passes': true,
    })
    check<BreakerState>(inEvents, 'BreakerState', {
      closed: true,
      open: true,
      halfOpen: true,
      isolated: true,
      retired: true,
    })
    check<PoolState>(inEvents, 'PoolState', {
      serving: true,
      throttled: true,
      down: true,
      starved: true,
      draining: true,
    })
    check<AlertCode>(inEvents, 'AlertCode', {
      CREDENTIAL_REFUSED: true,
      BLACKOUT: true,
      LEAK: true,
      HOST_STALLED: true,
      HOST_LIMITED: true,
      HOST_UNREACHABLE: true,
      ROBOTS_UNREACHABLE: true,
      LIST_NOT_BELIEVED: true,
      LIST_NOT_UNDERSTOOD: true,
      NO_PROXY_PASSES: true,
      PROXY_LIES: true,
      EXITS_CONTRADICT: true,
      NOT_CORRECTED: true,
    })
    check(inOutcome, 'VerdictKind', each(verdictKinds))
    check<Phase>(inOutcome, 'Phase', {
      dial: true,
      handshake: true,
      tls: true,
      headers: true,
      body: true,
      decode: true,
      redirect: true,
      local: true,
    })
    check(inOutcome, 'FaultCause', each(Object.keys(faultVerdicts)))
  })
})

describe('the numbered lists', () => {
  test('have consecutive numbers', () => {
    expect(taxonomy.map(({ row }) => row)).toEqual(taxonomy.map((_row, index) => index + 1))
    expect(numberedFaults.map(({ number }) => number)).toEqual(
      numberedFaults.map((_fault, index) => index + 1),
    )
  })

  test('have a row for every reason but that of a good answer', () => {
    const cited = new Set<string>(taxonomy.flatMap(({ reasons }) => reasons))
    const all = [...Object.keys(verdictReasons), ...Object.keys(faultVerdicts)]
    expect(all.filter((reason) => !cited.has(reason))).toEqual(['ok', 'accepted'])
  })

  test('have every row that a comment of a rule cites', () => {
    let citations = 0
    for (const file of globSync('src/classify/**/*.ts', { cwd: root })) {
      const text = readFileSync(root + file, 'utf8')
      for (const [, numbers] of text.matchAll(/\brows? ((?:\d+(?:–\d+)?(?:, | and )?)+)/gi)) {
        for (const number of numbers!.match(/\d+/g)!.map(Number)) {
          citations++
          expect(taxonomy[number - 1]?.row, `${file} cites row ${number}`).toBe(number)
        }
      }
    }
    expect(citations).toBeGreaterThan(30)
  })

  test('have every test of a fault, each under its number', () => {
    for (const file of globSync('test/faults/*.test.ts', { cwd: root })) {
      const number = Number(/(\d+)-/.exec(file)![1])
      expect(readFileSync(root + file, 'utf8')).toContain(`'fault ${number}: `)
      expect(numberedFaults[number - 1]!.shownBy).toContain(file)
    }
    const shown = numberedFaults.flatMap(({ shownBy }) => shownBy)
    expect(shown.filter((file) => globSync(file, { cwd: root }).length === 0)).toEqual([])
  })
})

describe('a public member', () => {
  test('has a doc comment, and so has the type it belongs to', () => {
    expect(reachable.length).toBeGreaterThan(exported.length)
    const bare = reachable.flatMap((each) => [
      ...(each.doc === '' ? [`${each.file}: ${each.name}`] : []),
      ...leavesOf(each)
        .filter(([member]) => member.doc === '' && !speaksForItself(member))
        .map(([, path]) => `${each.file}: ${path}`),
    ])
    expect(bare).toEqual([])
  })

  test('that may be left out of options says what holds then', () => {
    const options = reachable.filter(({ name }) => /Options$|Input$|Init$/.test(name))
    expect(options.length).toBeGreaterThan(8)
    const silent = options.flatMap((each) =>
      leavesOf(each)
        .filter(
          ([{ isOptional, doc, members }]) => isOptional && members.length === 0 && !/default/i.test(doc),
        )
        .map(([, path]) => `${each.file}: ${path}`),
    )
    expect(silent).toEqual([])
  })

  test('that is a time says its unit', () => {
    const times = reachable.flatMap((each) =>
      leavesOf(each)
        .filter(
          ([{ name, type }]) =>
            /Ms$|At$|^at$|^until$|^deadline$|^notBefore$/.test(name) && type.startsWith('number'),
        )
        .map(([member, path]) => ({ doc: member.doc, path })),
    )
    expect(times.length).toBeGreaterThan(20)
    expect(times.filter(({ doc }) => !/\bms\b|millisecond/i.test(doc)).map(({ path }) => path)).toEqual([])
  })
})

/** A discriminant, such as `kind: 'response'`, is its own meaning; a constructor's is the class's. */
function speaksForItself({ name, type }: Member): boolean {
  return /^'[\w-]+'$/.test(type) || name === 'constructor' || name.startsWith('[key')
}

function leavesOf(declaration: Declaration): [member: Member, path: string][] {
  const walk = (members: readonly Member[], prefix: string): [Member, string][] =>
    members.flatMap((each) => [[each, prefix + each.name], ...walk(each.members, `${prefix}${each.name}.`)])
  return walk(declaration.members, `${declaration.name}.`)
}

/** With them, the types of ours that their members name, and theirs in turn. */
function withParts(declarations: Declarations, from: readonly Declaration[]): Declaration[] {
  const found = new Map(from.map((each) => [`${each.file} ${each.name}`, each]))
  for (const each of found.values()) {
    const types = [each.type, ...leavesOf(each).map(([{ type }]) => type)]
    for (const name of types.join(' ').match(/\b[A-Z]\w*/g) ?? []) {
      const part = declarations.find(each.file, name)
      if (part?.file.startsWith('src/')) found.set(`${part.file} ${part.name}`, part)
    }
  }
  return [...found.values()]
}
