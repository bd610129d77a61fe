import { useEffect, useRef } from 'preact/hooks'
import markup from '../docs/img/machines/proxy.svg'
import type { BreakerState } from '../src/contracts/events.ts'

/**
 * The statechart of a proxy, with its state lit and the way by which it came there. The picture is laid out when the project
 * is built (scripts/diagrams.ts); here only classes change.
 */
interface MachineChartProps {
  readonly state: BreakerState
  /** The state before, where it is known. */
  readonly from: BreakerState | undefined
}

export function MachineChart({ state, from }: MachineChartProps) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const { documentElement } = new DOMParser().parseFromString(markup, 'image/svg+xml')
    place.current!.replaceChildren(document.importNode(documentElement, true))
  }, [])
  useEffect(() => {
    const svg = place.current!.firstElementChild!
    svg.setAttribute(
      'aria-label',
      `The statechart of this proxy. It is ${state}${from ? `, and was ${from}` : ''}.`,
    )
    for (const lit of svg.querySelectorAll('.on')) lit.classList.remove('on')
    svg.querySelector(`[data-state="${state}"]`)?.classList.add('on')
    if (from === undefined || from === state) return
    const edge =
      svg.querySelector(`[data-edge="${from}>${state}"]`) ?? svg.querySelector(`[data-edge="*>${state}"]`)
    edge?.classList.add('on')
  }, [state, from])
  return <div class="machine" ref={place} />
}
