import { expect, test } from 'vitest'
import { createActor, fromTransition } from 'xstate'
import { getAdjacencyMap } from 'xstate/graph'
import { type CrawlEvent, type CrawlWork, crawlMachine } from '../../machines/crawl.ts'

/** The crawl's chart, along every path of at most seven events, with work that is quiet or not as the walk says. */
type Move = CrawlEvent['type'] | 'quiet' | 'busy'

interface Walked {
  readonly path: readonly Move[]
  readonly key: string
}

const longest = 7
const moves: Move[] = [
  'start',
  'opened',
  'pause',
  'resume',
  'drain',
  'stop',
  'failed',
  'exhausted',
  'work.ended',
  'patience.over',
  'closed',
  'quiet',
  'busy',
]

function run(path: readonly Move[]): Walked {
  const heard: string[] = []
  let isQuiet = false
  const hear = (what: string) => () => void heard.push(what)
  const work: CrawlWork = {
    open: hear('open'),
    begin: hear('begin'),
    goOn: hear('goOn'),
    complete: hear('complete'),
    beginNoMore: hear('beginNoMore'),
    abort: hear('abort'),
    leaveBehind: hear('leaveBehind'),
    close: hear('close'),
    deliver: hear('deliver'),
    isQuiet: () => isQuiet,
  }
  const times = (what: string) => heard.filter((each) => each === what).length
  const actor = createActor(crawlMachine, { input: { work } }).start()
  for (const move of path) {
    const before = actor.getSnapshot().value
    if (before === 'stopped') break
    if (move === 'quiet' || move === 'busy') isQuiet = move === 'quiet'
    else actor.send({ type: move })
    const { value } = actor.getSnapshot()
    const story = path.join(', ')
    expect(times('open'), story).toBeLessThanOrEqual(1)
    expect(times('begin'), story).toBeLessThanOrEqual(times('open'))
    expect(times('close'), `it is closed once; ${story}`).toBe(
      value === 'closing' || value === 'stopped' ? 1 : 0,
    )
    expect(times('deliver'), `the user is told once; ${story}`).toBe(value === 'stopped' ? 1 : 0)
    if ((before === 'draining' || before === 'stopping') && value === 'closing') {
      const isLeftBehind = move === 'patience.over' && before === 'stopping'
      expect(isQuiet || isLeftBehind, `it is closed while work is under way; ${story}`).toBe(true)
      expect(times('leaveBehind'), story).toBe(isLeftBehind ? 1 : 0)
    }
    if (value === 'stopping') expect(times('abort'), story).toBeGreaterThan(0)
    if (value === 'draining') expect(times('beginNoMore'), story).toBe(1)
  }
  const { value } = actor.getSnapshot()
  if (value !== 'stopped') {
    isQuiet = true
    for (const type of ['stop', 'work.ended', 'closed'] as const) {
      if (actor.getSnapshot().status === 'active') actor.send({ type })
    }
    expect(actor.getSnapshot().value, `every crawl can be ended; ${path.join(', ')}`).toBe('stopped')
  }
  return { path, key: path.length < longest ? `${value} ${isQuiet} ${heard.join()}` : 'far enough' }
}

test('every path of a crawl opens once, ends when it is quiet, closes once, and tells the user once', () => {
  const walk = fromTransition(
    (walked: Walked, move: { type: Move }) => run([...walked.path, move.type]),
    run([]),
  )
  const events = (snapshot: { context: Walked }) =>
    snapshot.context.path.length < longest && !snapshot.context.key.startsWith('stopped')
      ? moves.map((type) => ({ type }))
      : []
  const map = getAdjacencyMap(walk, { events, serializeState: (snapshot) => snapshot.context.key })
  const states = new Set(Object.keys(map).map((key) => /^"?(\w+)/.exec(key)![1]!))
  expect([...states]).toEqual(expect.arrayContaining(['idle', 'opening', 'running', 'paused', 'draining']))
  expect([...states]).toEqual(expect.arrayContaining(['stopping', 'closing', 'stopped']))
})
