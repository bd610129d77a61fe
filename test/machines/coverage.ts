import type { AnyStateMachine, AnyTransitionDefinition } from 'xstate'
import { statesOf } from '../../scripts/diagrams.ts'
import { pathOf } from '../../src/observe/chart-mermaid.ts'

/** Which of a chart's transitions a walk has taken: what is left over is dead, or the walk is too short. */
export class Coverage {
  readonly #taken = new Set<AnyTransitionDefinition>()
  /** A shared transition counts in each state that it was taken from. */
  readonly #shared = new Set<string>()
  readonly #machine: AnyStateMachine

  constructor(machine: AnyStateMachine) {
    this.#machine = machine
  }

  take(from: string, transitions: readonly AnyTransitionDefinition[]): void {
    for (const each of transitions) {
      this.#taken.add(each)
      if (each.source.type !== 'atomic') this.#shared.add(`${from} ${each.eventType} ${indexOf(each)}`)
    }
  }

  /** `state event #n` of every transition that was never taken, counting from 1 where a state has several for the event. */
  missing(): string[] {
    const missing: string[] = []
    for (const state of statesOf(this.#machine)) {
      if (state.type === 'final') continue
      const answered = new Set<string>()
      for (const [event, candidates] of state.transitions) {
        candidates.forEach((each, index) => {
          if (!this.#taken.has(each)) missing.push(`${pathOf(state)} ${event} #${index + 1}`)
          if (each.guard === undefined) answered.add(event)
        })
      }
      ;(state.always ?? []).forEach((each, index) => {
        if (!this.#taken.has(each)) missing.push(`${pathOf(state)} always #${index + 1}`)
      })
      for (let owner = state.parent; owner; owner = owner.parent) {
        for (const each of [...owner.transitions.values()].flat()) {
          if (answered.has(each.eventType)) continue
          const key = `${pathOf(state)} ${each.eventType} ${indexOf(each)}`
          if (!this.#shared.has(key)) missing.push(`${key} (of ${pathOf(owner) || 'the chart'})`)
        }
      }
    }
    return missing
  }
}

function indexOf(transition: AnyTransitionDefinition): string {
  const candidates = transition.source.transitions.get(transition.eventType) ?? []
  return `#${candidates.indexOf(transition) + 1}`
}
