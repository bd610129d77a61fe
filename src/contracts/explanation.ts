import type { AttemptReason, ParkReason } from './events.ts'
import type { Fault, Phase, VerdictKind } from './outcome.ts'
import type { HeldFor, Judgement } from './trust.ts'

/**
 * Why a request went as it did: what `crawler.explain()` gives, what `regatta explain` shows, and what a state keeps of it.
 * Plain JSON: labels, numbers and slugs, URLs without their secrets; no header, cookie or body.
 */
export interface Explanation extends RequestLife {
  /** In plain words: what became of it, why, and what to do. One line. */
  readonly answer: string
  /** Lives of the same request before this one, oldest first: it was put back, tried again, visited again or corrected. */
  readonly earlier: readonly RequestLife[]
}

/** One life of a request: from the moment at which it is taken up to its end, or to its way back into the queue. */
export interface RequestLife {
  /** The task's id. */
  readonly task: string
  /** The crawl that it is for, if it is for one. */
  readonly crawl?: string | undefined
  /** The crawl's id of the request. */
  readonly request?: string | undefined
  /** What was asked for. */
  readonly url: string
  /** The pool's key. */
  readonly host: string
  /** Hops from a seed. */
  readonly depth?: number | undefined
  /** The page it was found on; undefined for a seed. */
  readonly foundOn?: string | undefined
  /** Why it lives again, where this is not its first life. */
  readonly again?: LivesAgain | undefined
  /** Wall-clock milliseconds of `acceptedAt`. */
  readonly begunAt: number
  /** Clock time in ms; all other times of this life are on the same clock. */
  readonly acceptedAt: number
  /** Clock time in ms; undefined while it is under way. */
  readonly settledAt: number | undefined
  /** The verdict that decided; undefined while it is under way. */
  readonly verdict: VerdictKind | undefined
  /** Its reason, or that of the crawl where it says more; undefined while it is under way. */
  readonly reason: string | undefined
  /** A sentence for people, where there is one. */
  readonly detail?: string | undefined
  /** Number of the attempt that brought the answer, from 1; undefined where there is none yet. */
  readonly answeredBy: number | undefined
  /** How it ended; `running` while it is under way. */
  readonly end: LifeEnd
  /** Why it was kept. */
  readonly kept: KeptFor
  /** Every wait, every attempt and what came of it, and what the crawl did with it, in order. */
  readonly timeline: readonly ExplanationStep[]
}

/** Why a request lives once more. */
export type LivesAgain =
  | 'requeued' // it had been put back, or its process ended
  | 'revisit' // its page is visited again
  | 'correction' // the exit that brought its page was found lying

/** How a life ended. */
export type LifeEnd =
  | 'answered' // it has its answer, and in a crawl its page was read and settled
  | 'failed' // it was given up
  | 'skipped' // it was not asked for, or its page was left out
  | 'requeued' // it went back into its queue
  | 'running' // it is under way
  | 'interrupted' // its process ended in the middle

/** Why a life is kept. */
export type KeptFor =
  | 'failed' // it failed, was skipped, or went back: always kept
  | 'slow' // it took longer than most, or than the option `explain.slow`
  | 'sampled' // one of those that are kept of the good ones
  | 'recent' // it has only just ended
  | 'running' // it is under way

/** Why this proxy. */
export interface Choice {
  /** `strategy`: by the strategy. The others name what left no choice, or none to the strategy. */
  readonly by: ChosenBy
  /** The strategy's name. */
  readonly strategy: string
  /** The posterior that was sampled: α, the prior included; undefined where the strategy does not ask for it. */
  readonly alpha?: number | undefined
  /** Its β. */
  readonly beta?: number | undefined
  /** The probability of success that was drawn, in [0, 1]; of an urgent attempt the mean, which is not drawn. */
  readonly drawn?: number | undefined
  /** Expected milliseconds to a good answer by that draw: the smallest of them was taken. */
  readonly cost?: number | undefined
  /** The next best candidates, best first; at most three. */
  readonly others: readonly OtherChoice[]
}

/** A candidate that was not taken. */
export interface OtherChoice {
  /** The proxy's label. */
  readonly proxy: string
  /** The probability of success that was drawn. */
  readonly drawn: number
  /** Expected milliseconds to a good answer by that draw. */
  readonly cost: number
}

/** Who has chosen a proxy. */
export type ChosenBy =
  | 'strategy' // the pool's strategy, among the candidates
  | 'bound' // only this one would do: it was named, holds the session, or brought the redirect
  | 'suspect' // it has said something else than others, and is looked at soon
  | 'probe' // none is closed, or a breaker wants to know: the half-open one that waited longest
  | 'canary' // the host is down: the proxy that succeeded last, anywhere
  | 'anyone' // this machine is off the network: no record can be trusted

/** How many proxies of the fleet could be chosen at that moment, and what kept the others away. */
export interface Gates {
  /** Proxies that were looked at; at most 64. */
  readonly total: number
  /** Might be used now. */
  readonly free: number
  /** In their interval at this host, or asked to rest. */
  readonly interval: number
  /** Busy: as many requests under way as they bear. */
  readonly busy: number
  /** Open, here or for all hosts. */
  readonly open: number
  /** Half-open: a probe is due or under way. */
  readonly probing: number
  /** Isolated or retired. */
  readonly out: number
  /** Their account is refused. */
  readonly account: number
  /** Asked by this very request already: under way, or failed. */
  readonly asked: number
  /** Kept out by the host's filter. */
  readonly filtered: number
}

/** Why a second attempt started when it did. */
export interface HedgeTiming {
  /** Milliseconds after the start of the oldest attempt under way at which it became due. */
  readonly delayMs: number
  /** Where that comes from. */
  readonly from: HedgeRule
}

/** Where the delay of a hedge comes from. */
export type HedgeRule =
  | 'unlikely' // those under way are more likely to fail than not: `hedge.minDelay`
  | 'cold' // nothing is known of the host: `hedge.coldDelay`
  | 'p95' // 95 in 100 answers of this host come sooner
  | 'p99' // 99 in 100 do; p95 is so near that a hedge could not win
  | 'least' // the host is quicker than `hedge.minDelay`
  | 'most' // the host is slower than a third of `timeouts.firstByte`

/** Milliseconds in each phase that an attempt was in. */
export type PhaseTimes = Partial<Readonly<Record<Phase, number>>>

/** What every step has. */
interface At {
  /** Clock time in ms. */
  readonly at: number
}

/** One step in the life of a request. */
export type ExplanationStep =
  | (At & {
      /** The URL that is asked for from now on. */
      readonly step: 'redirect'
      /** Where it leads. */
      readonly to: string
    })
  | (At & {
      /** It waits. */
      readonly step: 'parked'
      /** What it waits for. */
      readonly reason: ParkReason
      /** Clock time in ms of the earliest moment it could run; undefined when an event must come first. */
      readonly until: number | undefined
      /** What keeps the proxies away. */
      readonly gates?: Gates | undefined
    })
  | (At & {
      /** It waits for something that is no proxy. */
      readonly step: 'waits'
      /** What for. */
      readonly reason: OtherWait
      /** Clock time in ms at which it ends; undefined when an event ends it. */
      readonly until: number | undefined
    })
  | (At & {
      /** What it had to wait for before is over: it stands in line for a proxy from now on. */
      readonly step: 'lined'
    })
  | (At & {
      /** An attempt starts. */
      readonly step: 'attempt'
      /** The attempt's number within the task, from 1. */
      readonly attempt: number
      /** The proxy's label. */
      readonly proxy: string
      /** Why it was started. */
      readonly why: AttemptReason
      /** Posterior mean of success when it was chosen. */
      readonly expected: number
      /** Proxies it was chosen from. */
      readonly candidates: number
      /** Why this proxy. */
      readonly chosen: Choice
      /** What kept the others away, of an attempt that is not its task's first. */
      readonly gates?: Gates | undefined
      /** Of a hedge: why then. */
      readonly hedge?: HedgeTiming | undefined
    })
  | (At & {
      /** An attempt has ended and was judged. */
      readonly step: 'outcome'
      /** The attempt's number within the task, from 1. */
      readonly attempt: number
      /** The proxy's label. */
      readonly proxy: string
      /** Whose doing it was. */
      readonly verdict: VerdictKind
      /** A stable slug. */
      readonly reason: string
      /** What gave the verdict: `fault`, `status`, `captcha`, … or `own` for a classifier of the user's. */
      readonly rule: string
      /** How it broke, where no answer came. */
      readonly fault?: Pick<Fault, 'phase' | 'cause'> | undefined
      /** A sentence about that. */
      readonly detail?: string | undefined
      /** HTTP status, where an answer came. */
      readonly status?: number | undefined
      /** Milliseconds from the attempt's start to its end. */
      readonly elapsedMs: number
      /** How long it was in each phase. */
      readonly phases: PhaseTimes
      /** Bytes of the body on the wire. */
      readonly bytes: number
      /** Whether a kept connection carried it. */
      readonly reused: boolean
      /** How much of the failure is blamed on whom, each in [0, 1]. */
      readonly blame: {
        /** Share of the proxy, over all hosts. */
        readonly proxy: number
        /** Share of the proxy at this host. */
        readonly pair: number
        /** Share of the host. */
        readonly host: number
      }
      /** The blame was given back: it turned out to be the page, or the host. */
      readonly isRefunded: boolean
      /** Whether its answer became the task's answer as soon as it came, without a comparison. */
      readonly won: boolean
    })
  | (At & {
      /** An answer is held until others have been asked the same (docs/trust.md). */
      readonly step: 'held'
      /** The label of the proxy whose answer is held. */
      readonly proxy: string
      /** Why it is. */
      readonly reason: HeldFor
    })
  | (At & {
      /** What came of an answer that was held. */
      readonly step: 'judged'
    } & Judgement)
  | (At & {
      /** Its page was read. */
      readonly step: 'read'
      /** HTTP status. */
      readonly status: number
      /** Items, edges and requests that it gave. */
      readonly items: number
      /** Edges. */
      readonly edges: number
      /** Requests, known ones included. */
      readonly links: number
      /** Label of the proxy that brought it, or `cache`. */
      readonly via: string
    })
  | (At & {
      /** How the crawl ended it. */
      readonly step: 'settled'
      /** `done`, or `dead` (a dead letter), `skipped`, or back in the queue. */
      readonly as: 'done' | 'dead' | 'skipped' | 'requeued'
      /** A stable slug. */
      readonly reason?: string | undefined
      /** A sentence for people. */
      readonly detail?: string | undefined
      /** Back in the queue: clock time in ms before which it is not taken again. */
      readonly until?: number | undefined
    })
  | (At & {
      /** Its outputs are safe in every sink, or one cannot take them. */
      readonly step: 'stored'
      /** Names of the sinks. */
      readonly sinks: readonly string[]
      /** Records. */
      readonly records: number
      /** Why they are not, where they are not. */
      readonly failure?: string | undefined
    })

/** What a request waits for beside a proxy. */
export type OtherWait =
  | 'robots' // robots.txt of its host
  | 'session' // its session begins
  | 'room' // as many tasks as `capacity` are under way
  | 'backoff' // the pause after a failed attempt
  | 'challenge' // the resolver of a challenge
