import { z } from 'zod'
import { createRandom, pickIndex, type Random } from '../base/random.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Cast, OriginRole, ProxyRole } from './cast.ts'
import type { LabControl } from './contract.ts'
import { pickHash } from './hash.ts'
import { type Patch, patchBehaviour, patchManners } from './patch.ts'

/**
 * How a world changes by itself: proxies go bad and come back, a provider fails as a whole, a host goes down, limits get
 * tighter. A list of changes with times, so that drift, mass death and outages are data, and the lab and the simulator
 * play the same ones.
 */
const time = z.number().min(0).max(1e9)

const changeSchema = z
  .strictObject({
    /** Milliseconds after the world began. */
    atMs: time,
    /** Again and again, so far apart… */
    everyMs: time.min(1).optional(),
    /** …and so often; default for ever. */
    times: z.number().int().min(1).max(1e9).optional(),
    /** Undone after so long; default never. */
    forMs: time.min(1).optional(),
    /** A proxy, an origin, a group of proxies by the name in the scenario, or `*` for every proxy. */
    of: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
    /** Share of those it happens to, 0–1, drawn anew each time; at least one. Default 1. */
    share: z.number().gt(0).max(1).default(1),
    /** Fields of a proxy's behaviour or of an origin's manners; null takes one back to its default. */
    set: z.record(z.string(), z.unknown()).optional(),
    /** An origin goes down: `refuse`, `silent`, or a status that it answers everything with. */
    down: z.union([z.enum(['refuse', 'silent']), z.number().int().min(400).max(599)]).optional(),
  })
  .refine(({ set, down }) => (set === undefined) !== (down === undefined), 'expected either "set" or "down"')

export const timelineSchema = z.array(changeSchema).max(10_000).default([])

export type Change = z.output<typeof changeSchema>

/** Who carries the changes out. */
export type Stage = Pick<LabControl, 'set' | 'takeDown' | 'bringUp'>

/** A change with those it may happen to, and its own luck. */
export interface Scene {
  readonly change: Change
  readonly targets: readonly Target[]
  readonly random: Random
}

/** Throws SCENARIO_INVALID when a name is unknown or a change would not fit whom it is meant for. */
export function planTimeline(timeline: readonly Change[], cast: Cast, seed: number): Scene[] {
  return timeline.map((change, index) => ({
    change,
    targets: targetsOf(change, cast, `timeline.${index}`),
    random: createRandom(Math.floor(pickHash(seed, `timeline ${index}`) * 2 ** 32)),
  }))
}

/** Arms every change on `after`, a timer that counts from now, the beginning of the world. */
export function playTimeline(
  scenes: readonly Scene[],
  stage: Stage,
  after: (ms: number, fire: () => void) => void,
): void {
  for (const { change, targets, random } of scenes) {
    const perform = (repeats: number) => {
      const chosen = draw(targets, change.share, random)
      for (const target of chosen) begin(target, change, stage)
      if (change.forMs !== undefined) {
        after(change.forMs, () => {
          for (const target of chosen) undo(target, change, stage)
        })
      }
      if (change.everyMs !== undefined && repeats > 1) after(change.everyMs, () => perform(repeats - 1))
    }
    after(change.atMs, () => perform(change.times ?? Number.POSITIVE_INFINITY))
  }
}

type Target = { readonly origin: OriginRole } | { readonly proxy: ProxyRole }

function begin(target: Target, { set, down }: Change, stage: Stage): void {
  if (set !== undefined) void stage.set(nameOf(target), set)
  else void stage.takeDown(nameOf(target), down)
}

/** Back to what the scenario says, whatever else has changed since. */
function undo(target: Target, { set }: Change, stage: Stage): void {
  const name = nameOf(target)
  if (set === undefined) void stage.bringUp(name)
  else {
    const own: Patch = 'proxy' in target ? target.proxy.behaviour : target.origin.manners
    void stage.set(name, Object.fromEntries(Object.keys(set).map((key) => [key, own[key] ?? null])))
  }
}

function nameOf(target: Target): string {
  return 'proxy' in target ? target.proxy.name : target.origin.name
}

function targetsOf(change: Change, { origins, proxies }: Cast, path: string): Target[] {
  const { of, set, down } = change
  const targets = [of].flat().flatMap((name): Target[] => {
    const origin = origins.find((each) => each.name === name)
    if (origin) return [{ origin }]
    const found = proxies.filter((each) => name === '*' || each.name === name || each.group === name)
    if (found.length > 0) return found.map((proxy) => ({ proxy }))
    throw wrong(path, `there is no proxy, group or origin "${name}"`)
  })
  for (const target of targets) {
    if ('origin' in target) {
      if (set) patchManners(target.origin.name, target.origin.manners, set)
    } else if (set) patchBehaviour(target.proxy.name, target.proxy.behaviour, set)
    else if (down !== undefined) {
      throw wrong(
        path,
        `"${target.proxy.name}" is a proxy; "down" is for origins, { "fault": "dead" } for proxies`,
      )
    }
  }
  return targets
}

/** The first of a partial shuffle (Fisher and Yates). */
function draw<Item>(items: readonly Item[], share: number, random: Random): Item[] {
  const count = Math.max(1, Math.round(items.length * share))
  if (count >= items.length) return [...items]
  const left = [...items]
  for (let at = 0; at < count; at++) {
    const other = at + pickIndex(random, left.length - at)
    ;[left[at], left[other]] = [left[other]!, left[at]!]
  }
  return left.slice(0, count)
}

function wrong(path: string, why: string): RegattaError {
  return new RegattaError('SCENARIO_INVALID', `Scenario "${path}": ${why}.`, { value: { path } })
}
