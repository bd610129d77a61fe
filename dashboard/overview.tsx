import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import { formatBytes, formatCount, formatRate } from '../src/base/format.ts'
import type { Attention, CrawlRow, Overview, Series } from '../src/dashboard/protocol.ts'
import { type Kind, kindMeanings, kinds, kindWords } from './fleet.ts'
import type { Live } from './live.ts'
import { Columns, Empty, figure, Loading, Scroll, Title, VerdictBar } from './parts.tsx'
import { href } from './route.ts'
import { upTo } from './series.ts'
import { kindColours, kindShapes, SeveritySign, Shape } from './signs.tsx'
import { Steps } from './steps.tsx'
import { TimeChart } from './time-chart.tsx'
import { duration, Moment, percent } from './times.tsx'
import { useTopic } from './topic.ts'

/** The crawl at one glance: what is wrong first, then how fast and how well it goes, then where the requests are. */
export function OverviewView({ live }: { live: Live }) {
  const overview = useTopic(live.overview)
  return (
    <>
      <Title>Overview</Title>
      {overview ? <Known live={live} overview={overview} /> : <Loading what="the crawl" />}
    </>
  )
}

function Known({ live, overview }: { live: Live; overview: Overview }) {
  return (
    <>
      <AttentionList overview={overview} />
      <Figures overview={overview} />
      <Charts live={live} />
      <Steps steps={overview.steps} />
      <div class="halves">
        <FleetBar overview={overview} />
        <Verdicts overview={overview} />
      </div>
      <Crawls overview={overview} />
    </>
  )
}

/** Told politely: a screen reader hears what is new when it has finished its sentence. */
function AttentionList({ overview }: { overview: Overview }) {
  const { attention, state } = overview
  const isOver = state === 'ended' || state === 'failed' || state === 'died'
  return (
    <section aria-labelledby="attention" class="attention">
      <h2 id="attention">Needs attention</h2>
      <div aria-live="polite">
        {attention.length === 0 ? (
          <p class="all-well">
            <Shape path="M0.5 6.5L2.5 4.5L4.8 6.8L9.5 2L11.5 4L4.8 10.8Z" colour="good" />
            {isOver ? 'Nothing was left that needs attention.' : 'Nothing needs attention.'}
          </p>
        ) : (
          <ul>
            {attention.map((each) => (
              <li key={each.id} class={each.severity}>
                <SeveritySign severity={each.severity} />
                <div>
                  <p>
                    <b>{each.sentence}</b>
                    {each.since !== null && (
                      <span class="quiet">
                        {' '}
                        since <Moment at={each.since} />
                      </span>
                    )}
                  </p>
                  {each.advice !== null && <p class="quiet">{each.advice}</p>}
                </div>
                {linkOf(each)}
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  )
}

function linkOf({ about }: Attention): ComponentChildren {
  switch (about.view) {
    case 'host':
      return <a href={href('requests', { host: about.host })}>Its requests</a>
    case 'proxy':
      return <a href={href('proxy', { id: about.proxy })}>The proxy</a>
    case 'proxies':
      return <a href={href('proxies', { only: about.state })}>The proxies</a>
    case 'dead':
      return <a href={href('dead', { reason: about.reason })}>The requests</a>
    case 'overview':
      return undefined
  }
}

function Figures({ overview }: { overview: Overview }) {
  const { now, totals, endedAt } = overview
  const answered = totals.tasks.succeeded
  return (
    <dl class="figures" aria-label={endedAt === null ? 'Now' : 'At the end'}>
      {figure('Requests', formatRate(now.requestsPerSecond), `${formatCount(answered)} answered`)}
      {figure('Success', percent(now.success), 'of the attempts, 10 s')}
      {figure('Latency', duration(now.p50), `p95 ${duration(now.p95)}`)}
      {figure('Pages', formatCount(totals.pages), `${formatCount(totals.items)} items`)}
      {figure('In the queue', formatCount(totals.queued), `${formatCount(totals.skipped)} skipped`)}
      {figure('Given up', formatCount(totals.failed), `${formatCount(totals.requeues)} tried again`)}
      {figure('Traffic', `${formatBytes(now.bytesPerSecond)}/s`, `${formatBytes(totals.bytes)} in all`)}
    </dl>
  )
}

function Charts({ live }: { live: Live }) {
  const series = useWhole(live)
  if (!series || series.at.length === 0)
    return <Empty>The charts begin with the first second that somebody looks.</Empty>
  const rate = (value: number | null | undefined) =>
    value === null || value === undefined ? '–' : `${short(value)}/s`
  const whole = (value: number | null | undefined) =>
    value === null || value === undefined ? '–' : short(value)
  const { at } = series
  return (
    <section class="charts" aria-label="Over time">
      <TimeChart
        title="Throughput"
        at={at}
        format={rate}
        lines={[
          { name: 'answered', colour: 'proxy', values: series.answered, isFilled: true },
          { name: 'attempts', colour: 'other', values: series.attempts, dash: [3, 3] },
          { name: 'failed', colour: 'alarm', values: series.failed },
        ]}
      />
      <TimeChart
        title="Success of attempts"
        at={at}
        max={1}
        format={(value) => percent(value, 0)}
        lines={[{ name: 'good answers', colour: 'good', values: series.success, isFilled: true }]}
      />
      <TimeChart
        title="Latency"
        at={at}
        format={duration}
        lines={[
          { name: 'p50', colour: 'ink', values: series.p50 },
          { name: 'p95', colour: 'throttled', values: series.p95, dash: [6, 3] },
          { name: 'p99', colour: 'refused', values: series.p99, dash: [2, 3] },
        ]}
      />
      <TimeChart
        title="Proxies that work"
        at={at}
        format={whole}
        lines={[{ name: 'working', colour: 'good', values: series.healthy, isFilled: true }]}
      />
    </section>
  )
}

/** Without the last span while it is not over: a second of which half is missing looks like a fall. */
function useWhole(live: Live): Series | undefined {
  const series = useTopic(live.series)
  return useMemo(() => {
    const last = series?.at.at(-1)
    const isOpen = last !== undefined && !live.saved && last + series!.spanMs > live.now()
    return isOpen && series!.at.length > 1 ? upTo(series!, series!.at.length - 1) : series
  }, [series])
}

/** `4.2`, `310`, `1.2k`: what fits beside an axis. */
function short(value: number): string {
  if (value >= 10_000) return `${(value / 1_000).toFixed(0)}k`
  if (value >= 1_000) return `${(value / 1_000).toFixed(1)}k`
  return value >= 10 || Number.isInteger(value) ? value.toFixed(0) : value.toFixed(1)
}

function FleetBar({ overview }: { overview: Overview }) {
  const { healthy, untried, failing, open, halfOpen, isolated, retired, total } = overview.fleet
  const counts: Readonly<Record<Kind, number>> = {
    ...{ working: healthy - untried, untried, failing },
    ...{ halfOpen, open, isolated, retired },
  }
  return (
    <section class="card" aria-labelledby="fleet">
      <h2 id="fleet">
        Proxies <span class="quiet">{formatCount(total)}</span>
      </h2>
      {total === 0 ? (
        <p class="quiet">There is no proxy yet.</p>
      ) : (
        <>
          <span class="bar tall" aria-hidden="true">
            <span class="bar-parts">
              {kinds.map((kind) => (
                <i
                  key={kind}
                  class={`fill ${kindColours[kind]} ${kind}`}
                  style={{ flexGrow: counts[kind] }}
                />
              ))}
            </span>
          </span>
          <ul class="legend">
            {kinds.map((kind) => (
              <li key={kind} title={kindMeanings[kind]}>
                <a href={href('proxies', { only: kind })}>
                  <Shape path={kindShapes[kind]} colour={kindColours[kind]} />
                  {kindWords[kind]} <b>{formatCount(counts[kind])}</b>
                </a>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  )
}

function Verdicts({ overview }: { overview: Overview }) {
  const { verdicts, totals } = overview
  const { trust } = totals
  return (
    <section class="card" aria-labelledby="verdicts">
      <h2 id="verdicts">
        Attempts <span class="quiet">{formatCount(totals.attempts)}</span>
      </h2>
      <VerdictBar verdicts={verdicts} />
      <ul class="legend">
        {Object.entries(verdicts).flatMap(([kind, count]) =>
          count === 0
            ? []
            : [
                <li key={kind}>
                  {kind} <b>{formatCount(count)}</b>
                </li>,
              ],
        )}
        <li>
          hedges <b>{formatCount(totals.hedges)}</b>
        </li>
        <li>
          compared <b>{formatCount(trust.comparisons)}</b>
        </li>
        <li>
          found lying <b>{formatCount(trust.convictions)}</b>
        </li>
      </ul>
    </section>
  )
}

function Crawls({ overview: { crawls } }: { overview: Overview }) {
  if (crawls.length === 0) return null
  return (
    <section aria-labelledby="crawls">
      <h2 id="crawls">Crawls</h2>
      <Scroll label="Crawls">
        <table>
          <Columns
            names={[
              'Source',
              'State',
              'Begun',
              { number: 'Pages' },
              { number: 'Pages/s' },
              { number: 'Items' },
              { number: 'Queued' },
              { number: 'Skipped' },
              { number: 'Given up' },
            ]}
          />
          <tbody>
            {crawls.map((crawl) => (
              <tr key={crawl.id}>
                <th scope="row">{crawl.source}</th>
                <td>{stateWords[crawl.state] ?? crawl.state}</td>
                <td>{crawl.startedAt === null ? '–' : <Moment at={crawl.startedAt} />}</td>
                <td class="n">{formatCount(crawl.pages)}</td>
                <td class="n">{formatRate(crawl.pagesPerSecond)}</td>
                <td class="n">{formatCount(crawl.items)}</td>
                <td class="n">{formatCount(crawl.queued)}</td>
                <td class="n">{formatCount(crawl.skipped)}</td>
                <td class="n">{formatCount(crawl.failed)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  )
}

/** Where the name of a state does not say it by itself. */
const stateWords: Partial<Record<CrawlRow['state'], string>> = {
  limit: 'at its limit of pages',
  spent: 'at its cap',
}
