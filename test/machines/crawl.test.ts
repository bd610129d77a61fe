import { expect, test } from 'vitest'
import { createActor, fromTransition } from 'xstate'
import { getAdjacencyMap } from 'xstate/graph'
import { type CrawlEvent, crawlMachine } from '../../machines/crawl.ts'

/** The crawl's chart, along every path of at most six events, with work that is quiet or not as the walk says. */
type Move = CrawlEvent['type'] | 'work ends' | 'work begins'

interface Walked {
  readonly path: readonly Move[]
  readonly key: string
}

const moves: Move[] = ['start', 'pause', 'resume', 'drain', 'stop', 'finished', 'work ends', 'work begins']

function run(path: readonly Move[]): Walked {
  const heard: string[] = []
  let isQuiet = true
  const work = {
    feed: () => heard.push('feed'),
    abort: () => heard.push('abort'),
    close: () => heard.push('close'),
    isQuiet: () => isQuiet,
  }
  const actor = createActor(crawlMachine, { input: { work } }).start()
  for (const move of path) {
    const before = actor.getSnapshot().value
    if (before === 'stopped') break
    if (move === 'work ends') isQuiet = true
    else if (move === 'work begins') isQuiet = isQuiet && before !== 'running'
    else actor.send({ type: move })
    const { value } = actor.getSnapshot()
    const story = path.join(', ')
    expect(heard.filter((each) => each === 'close').length, `books are closed once; ${story}`).toBe(
      value === 'stopped' ? 1 : 0,
    )
    if (before === 'draining' && value === 'stopped' && move !== 'stop') {
      expect(isQuiet, `it ended while work was under way; ${story}`).toBe(true)
    }
    if (before !== 'running' && value === 'running') expect(heard.at(-1), story).toBe('feed')
  }
  const { value } = actor.getSnapshot()
  if (value !== 'stopped') {
    isQuiet = true
    if (value !== 'idle') actor.send({ type: 'drain' })
    if (actor.getSnapshot().value !== 'stopped') actor.send({ type: 'finished' })
    if (actor.getSnapshot().value !== 'stopped') actor.send({ type: 'stop' })
    expect(actor.getSnapshot().value, 'every crawl can be ended').toBe('stopped')
  }
  return { path, key: path.length < 6 ? `${value} ${isQuiet} ${heard.length}` : 'far enough' }
}

test('every path of a crawl feeds while it runs, ends when it is quiet, and closes its books once', () => {
  const walk = fromTransition(
    (walked: Walked, move: { type: Move }) => run([...walked.path, move.type]),
    run([]),
  )
  const events = (snapshot: { context: Walked }) =>
    snapshot.context.path.length < 6 && !snapshot.context.key.startsWith('stopped')
      ? moves.map((type) => ({ type }))
      : []
  const map = getAdjacencyMap(walk, { events, serializeState: (snapshot) => snapshot.context.key })
  expect(Object.keys(map).length).toBeGreaterThan(8)
})
