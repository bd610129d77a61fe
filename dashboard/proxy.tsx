import type { ComponentChildren } from 'preact'
import { formatBytes, formatCount } from '../src/base/format.ts'
import type { BreakerState } from '../src/contracts/events.ts'
import type { ProxyDetail } from '../src/dashboard/protocol.ts'
import { Density } from './density.tsx'
import type { Kind } from './fleet.ts'
import { tagText } from './fleet.ts'
import type { Live } from './live.ts'
import { MachineChart } from './machine-chart.tsx'
import { ActionButton, Empty, figure, Loading, Scroll, Title, useAnswer } from './parts.tsx'
import { href } from './route.ts'
import { KindSign } from './signs.tsx'
import { duration, Moment, percent } from './times.tsx'
import { useTopic } from './topic.ts'

/** One proxy: where its machine is, what is believed of it and why, and what it has done lately. */
export function ProxyPage({ live, id }: { live: Live; id: string }) {
  useTopic(live.fleetVersion)
  const row = live.fleet.row(id)
  const { answer, problem } = useAnswer<ProxyDetail>(live, 'proxy', { id }, 1_000)
  const kind: Kind | undefined = row === undefined ? undefined : live.fleet.kind(row)
  const state = answer?.state ?? stateOf(kind)
  return (
    <>
      <p class="way">
        <a href={href('proxies')}>Proxies</a> ›
      </p>
      <Title lead={answer && Object.keys(answer.tags).length > 0 ? tagText(answer.tags) : undefined}>
        <code>{id}</code>
      </Title>
      <div class="row facts-row">
        {kind && <KindSign kind={kind} />}
        {answer && answer.state !== 'closed' && (
          <span class="quiet">
            {answer.reason}
            {answer.until !== null &&
              answer.until > live.now() &&
              `, probed in ${duration(answer.until - live.now())}`}
          </span>
        )}
        <span class="row end grow">
          <ActionButton live={live} action={{ action: 'isolate', proxies: [id] }}>
            Isolate
          </ActionButton>
          <ActionButton live={live} action={{ action: 'readmit', proxies: [id] }}>
            Readmit
          </ActionButton>
        </span>
      </div>
      {answer === undefined && problem !== undefined && <Empty>{problem}</Empty>}
      {answer === undefined && problem === undefined && !live.saved && <Loading what="this proxy" />}
      {live.saved && (
        <p class="quiet">
          The report holds no more of this proxy than its row in the list, and its state below.
        </p>
      )}
      {answer && <Figures detail={answer} />}
      <div class="proxy-grid">
        {state && (
          <section class="card" aria-labelledby="machine">
            <h2 id="machine">State</h2>
            <MachineChart state={state} from={answer?.transitions.find(({ host }) => host === null)?.from} />
          </section>
        )}
        {answer && (
          <div class="stack">
            <Belief detail={answer} />
            <Trust detail={answer} />
            <Transitions detail={answer} />
          </div>
        )}
      </div>
      {answer && <Pairs detail={answer} />}
      {answer && <Outcomes detail={answer} />}
    </>
  )
}

/** As far as the list knows it. */
function stateOf(kind: Kind | undefined): BreakerState | undefined {
  return kind === 'working' || kind === 'untried' || kind === 'failing' ? 'closed' : kind
}

function Figures({ detail }: { detail: ProxyDetail }) {
  const { attempts, successes, failuresCount, share, inFlight, firstByteMs, bytes, lastReason, failures } =
    detail
  return (
    <dl class="figures">
      {figure('Attempts', formatCount(attempts), `${percent(share, 2)} of all`)}
      {figure('Good answers', formatCount(successes), `${formatCount(failuresCount)} failed`)}
      {figure('First byte', duration(firstByteMs), 'over all hosts')}
      {figure('Under way', formatCount(inFlight), 'now')}
      {figure('Traffic', formatBytes(bytes), 'of bodies')}
      {figure(
        'Last verdict',
        lastReason ?? '–',
        failures === null
          ? ''
          : failures === 0
            ? 'no failure in a row'
            : `${formatCount(failures)} failures in a row`,
      )}
    </dl>
  )
}

function Belief({ detail: { posterior } }: { detail: ProxyDetail }) {
  return (
    <section class="card" aria-labelledby="belief">
      <h2 id="belief">Chance of success</h2>
      {posterior === null ? (
        <p class="quiet">Nothing is known of it yet.</p>
      ) : (
        <>
          <Density {...posterior} width={420} height={120} isLarge />
          <p class="quiet">
            α {posterior.alpha.toFixed(1)}, β {posterior.beta.toFixed(1)}: mean{' '}
            {percent(posterior.alpha / (posterior.alpha + posterior.beta))}. Narrow is certain, wide is
            unknown.
          </p>
        </>
      )}
    </section>
  )
}

function Trust({ detail: { trust } }: { detail: ProxyDetail }) {
  return (
    <section class="card" aria-labelledby="trust">
      <h2 id="trust">
        Trust <span class={trust.standing === 'lies' ? 'alarm-text' : 'quiet'}>{trust.standing}</span>
      </h2>
      {trust.evidence.length === 0 ? (
        <p class="quiet">Nothing speaks for or against it yet.</p>
      ) : (
        <ul class="lines">
          {trust.evidence.map(({ at, sentence }) => (
            <li key={`${at} ${sentence}`}>
              <Moment at={at} /> {sentence}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Transitions({ detail: { transitions } }: { detail: ProxyDetail }) {
  return (
    <section class="card" aria-labelledby="transitions">
      <h2 id="transitions">Last transitions</h2>
      {transitions.length === 0 ? (
        <p class="quiet">It has not moved.</p>
      ) : (
        <ol class="lines short" reversed tabIndex={0} aria-label="Last transitions, newest first">
          {transitions.map(({ at, from, to, reason, host }) => (
            <li key={`${at} ${host} ${to}`}>
              <Moment at={at} /> {from} → <b>{to}</b>{' '}
              <span class="quiet">
                {reason}
                {host !== null && ` at ${host}`}
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

function Pairs({ detail: { hosts, moreHosts } }: { detail: ProxyDetail }) {
  return (
    <section aria-labelledby="pairs">
      <h2 id="pairs">At each host</h2>
      {hosts.length === 0 ? (
        <p class="quiet">It has asked no host yet.</p>
      ) : (
        <Table
          label="At each host"
          headings={['Host', 'State', 'Believed', 'Mean', 'α', 'β']}
          numbersFrom={3}
        >
          {hosts.map(({ host, state, alpha, beta }) => (
            <tr key={host}>
              <th scope="row">{host}</th>
              <td>
                {state === 'closed' ? <KindSign kind="working" word="closed" /> : <KindSign kind={state} />}
              </td>
              <td>
                <Density alpha={alpha} beta={beta} width={96} height={22} />
              </td>
              <td class="n">{percent(alpha / (alpha + beta))}</td>
              <td class="n">{alpha.toFixed(1)}</td>
              <td class="n">{beta.toFixed(1)}</td>
            </tr>
          ))}
        </Table>
      )}
      {moreHosts > 0 && <p class="quiet">{formatCount(moreHosts)} more are not shown.</p>}
    </section>
  )
}

function Outcomes({ detail: { outcomes } }: { detail: ProxyDetail }) {
  return (
    <section aria-labelledby="outcomes">
      <h2 id="outcomes">Last outcomes</h2>
      {outcomes.length === 0 ? (
        <p class="quiet">There is none yet.</p>
      ) : (
        <Table
          label="Last outcomes"
          headings={['When', 'Request', 'Verdict', 'Reason', 'Status', 'Took']}
          numbersFrom={4}
        >
          {outcomes.map(({ at, task, url, verdict, reason, status, elapsedMs }) => (
            <tr key={`${task} ${at}`}>
              <td>
                <Moment at={at} />
              </td>
              <td class="url">
                <a href={href('request', { which: task })}>{url}</a>
              </td>
              <td>{verdict}</td>
              <td>{reason}</td>
              <td class="n">{status ?? '–'}</td>
              <td class="n">{duration(elapsedMs)}</td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  )
}

interface TableProps {
  readonly label: string
  readonly headings: readonly string[]
  /** The first column of numbers. */
  readonly numbersFrom: number
  readonly children: ComponentChildren
}

function Table({ label, headings, numbersFrom, children }: TableProps) {
  return (
    <Scroll label={label}>
      <table>
        <thead>
          <tr>
            {headings.map((heading, at) => (
              <th key={heading} scope="col" class={at >= numbersFrom ? 'n' : undefined}>
                {heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </Scroll>
  )
}
