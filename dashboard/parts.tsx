import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { formatCount } from '../src/base/format.ts'
import type { VerdictKind } from '../src/contracts/outcome.ts'
import type { Action } from '../src/dashboard/protocol.ts'
import type { Live } from './live.ts'
import { verdictColours, verdictOrder } from './signs.tsx'
import { useTopic } from './topic.ts'

/** Small parts that several views are made of. */

/** The first words of a view. It takes the focus when the view opens, so that keyboard and screen reader begin there. */
export function Title({ children, lead }: { children: ComponentChildren; lead?: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => {
    if (document.activeElement !== document.body) heading.current?.focus({ preventScroll: true })
    scrollTo(0, 0)
  }, [])
  return (
    <header class="title">
      <h1 tabIndex={-1} ref={heading}>
        {children}
      </h1>
      {lead !== undefined && <p class="quiet">{lead}</p>}
    </header>
  )
}

/** Nothing is here: why, and what would bring something. */
export function Empty({ children, more }: { children: ComponentChildren; more?: ComponentChildren }) {
  return (
    <div class="empty">
      <p>{children}</p>
      {more !== undefined && <p class="quiet">{more}</p>}
    </div>
  )
}

export function Loading({ what }: { what: string }) {
  return (
    <div class="empty" role="status">
      <p class="quiet">Loading {what} …</p>
    </div>
  )
}

/** A table wider than the screen scrolls by itself, with the keyboard too. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="scroll" role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  )
}

type Column = string | { readonly number: string } | { readonly unseen: string }

/** The head of a table: names over texts, over numbers, and those that are only heard. */
export function Columns({ names }: { names: readonly Column[] }) {
  return (
    <thead>
      <tr>
        {names.map((name) =>
          typeof name === 'string' ? (
            <th key={name} scope="col">
              {name}
            </th>
          ) : 'number' in name ? (
            <th key={name.number} scope="col" class="n">
              {name.number}
            </th>
          ) : (
            <th key={name.unseen} scope="col">
              <span class="unseen">{name.unseen}</span>
            </th>
          ),
        )}
      </tr>
    </thead>
  )
}

/** One number of a list of those that matter, with a second one that explains it. */
export function figure(name: string, value: string, more: string) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
      <dd class="more">{more}</dd>
    </div>
  )
}

/** A longer text as it is, which scrolls by itself where it is too long. */
export function Excerpt({ label, text }: { label: string; text: string }) {
  return (
    <pre tabIndex={0} role="group" aria-label={label}>
      {text}
    </pre>
  )
}

interface ActionButtonProps {
  readonly live: Live
  readonly action: Action
  readonly children: ComponentChildren
  /** What a screen reader hears, where the word on the button does not say it. */
  readonly label?: string
  /** A question that must be answered first. */
  readonly confirm?: { readonly question: string; readonly yes: string }
  readonly kind?: 'plain' | 'strong' | 'small'
  readonly onDone?: () => void
  /** Why it cannot be done now, where the page knows it. */
  readonly against?: string | undefined
}

/**
 * A button that changes something. Where that cannot be done it stays reachable and says why: a button that is merely grey is a
 * riddle to everybody, and to a screen reader is not there at all.
 */
export function ActionButton(props: ActionButtonProps) {
  const { live, action, children, label, confirm, kind = 'plain', onDone, against } = props
  useTopic(live.connection)
  useTopic(live.overview)
  const [isBusy, setBusy] = useState(false)
  const dialog = useRef<HTMLDialogElement>(null)
  const reason = live.reasonAgainst(action.action) ?? against
  const perform = async () => {
    setBusy(true)
    if (await live.act(action)) onDone?.()
    setBusy(false)
  }
  const press = () => {
    if (isBusy) return
    if (reason !== undefined) live.notice.set({ text: reason, isFailure: true })
    else if (confirm) dialog.current?.showModal()
    else void perform()
  }
  const isOff = reason !== undefined || isBusy
  return (
    <>
      <button
        type="button"
        class={`button ${kind}`}
        aria-disabled={isOff ? 'true' : undefined}
        aria-label={label}
        title={reason}
        onClick={press}
      >
        {children}
      </button>
      {confirm && (
        <dialog
          ref={dialog}
          aria-label={confirm.yes}
          onClose={() => dialog.current?.returnValue === 'yes' && void perform()}
        >
          <form method="dialog">
            <p>{confirm.question}</p>
            <div class="row end">
              <button type="submit" class="button" value="no">
                Cancel
              </button>
              <button type="submit" class="button strong" value="yes">
                {confirm.yes}
              </button>
            </div>
          </form>
        </dialog>
      )}
    </>
  )
}

/** Shares of verdicts as a bar, with the same in words for those who do not see it. */
export function VerdictBar({ verdicts }: { verdicts: Readonly<Partial<Record<VerdictKind, number>>> }) {
  const parts = verdictOrder.flatMap((kind) => {
    const count = verdicts[kind] ?? 0
    return count > 0 ? [{ kind, count }] : []
  })
  if (parts.length === 0) return <span class="quiet">none yet</span>
  const words = parts.map(({ kind, count }) => `${formatCount(count)} ${kind}`).join(', ')
  return (
    <span class="bar" title={words}>
      <span class="bar-parts" aria-hidden="true">
        {parts.map(({ kind, count }) => (
          <i key={kind} class={`fill ${verdictColours[kind]}`} style={{ flexGrow: count }} />
        ))}
      </span>
      <span class="unseen">{words}</span>
    </span>
  )
}

/** What the answer of the API is as long as it is looked at: asked again each second while the crawl goes on. */
export function useAnswer<Answer>(
  live: Live,
  path: string,
  query: Readonly<Record<string, string>>,
  everyMs: number | undefined,
): { readonly answer: Answer | undefined; readonly problem: string | undefined; readonly again: () => void } {
  const [state, setState] = useState<{ key: string; answer?: Answer; problem?: string }>({ key: '' })
  const [round, setRound] = useState(0)
  const key = `${path}?${new URLSearchParams(query)}`
  useEffect(() => {
    if (live.saved) return
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    const ask = async () => {
      try {
        const answer = await live.ask<Answer>(path, query)
        if (!isOver) setState({ key, answer })
      } catch (error) {
        // What is shown stays: an answer that has come is better than none.
        if (!isOver)
          setState((before) => ({
            ...(before.key === key ? before : {}),
            key,
            problem: (error as Error).message,
          }))
      }
      if (!isOver && everyMs !== undefined) timer = setTimeout(ask, everyMs)
    }
    void ask()
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [key, everyMs, round])
  const isOurs = state.key === key
  return {
    answer: isOurs ? state.answer : undefined,
    problem: isOurs ? state.problem : undefined,
    again: () => setRound((count) => count + 1),
  }
}
