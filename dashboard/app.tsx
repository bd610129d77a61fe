import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { formatCount, formatDuration } from '../src/base/format.ts'
import type { CrawlerState } from '../src/dashboard/protocol.ts'
import { DeadView } from './dead.tsx'
import { HostsView } from './hosts.tsx'
import type { Live } from './live.ts'
import { OverviewView } from './overview.tsx'
import { ActionButton } from './parts.tsx'
import { ProxiesView } from './proxies.tsx'
import { ProxyPage } from './proxy.tsx'
import { RequestPage } from './request.tsx'
import { RequestsView } from './requests.tsx'
import { href, route, type View } from './route.ts'
import { SaveButton } from './save-button.tsx'
import { Shape } from './signs.tsx'
import { chooseTheme, theme, themes } from './theme.ts'
import { useTopic } from './topic.ts'

/** The frame around all views: what is crawled and how it stands, the way to each view, and what concerns the whole crawl. */
export function App({ live }: { live: Live }) {
  const { view, query } = useTopic(route)
  useEffect(() => {
    document.title = `${titles[view]} · Regatta`
  }, [view])
  return (
    <>
      <a class="skip" href="#content" onClick={skip}>
        Skip to the content
      </a>
      <Head live={live} />
      <Navigation live={live} view={view} />
      <ConnectionBanner live={live} />
      <main id="content" tabIndex={-1}>
        {view === 'overview' && <OverviewView live={live} />}
        {view === 'hosts' && <HostsView live={live} />}
        {view === 'proxies' && <ProxiesView live={live} query={query} />}
        {view === 'proxy' && <ProxyPage key={query.id} live={live} id={query.id ?? ''} />}
        {view === 'requests' && <RequestsView live={live} query={query} />}
        {view === 'request' && <RequestPage key={query.which} live={live} which={query.which ?? ''} />}
        {view === 'dead' && <DeadView live={live} query={query} />}
      </main>
      <Notice live={live} />
    </>
  )
}

const titles: Readonly<Record<View, string>> = {
  overview: 'Overview',
  hosts: 'Hosts',
  proxies: 'Proxies',
  proxy: 'One proxy',
  requests: 'Requests',
  request: 'One request',
  dead: 'Dead letters',
}

/** The address says where the reader is: a jump within the page must not change it. */
function skip(event: Event) {
  event.preventDefault()
  document.getElementById('content')?.focus()
}

const stateWords: Readonly<Record<CrawlerState, readonly [word: string, colour: string, shape: string]>> = {
  idle: ['nothing begun yet', 'other', 'M1 5H11V7H1Z'],
  running: ['running', 'good', 'M2 0.5L11 6L2 11.5Z'],
  paused: ['paused', 'proxy', 'M2 1H5V11H2ZM7 1H10V11H7Z'],
  draining: ['draining', 'proxy', 'M6 0L12 6L6 12L0 6Z'],
  ended: ['ended', 'other', 'M1 1H11V11H1Z'],
  failed: [
    'failed',
    'alarm',
    'M3 0.5L6 3.5L9 0.5L11.5 3L8.5 6L11.5 9L9 11.5L6 8.5L3 11.5L0.5 9L3.5 6L0.5 3Z',
  ],
  died: [
    'its process is gone',
    'alarm',
    'M3 0.5L6 3.5L9 0.5L11.5 3L8.5 6L11.5 9L9 11.5L6 8.5L3 11.5L0.5 9L3.5 6L0.5 3Z',
  ],
}

function Head({ live }: { live: Live }) {
  const overview = useTopic(live.overview)
  const state = overview?.state
  const [word, colour, shape] = state ? stateWords[state] : (['…', 'other', 'M1 5H11V7H1Z'] as const)
  const until = overview?.endedAt ?? live.now()
  const isOver = state === 'ended' || state === 'failed' || state === 'died'
  return (
    <header class="head">
      <a class="brand" href={href('overview')}>
        <svg viewBox="0 0 16 16" width="20" height="20" aria-hidden="true">
          <path d="M8 1v11H2zM9 4l5 8H9zM1 13h14l-2 2H3z" />
        </svg>
        Regatta
      </a>
      <p class="standing">
        <span class="sign">
          <Shape path={shape} colour={colour} />
          <b>{word}</b>
        </span>
        {overview && <span class="quiet">{formatDuration(Math.max(0, until - overview.startedAt))}</span>}
        {overview?.crawls[0] && <span class="quiet wide-only">{overview.crawls[0].source}</span>}
      </p>
      <div class="row head-actions">
        <ThemeButton />
        <SaveButton live={live} />
        {!isOver && !live.saved && (
          <>
            {state === 'paused' ? (
              <ActionButton live={live} action={{ action: 'resume' }}>
                Resume
              </ActionButton>
            ) : (
              <ActionButton live={live} action={{ action: 'pause' }}>
                Pause
              </ActionButton>
            )}
            <ActionButton
              live={live}
              action={{ action: 'drain' }}
              confirm={{
                question:
                  'What is under way is finished, nothing new is begun, and the crawl ends. What is left in the queue stays where the crawl has a state folder.',
                yes: 'Drain the crawl',
              }}
            >
              Drain
            </ActionButton>
          </>
        )}
      </div>
    </header>
  )
}

function ThemeButton() {
  const chosen = useTopic(theme)
  const next = themes[(themes.indexOf(chosen) + 1) % themes.length]!
  return (
    <button
      type="button"
      class="button icon"
      aria-label={`Colours: ${chosen}. Switch to ${next}.`}
      title={`Colours: ${chosen}`}
      onClick={() => chooseTheme(next)}
    >
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" stroke-width="1.5" />
        {chosen === 'system' && <path d="M8 1.8A6.2 6.2 0 0 1 8 14.2Z" fill="currentColor" />}
        {chosen === 'dark' && <circle cx="8" cy="8" r="6" fill="currentColor" />}
      </svg>
    </button>
  )
}

function Navigation({ live, view }: { live: Live; view: View }) {
  const overview = useTopic(live.overview)
  const dead = useTopic(live.dead)
  const hosts = useTopic(live.hosts)
  const attention = overview?.attention.filter(({ severity }) => severity !== 'note').length ?? 0
  const link = (to: View, isHere: boolean, text: string, count?: ComponentChildren) => (
    <li>
      <a href={href(to)} aria-current={isHere ? 'page' : undefined}>
        {text}
        {count}
      </a>
    </li>
  )
  const number = (value: number | undefined, isAlarm = false, what = '') =>
    value === undefined ? undefined : (
      <span class={isAlarm && value > 0 ? 'count alarm-count' : 'count'}>
        {formatCount(value)}
        <span class="unseen"> {what}</span>
      </span>
    )
  return (
    <nav class="navigation" aria-label="Views">
      <ul>
        {link(
          'overview',
          view === 'overview',
          'Overview',
          attention > 0 ? number(attention, true, 'to look at') : undefined,
        )}
        {link('hosts', view === 'hosts', 'Hosts', hosts && number(hosts.rows.length + hosts.more))}
        {link(
          'proxies',
          view === 'proxies' || view === 'proxy',
          'Proxies',
          overview && number(overview.fleet.total),
        )}
        {link('requests', view === 'requests' || view === 'request', 'Requests')}
        {link('dead', view === 'dead', 'Dead letters', dead && number(dead.total, true))}
      </ul>
    </nav>
  )
}

function ConnectionBanner({ live }: { live: Live }) {
  const connection = useTopic(live.connection)
  const overview = useTopic(live.overview)
  const said = bannerText(live)
  if (said === undefined) return <div role="status" class="banner-place" />
  const canRetry =
    connection.state === 'lost' || connection.state === 'closed' || connection.state === 'refused'
  return (
    <div role="status" class="banner-place">
      <div class={`banner ${connection.state}`}>
        <p>{said}</p>
        {canRetry && (
          <button type="button" class="button small" onClick={() => live.retryNow()}>
            Try now
          </button>
        )}
      </div>
      {overview && connection.state === 'lost' && <Countdown until={connection.retryAt} />}
    </div>
  )
}

/** Not read aloud each second: it is for the eye. */
function Countdown({ until }: { until: number }) {
  const [, tick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => tick((count) => count + 1), 250)
    return () => clearInterval(timer)
  }, [])
  const left = Math.max(0, until - Date.now())
  return <i class="countdown" aria-hidden="true" style={{ width: `${Math.min(100, left / 80)}%` }} />
}

function bannerText(live: Live): string | undefined {
  const connection = live.connection.value
  const overview = live.overview.value
  switch (connection.state) {
    case 'connecting':
      return undefined
    case 'lost':
      return overview
        ? 'The connection to the crawler is lost. What is shown is the last that came; the page keeps trying.'
        : 'The crawler does not answer. The page keeps trying.'
    case 'closed':
      return `${connection.reason} What is shown is the last that came.`
    case 'refused':
      return `${connection.reason} Open the address that the crawler has printed.`
    case 'saved':
      return `A saved report of ${new Date(connection.savedAt).toLocaleString()}: it does not change, and nothing can be changed from it.`
  }
  if (!overview) return undefined
  if (overview.ending !== null) return overview.ending
  if (overview.held === 'blackout')
    return 'This machine seems to be off the network: one request at a time tries whether it is back.'
  if (overview.state === 'draining')
    return 'Draining: what is under way is finished, and nothing new is begun.'
  return overview.held === 'paused' ? 'Paused: nothing goes out until somebody resumes it.' : undefined
}

const noticeMs = 8_000

function Notice({ live }: { live: Live }) {
  const notice = useTopic(live.notice)
  useEffect(() => {
    if (!notice) return
    const timer = setTimeout(() => live.notice.set(undefined), noticeMs)
    return () => clearTimeout(timer)
  }, [notice])
  return (
    <div class="notice-place" role="status">
      {notice && <p class={notice.isFailure ? 'notice failure' : 'notice'}>{notice.text}</p>}
    </div>
  )
}
