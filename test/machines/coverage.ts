import type { AnyStateMachine, AnyTransitionDefinition } from 'xstate'
import { statesOf } from '../../scripts/diagrams.ts'

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
      if (each.source === this.#machine.root) this.#shared.add(`${from} ${each.eventType}`)
    }
  }

  /** `state event #n` of every transition nobody took, counting from 1 where a state has several for the event. */
  missing(): string[] {
    const missing: string[] = []
    for (const state of statesOf(this.#machine)) {
      for (const [event, candidates] of state.transitions) {
        candidates.forEach((each, index) => {
          if (!this.#taken.has(each)) missing.push(`${state.key} ${event} #${index + 1}`)
        })
      }
      ;(state.always ?? []).forEach((each, index) => {
        if (!this.#taken.has(each)) missing.push(`${state.key} always #${index + 1}`)
      })
      if (state.type === 'final') continue
      for (const event of this.#machine.root.transitions.keys()) {
        const isOwn = state.transitions.get(event)?.some((each) => each.guard === undefined)
        if (!isOwn && !this.#shared.has(`${state.key} ${event}`))
          missing.push(`${state.key} ${event} (shared)`)
      }
    }
    return missing
  }
}
