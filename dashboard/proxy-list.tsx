import { useEffect, useRef, useState } from 'preact/hooks'
import { formatCount } from '../src/base/format.ts'
import { type Fleet, tagText } from './fleet.ts'
import type { Live } from './live.ts'
import { ActionButton } from './parts.tsx'
import { href } from './route.ts'
import { KindSign } from './signs.tsx'
import { duration, percent } from './times.tsx'

/**
 * The proxies as a table of which only the rows in sight exist. Roles say that it is a table, and how long it is: `<table>`
 * cannot leave rows out.
 */
interface ListProps {
  readonly live: Live
  readonly fleet: Fleet
  readonly rows: readonly number[]
  /** Told when the reader has scrolled away from the beginning, and when they have come back: the order must hold still meanwhile. */
  readonly onHold: (isHeld: boolean) => void
}

const rowHeight = 34
const spare = 6
const headings = ['Proxy', 'State', 'Trust', 'Success', 'Latency', 'Attempts', 'Share', 'Under way', '']

export function ProxyList({ live, fleet, rows, onHold }: ListProps) {
  const place = useRef<HTMLDivElement>(null)
  const [window, setWindow] = useState({ first: 0, count: 24 })
  const measure = () => {
    if (!place.current) return
    const { scrollTop, clientHeight } = place.current
    const first = Math.max(0, Math.floor(scrollTop / rowHeight) - spare)
    const count = Math.ceil(clientHeight / rowHeight) + 2 * spare
    // Drawn again when another row comes into sight, not with each pixel.
    setWindow((before) => (before.first === first && before.count === count ? before : { first, count }))
    onHold(scrollTop > 0)
  }
  useEffect(() => {
    const watch = new ResizeObserver(measure)
    watch.observe(place.current!)
    return () => watch.disconnect()
  }, [])
  const shown = rows.slice(window.first, window.first + window.count)
  return (
    <div role="table" aria-label="Proxies" aria-rowcount={rows.length + 1} class="list">
      <div class="list-scroll" ref={place} onScroll={measure} tabIndex={0} role="rowgroup">
        <div role="row" aria-rowindex={1} class="list-row list-head">
          {headings.map((heading) => (
            <span role="columnheader" key={heading}>
              {heading === '' ? <span class="unseen">Actions</span> : heading}
            </span>
          ))}
        </div>
        <div role="presentation" class="list-space" style={{ height: `${rows.length * rowHeight}px` }}>
          {shown.map((row, at) => (
            <ProxyRow
              key={(window.first + at) % window.count}
              live={live}
              fleet={fleet}
              row={row}
              index={window.first + at}
            />
          ))}
        </div>
      </div>
    </div>
  )
}

interface RowProps {
  readonly live: Live
  readonly fleet: Fleet
  readonly row: number
  readonly index: number
}

function ProxyRow({ live, fleet, row, index }: RowProps) {
  const id = fleet.id(row)
  const kind = fleet.kind(row)
  const trust = fleet.trust(row)
  const latency = fleet.latencyMs(row)
  const attempts = fleet.attemptsOf(row)
  const isOut = kind === 'isolated'
  return (
    <div
      role="row"
      aria-rowindex={index + 2}
      class={`list-row ${index % 2 === 1 ? 'odd' : ''}`}
      style={{ transform: `translateY(${index * rowHeight}px)` }}
    >
      <span role="cell" title={tagText(fleet.tags(row))}>
        <a href={href('proxy', { id })}>{id}</a>
      </span>
      <span role="cell">
        <KindSign kind={kind} />
      </span>
      <span
        role="cell"
        class={trust === 'lies' ? 'alarm-text' : trust === 'suspect' ? 'throttled-text' : 'quiet'}
      >
        {trust}
      </span>
      <span role="cell" class="n">
        {attempts === 0 ? '–' : percent(fleet.success(row))}
      </span>
      <span role="cell" class="n">
        {latency < 0 ? '–' : duration(latency)}
      </span>
      <span role="cell" class="n">
        {formatCount(attempts)}
      </span>
      <span role="cell" class="n">
        {fleet.attempts === 0 ? '–' : percent(attempts / fleet.attempts, 2)}
      </span>
      <span role="cell" class="n">
        {fleet.inFlight(row)}
      </span>
      <span role="cell">
        <ActionButton
          live={live}
          kind="small"
          action={isOut ? { action: 'readmit', proxies: [id] } : { action: 'isolate', proxies: [id] }}
          label={`${isOut ? 'Readmit' : 'Isolate'} ${id}`}
        >
          {isOut ? 'Readmit' : 'Isolate'}
        </ActionButton>
      </span>
    </div>
  )
}
