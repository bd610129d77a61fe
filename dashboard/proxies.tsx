import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { counted, formatCount } from '../src/base/format.ts'
import { kindMeanings, kinds, kindWords, type Order, orders, orderWords, type Selection } from './fleet.ts'
import type { Live } from './live.ts'
import { Empty, Loading, Title } from './parts.tsx'
import { ProxyField } from './proxy-field.tsx'
import { ProxyList } from './proxy-list.tsx'
import { ProxyScatter } from './proxy-scatter.tsx'
import { replaceQuery } from './route.ts'
import { KindSign } from './signs.tsx'
import { palette } from './theme.ts'
import { useTopic } from './topic.ts'

/** The whole fleet: a field in which each proxy has its place, a plot of how good they are, and the list of those that match. */
interface ProxiesProps {
  readonly live: Live
  readonly query: Readonly<Record<string, string>>
}

export function ProxiesView({ live, query }: ProxiesProps) {
  const version = useTopic(live.fleetVersion)
  return (
    <>
      <Title>Proxies</Title>
      {version === 0 ? (
        <Loading what="the proxies" />
      ) : live.fleet.size === 0 ? (
        <Empty more="They appear as soon as a list of them is read.">There is no proxy yet.</Empty>
      ) : (
        <Known live={live} query={query} version={version} />
      )}
    </>
  )
}

function Known({ live, query, version }: ProxiesProps & { version: number }) {
  const { fleet } = live
  const colours = useTopic(palette)
  const selection = selectionOf(query)
  const { search, only, order } = selection
  const rows = useRows(live, selection, version)
  const isFiltered = search !== '' || only !== undefined
  const chosen = useMemo(() => (isFiltered ? new Set(rows.list) : undefined), [rows.list, isFiltered])
  const counts = useMemo(() => fleet.counts(), [version])
  const change = (changed: Readonly<Record<string, string>>) =>
    replaceQuery(
      'proxies',
      Object.fromEntries(Object.entries({ ...query, ...changed }).filter(([, value]) => value !== '')),
    )
  return (
    <>
      <search class="filters">
        <label class="field">
          <span>Search</span>
          <input
            type="search"
            value={search}
            placeholder="label or tag"
            onInput={(event) => change({ search: event.currentTarget.value })}
          />
        </label>
        <label class="field">
          <span>Order</span>
          <select value={order} onChange={(event) => change({ order: event.currentTarget.value })}>
            {orders.map((each) => (
              <option key={each} value={each}>
                {orderWords[each]}
              </option>
            ))}
          </select>
        </label>
        <fieldset class="chips">
          <legend class="unseen">State</legend>
          {kinds.map((kind) => (
            <button
              key={kind}
              type="button"
              class="chip"
              aria-pressed={only === kind}
              title={kindMeanings[kind]}
              onClick={() => change({ only: only === kind ? '' : kind })}
            >
              <KindSign kind={kind} /> <b>{formatCount(counts[kind])}</b>
            </button>
          ))}
        </fieldset>
      </search>
      <div class="pictures">
        <section class="card" aria-labelledby="field">
          <h2 id="field">By state</h2>
          <ProxyField fleet={fleet} version={version} palette={colours} chosen={chosen} counts={counts} />
        </section>
        <section class="card" aria-labelledby="scatter">
          <h2 id="scatter">Success against latency</h2>
          <ProxyScatter fleet={fleet} version={version} palette={colours} chosen={chosen} />
        </section>
      </div>
      <p class="quiet found" role="status">
        {isFiltered
          ? `${counted(rows.list.length, 'proxy', 'proxies')} of ${formatCount(fleet.size)}${only ? `, ${only === 'lies' ? 'found lying' : kindWords[only]}` : ''}`
          : counted(rows.list.length, 'proxy', 'proxies')}
      </p>
      {rows.list.length === 0 ? (
        <Empty>No proxy matches.</Empty>
      ) : (
        <ProxyList live={live} fleet={fleet} rows={rows.list} onHold={rows.hold} />
      )}
    </>
  )
}

/**
 * The rows that match. They are found again when the fleet has changed, but not while somebody has scrolled into them: what is read
 * must not move away.
 */
function useRows(live: Live, { search, only, order }: Selection, version: number) {
  const isHeld = useRef(false)
  const [list, setList] = useState<readonly number[]>(() => live.fleet.select({ search, only, order }))
  const asked = useRef('')
  useEffect(() => {
    const question = `${order} ${only} ${search}`
    if (question === asked.current && isHeld.current) return
    asked.current = question
    setList(live.fleet.select({ search, only, order }))
  }, [search, only, order, version])
  const hold = (is: boolean) => {
    isHeld.current = is
  }
  return { list, hold }
}

function selectionOf(query: Readonly<Record<string, string>>): Selection {
  const only = query.only === 'closed' ? 'working' : query.only
  return {
    search: query.search ?? '',
    only: only === 'lies' ? 'lies' : kinds.find((kind) => kind === only),
    order: orders.find((each: Order) => each === query.order) ?? 'worst',
  }
}
