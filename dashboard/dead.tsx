import { useState } from 'preact/hooks'
import { counted, formatCount } from '../src/base/format.ts'
import type { DeadGroup, DeadPage } from '../src/dashboard/protocol.ts'
import { DeadLetter } from './dead-letter.tsx'
import type { Live } from './live.ts'
import { ActionButton, Empty, Loading, Title, useAnswer } from './parts.tsx'
import { replaceQuery } from './route.ts'
import { useTopic } from './topic.ts'

/** What was given up, grouped by why: one cause is seen once, looked at, and tried again as a whole. */
interface DeadProps {
  readonly live: Live
  readonly query: Readonly<Record<string, string>>
}

const pageSize = 25

export function DeadView({ live, query }: DeadProps) {
  const dead = useTopic(live.dead)
  return (
    <>
      <Title
        lead={
          dead && dead.total > 0 ? `${counted(dead.total, 'request')} given up, grouped by why.` : undefined
        }
      >
        Dead letters
      </Title>
      {!dead ? (
        <Loading what="what was given up" />
      ) : dead.groups.length === 0 ? (
        <Empty more="A request comes here when nothing more can be tried for it.">
          Nothing was given up.
        </Empty>
      ) : (
        <>
          {dead.groups.map((group) => (
            <Group key={group.reason} live={live} group={group} isOpen={query.reason === group.reason} />
          ))}
          {!dead.isWhole && (
            <p class="quiet">
              Without a state folder only the last thousand are kept, without what was answered: --state keeps
              them all.
            </p>
          )}
        </>
      )}
    </>
  )
}

function Group({ live, group, isOpen }: { live: Live; group: DeadGroup; isOpen: boolean }) {
  const { reason, detail, count, example } = group
  return (
    <section class="card group" aria-label={reason}>
      <div class="group-head">
        <h2>
          <button
            type="button"
            class="disclosure"
            aria-expanded={isOpen}
            onClick={() => replaceQuery('dead', isOpen ? {} : { reason })}
          >
            <svg viewBox="0 0 12 12" width="10" height="10" aria-hidden="true">
              <path d="M3 1L9 6L3 11Z" />
            </svg>
            {reason} <span class="count">{formatCount(count)}</span>
          </button>
        </h2>
        <p>{detail}</p>
        {!isOpen && <p class="quiet url">{example}</p>}
        <ActionButton
          live={live}
          action={{ action: 'retryDead', reason }}
          kind="small"
          label={`${count > 1 ? `Try all ${formatCount(count)} again` : 'Try again'}: ${reason}`}
          {...(count > 1
            ? {
                confirm: {
                  question: `${counted(count, 'request')} go back into the queue.`,
                  yes: 'Try them again',
                },
              }
            : {})}
        >
          {count > 1 ? `Try all ${formatCount(count)} again` : 'Try again'}
        </ActionButton>
      </div>
      {isOpen && <Letters live={live} reason={reason} />}
    </section>
  )
}

function Letters({ live, reason }: { live: Live; reason: string }) {
  const [offset, setOffset] = useState(0)
  /** Their crawls by their ids, also those of other leaves. */
  const [chosen, setChosen] = useState<ReadonlyMap<string, string>>(new Map())
  const query = { reason, offset: String(offset), limit: String(pageSize) }
  const { answer, problem, again } = useAnswer<DeadPage>(live, 'dead/letters', query, undefined)
  const page = live.saved?.letters[reason] ?? answer
  if (!page) return problem === undefined ? <Loading what="the requests" /> : <Empty>{problem}</Empty>
  const crawls = new Set(chosen.values())
  const [crawl] = crawls
  return (
    <div class="letters">
      <div class="row">
        <ActionButton
          live={live}
          kind="small"
          against={chosen.size === 0 ? 'Choose some first.' : undefined}
          action={{
            action: 'retryDead',
            ids: [...chosen.keys()],
            ...(crawls.size === 1 ? { crawl: crawl! } : {}),
          }}
          onDone={() => {
            setChosen(new Map())
            again()
          }}
        >
          Try {chosen.size === 0 ? 'the chosen ones' : counted(chosen.size, 'chosen one')} again
        </ActionButton>
        <span class="quiet">
          {formatCount(page.offset + 1)} to {formatCount(page.offset + page.letters.length)} of{' '}
          {formatCount(page.total)}, newest first
        </span>
        <span class="row end grow">
          <button
            type="button"
            class="button small"
            disabled={offset === 0}
            onClick={() => setOffset(Math.max(0, offset - pageSize))}
          >
            Newer
          </button>
          <button
            type="button"
            class="button small"
            disabled={live.saved !== undefined || offset + page.letters.length >= page.total}
            onClick={() => setOffset(offset + pageSize)}
          >
            Older
          </button>
        </span>
      </div>
      <ul>
        {page.letters.map((letter) => (
          <DeadLetter
            key={`${letter.crawl} ${letter.id}`}
            letter={letter}
            isChosen={chosen.has(letter.id)}
            onChoose={(is) => {
              const next = new Map(chosen)
              if (is) next.set(letter.id, letter.crawl)
              else next.delete(letter.id)
              setChosen(next)
            }}
          />
        ))}
      </ul>
    </div>
  )
}
