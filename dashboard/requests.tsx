import { useState } from 'preact/hooks'
import { formatCount } from '../src/base/format.ts'
import type { LifeEnd } from '../src/contracts/explanation.ts'
import type { RequestList, RequestRow } from '../src/dashboard/protocol.ts'
import type { Live } from './live.ts'
import { Columns, Empty, Loading, Scroll, Title, useAnswer } from './parts.tsx'
import { go, href, replaceQuery } from './route.ts'
import { kindShapes, Shape } from './signs.tsx'
import { duration, Moment } from './times.tsx'
import { useTopic } from './topic.ts'

/** The requests that are explained: those under way, those that failed or were slow, and a sample of the others. */
interface RequestsProps {
  readonly live: Live
  readonly query: Readonly<Record<string, string>>
}

const ends = [
  'running',
  'failed',
  'answered',
  'skipped',
  'requeued',
  'interrupted',
] as const satisfies readonly LifeEnd[]
const endSigns: Readonly<Record<LifeEnd, readonly [word: string, colour: string, shape: string]>> = {
  running: ['under way', 'proxy', kindShapes.halfOpen],
  failed: ['failed', 'alarm', kindShapes.failing],
  answered: ['answered', 'good', kindShapes.working],
  skipped: ['skipped', 'other', kindShapes.retired],
  requeued: ['put back', 'throttled', kindShapes.open],
  interrupted: ['interrupted', 'host', kindShapes.isolated],
}

export function EndSign({ end }: { end: LifeEnd }) {
  const [word, colour, shape] = endSigns[end]
  return (
    <span class="sign">
      <Shape path={shape} colour={colour} />
      {word}
    </span>
  )
}

export function RequestsView({ live, query }: RequestsProps) {
  const [which, setWhich] = useState('')
  const overview = useTopic(live.overview)
  const asked = { ...query, limit: '200' }
  const { answer, problem } = useAnswer<RequestList>(
    live,
    'requests',
    asked,
    overview?.endedAt === null ? 2_000 : 10_000,
  )
  const list = live.saved ? savedRows(live.saved.requests, query) : answer
  const change = (changed: Readonly<Record<string, string>>) =>
    replaceQuery(
      'requests',
      Object.fromEntries(Object.entries({ ...query, ...changed }).filter(([, value]) => value !== '')),
    )
  return (
    <>
      <Title lead="Those under way, all that failed or were slow, and a sample of the others.">
        Requests
      </Title>
      <search class="filters">
        <SearchField
          name="Search"
          hint="part of a URL"
          value={query.search}
          onInput={(search) => change({ search })}
        />
        <SearchField name="Host" hint="any" value={query.host} onInput={(host) => change({ host })} />
        <fieldset class="chips">
          <legend class="unseen">How it ended</legend>
          {ends.map((end) => (
            <button
              key={end}
              type="button"
              class="chip"
              aria-pressed={query.end === end}
              onClick={() => change({ end: query.end === end ? '' : end })}
            >
              <EndSign end={end} />
            </button>
          ))}
        </fieldset>
        <form
          class="field"
          onSubmit={(event) => {
            event.preventDefault()
            if (which.trim() !== '') go('request', { which: which.trim() })
          }}
        >
          <label>
            <span>Explain</span>
            <input
              type="text"
              value={which}
              placeholder="a URL, or an id"
              onInput={(event) => setWhich(event.currentTarget.value)}
            />
          </label>
          <button type="submit" class="button">
            Show
          </button>
        </form>
      </search>
      {list ? (
        <Rows list={list} isFiltered={Object.keys(query).length > 0} />
      ) : problem === undefined ? (
        <Loading what="the requests" />
      ) : (
        <Empty>{problem}</Empty>
      )}
    </>
  )
}

interface SearchFieldProps {
  readonly name: string
  readonly hint: string
  readonly value: string | undefined
  readonly onInput: (text: string) => void
}

function SearchField({ name, hint, value = '', onInput }: SearchFieldProps) {
  return (
    <label class="field">
      <span>{name}</span>
      <input
        type="search"
        value={value}
        placeholder={hint}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </label>
  )
}

function Rows({ list, isFiltered }: { list: RequestList; isFiltered: boolean }) {
  if (list.rows.length === 0)
    return isFiltered ? (
      <Empty>No request matches.</Empty>
    ) : (
      <Empty more="They appear as soon as something is asked for.">No request was made yet.</Empty>
    )
  return (
    <>
      <Scroll label="Requests">
        <table>
          <Columns
            names={[
              'Begun',
              'Request',
              'End',
              'Reason',
              { number: 'Attempts' },
              { number: 'Took' },
              'Through',
              'Kept, as it is',
            ]}
          />
          <tbody>
            {list.rows.map((row) => (
              <Row key={row.task} row={row} />
            ))}
          </tbody>
        </table>
      </Scroll>
      {list.more > 0 && <p class="quiet">{formatCount(list.more)} more match and are not shown.</p>}
    </>
  )
}

function Row({ row }: { row: RequestRow }) {
  return (
    <tr>
      <td>
        <Moment at={row.begunAt} />
      </td>
      <td class="url">
        <a href={href('request', { which: row.task })}>{row.url}</a>
      </td>
      <td>
        <EndSign end={row.end} />
      </td>
      <td>{row.reason ?? <span class="quiet">–</span>}</td>
      <td class="n">{formatCount(row.attempts)}</td>
      <td class="n">{duration(row.elapsedMs)}</td>
      <td>{row.via === null ? <span class="quiet">–</span> : <code>{row.via}</code>}</td>
      <td class="quiet">{row.kept}</td>
    </tr>
  )
}

/** What the server would do for a page that is not saved. */
function savedRows(list: RequestList, { end, host, search }: Readonly<Record<string, string>>): RequestList {
  const rows = list.rows.filter(
    (row) =>
      (end === undefined || row.end === end) &&
      (host === undefined || row.host === host) &&
      (search === undefined || row.url.includes(search)),
  )
  return { ...list, rows, more: rows.length === list.rows.length ? list.more : 0 }
}
