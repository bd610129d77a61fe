import { counted } from '../src/base/format.ts'
import type { DeadRow } from '../src/dashboard/protocol.ts'
import { Excerpt } from './parts.tsx'
import { href } from './route.ts'
import { Moment } from './times.tsx'

/** One request that was given up: its last answers, the beginning of the last body, and what was set aside of it. */
interface DeadLetterProps {
  readonly letter: DeadRow
  readonly isChosen: boolean
  readonly onChoose: (isChosen: boolean) => void
}

export function DeadLetter({ letter, isChosen, onChoose }: DeadLetterProps) {
  const { url, method, at, attempts, reason, heads, setAside, body, task, foundOn, depth } = letter
  return (
    <li class="letter">
      <input
        type="checkbox"
        aria-label={`Choose ${url}`}
        checked={isChosen}
        onChange={(event) => onChoose(event.currentTarget.checked)}
      />
      <details>
        <summary>
          <span class="url">
            {method === 'GET' ? '' : `${method} `}
            {url}
          </span>
          <span class="quiet">
            <Moment at={at} />, {counted(attempts, 'attempt')}
          </span>
        </summary>
        <dl class="facts">
          <dt>Because</dt>
          <dd>{reason.detail}</dd>
          {reason.where !== undefined && (
            <>
              <dt>Where</dt>
              <dd>
                <code>{reason.where}</code>
              </dd>
            </>
          )}
          {reason.selector !== undefined && (
            <>
              <dt>Selector</dt>
              <dd>
                <code>{reason.selector}</code>
              </dd>
            </>
          )}
          <dt>Found</dt>
          <dd class="long">
            at depth {depth}
            {foundOn !== null && `, on ${foundOn}`}
          </dd>
          {heads.length > 0 && (
            <>
              <dt>Answers</dt>
              <dd>
                <ul class="lines">
                  {heads.map((head) => (
                    <li key={`${head.at} ${head.proxy}`}>
                      <b>{head.status ?? 'none'}</b> {head.reason}, through{' '}
                      <a href={href('proxy', { id: head.proxy })}>{head.proxy}</a>
                      {head.headers && <small class="long">{headerText(head.headers)}</small>}
                    </li>
                  ))}
                </ul>
              </dd>
            </>
          )}
          {task !== null && (
            <>
              <dt>Story</dt>
              <dd>
                <a href={href('request', { which: task })}>Its waits and attempts</a>
              </dd>
            </>
          )}
        </dl>
        {setAside.map(({ kind, index, detail, value }) => (
          <figure key={`${kind} ${index}`} class="excerpt">
            <figcaption>
              {kind} {index} was set aside: {detail}
            </figcaption>
            <Excerpt label={`${kind} ${index}`} text={JSON.stringify(value, null, 2)} />
          </figure>
        ))}
        {body !== null && (
          <figure class="excerpt">
            <figcaption>The beginning of the last body</figcaption>
            <Excerpt label="Body" text={body} />
          </figure>
        )}
        {reason.stack !== undefined && (
          <figure class="excerpt">
            <figcaption>The calls that led there</figcaption>
            <Excerpt label="Calls" text={reason.stack} />
          </figure>
        )}
      </details>
    </li>
  )
}

function headerText(headers: Readonly<Record<string, string>>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join(' · ')
}
