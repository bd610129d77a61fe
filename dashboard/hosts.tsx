import { counted, formatCount, formatRate } from '../src/base/format.ts'
import { waitWords } from '../src/contracts/wait-words.ts'
import type { HostRow } from '../src/dashboard/protocol.ts'
import type { Live } from './live.ts'
import { ActionButton, Columns, Empty, Loading, Scroll, Title, VerdictBar } from './parts.tsx'
import { href } from './route.ts'
import { PoolSign } from './signs.tsx'
import { duration, percent } from './times.tsx'
import { useTopic } from './topic.ts'

/** The hosts that are visited: how each answers, what holds it back, and a button that leaves it alone for a while. */
export function HostsView({ live }: { live: Live }) {
  const table = useTopic(live.hosts)
  return (
    <>
      <Title
        lead={
          table && table.rows.length > 0 ? 'Those that need attention first, then the busiest.' : undefined
        }
      >
        Hosts
      </Title>
      {!table ? (
        <Loading what="the hosts" />
      ) : table.rows.length === 0 ? (
        <Empty more="A host appears with its first request.">No host was visited yet.</Empty>
      ) : (
        <HostTable live={live} rows={table.rows} />
      )}
      {table && table.more > 0 && (
        <p class="quiet">{counted(table.more, 'more host')} without trouble are not shown.</p>
      )}
    </>
  )
}

function HostTable({ live, rows }: { live: Live; rows: readonly HostRow[] }) {
  return (
    <Scroll label="Hosts">
      <table class="hosts">
        <Columns
          names={[
            'Host',
            'State',
            'Under way / limit',
            { number: 'Pace' },
            'Queue',
            'Verdicts',
            { number: 'Success' },
            { number: 'p50 / p95' },
            { number: 'Rate' },
            { number: 'Proxies' },
            { unseen: 'Actions' },
          ]}
        />
        <tbody>
          {rows.map((row) => (
            <HostLine key={row.host} live={live} row={row} />
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

function HostLine({ live, row }: { live: Live; row: HostRow }) {
  const { host, state, isPaused, reason, until, limit, inFlight, waitingFor } = row
  const leftMs = until === null ? 0 : until - live.now()
  return (
    <tr>
      <th scope="row">
        <a href={href('requests', { host })}>{host}</a>
      </th>
      <td>
        <PoolSign state={state} isPaused={isPaused} />
        {(state !== 'serving' || isPaused) && (
          <small>
            {reason}
            {leftMs > 0 && `, ${duration(leftMs)} left`}
          </small>
        )}
      </td>
      <td>
        <span class="meter">
          <i
            aria-hidden="true"
            style={{ width: `${limit ? Math.min(100, (inFlight / limit) * 100) : 0}%` }}
          />
          <b>{formatCount(inFlight)}</b> / {limit === null ? 'no limit' : formatCount(limit)}
        </span>
      </td>
      <td class="n">{duration(row.intervalMs)}</td>
      <td>
        {row.queued !== null && `${formatCount(row.queued)} queued`}
        {row.queued !== null && row.waiting > 0 && ', '}
        {row.waiting > 0 && `${formatCount(row.waiting)} waiting`}
        {row.queued === null && row.waiting === 0 && <span class="quiet">–</span>}
        {waitingFor !== null && <small>{waitWords[waitingFor] ?? waitingFor}</small>}
      </td>
      <td>
        <VerdictBar verdicts={row.verdicts} />
        <small>
          {formatCount(row.succeeded)} answered, {formatCount(row.failed)} failed
        </small>
      </td>
      <td class="n">{percent(row.success)}</td>
      <td class="n">
        {duration(row.p50)} / {duration(row.p95)}
      </td>
      <td class="n">{formatRate(row.requestsPerSecond)}</td>
      <td class="n">
        {formatCount(row.proxies.working)} / {formatCount(row.proxies.total)}
        {row.proxies.shut > 0 && <small>{formatCount(row.proxies.shut)} shut out</small>}
      </td>
      <td>
        {isPaused ? (
          <ActionButton
            live={live}
            action={{ action: 'resumeHost', host }}
            kind="small"
            label={`Resume ${host}`}
          >
            Resume
          </ActionButton>
        ) : (
          <ActionButton
            live={live}
            action={{ action: 'pauseHost', host }}
            kind="small"
            label={`Pause ${host}`}
          >
            Pause
          </ActionButton>
        )}
      </td>
    </tr>
  )
}
