import { counted } from '../../base/format.ts'
import { RegattaError } from '../../contracts/errors.ts'
import type { Action, ActionAnswer, ActionKind } from '../protocol.ts'
import type { LiveLetters } from './live-letters.ts'
import type { LiveParts } from './live-parts.ts'
import type { SeenCrawls } from './seen-crawls.ts'

/** What a button does: no more than the doors that a program has. */

/** What can be done while the crawler lives. */
export const crawlerActions: readonly ActionKind[] = [
  'isolate',
  'readmit',
  'pauseHost',
  'resumeHost',
  'pause',
  'resume',
  'drain',
]

export function possibleActions(crawls: SeenCrawls, letters: LiveLetters): readonly ActionKind[] {
  const isOver = crawls.end !== undefined
  return [...(isOver ? [] : crawlerActions), ...(letters.canRetry ? (['retryDead'] as const) : [])]
}

export async function act(
  { crawler, engine }: LiveParts,
  letters: LiveLetters,
  action: Action,
): Promise<ActionAnswer> {
  switch (action.action) {
    case 'isolate':
    case 'readmit': {
      const { proxies } = action
      const known = proxies.filter((label) => engine.fleet.numberOf(label) !== undefined)
      if (known.length === 0) throw unknownProxy(proxies.length)
      for (const label of known) crawler[action.action](label)
      const gone = proxies.length - known.length
      const what = action.action === 'isolate' ? 'not used any more' : 'used again'
      const left = gone > 0 ? ` ${counted(gone, 'proxy has', 'proxies have')} left the fleet.` : ''
      const sentence = `${counted(known.length, 'proxy is', 'proxies are')} ${what}.${left}`
      return { ok: true, done: known.length, sentence }
    }
    case 'pauseHost':
      crawler.pause(action.host)
      return one(`${action.host} is paused. Attempts under way go on.`)
    case 'resumeHost':
      crawler.resume(action.host)
      return one(`${action.host} goes on.`)
    case 'pause':
      crawler.pause()
      return one('Nothing is begun until it is resumed. Attempts under way go on.')
    case 'resume':
      crawler.resume()
      return one('It goes on.')
    case 'drain':
      // It ends when it ends; what goes wrong is told by the crawls.
      crawler.drain().catch(() => {})
      return one('What is under way is finished, and nothing is begun any more.')
    case 'retryDead': {
      const done = await letters.retry(action)
      const sentence =
        done === 0 ? 'There is nothing to try again.' : `${counted(done, 'request')} will be tried again.`
      return { ok: true, done, sentence }
    }
  }
}

function one(sentence: string): ActionAnswer {
  return { ok: true, done: 1, sentence }
}

function unknownProxy(asked: number): RegattaError {
  const which = asked === 1 ? 'This proxy is' : 'These proxies are'
  return new RegattaError('PROXY_UNKNOWN', `${which} not in the fleet any more.`)
}
