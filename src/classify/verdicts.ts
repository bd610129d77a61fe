import type { Verdict, VerdictKind } from '../contracts/outcome.ts'

/**
 * Every reason a built-in rule gives, with its kind and a sentence. Reasons are for people, metrics and agreement tests,
 * so they never change their meaning; documentation prints this table. Faults keep their cause as the reason. A status
 * that needs no further story is `status-` and its number, listed here once as `status-*`.
 */
interface Reason {
  readonly kinds: readonly VerdictKind[]
  readonly meaning: string
}

export const verdictReasons = {
  ok: { kinds: ['success'], meaning: 'A good answer.' },
  accepted: {
    kinds: ['success', 'final'],
    meaning: 'A rule would refuse it; the caller takes it as it is, or all exits bring the same.',
  },
  'status-*': {
    kinds: ['final', 'blocked', 'target', 'rate-limited', 'transient'],
    meaning: 'The status says it all: 404 is final, 403 a block, 500 the target, 429 a limit, 408 the path.',
  },

  // refusals and challenges
  challenge: { kinds: ['challenge'], meaning: 'A challenge page of a vendor that cannot be told.' },
  'challenge-cloudflare': { kinds: ['challenge'], meaning: 'Cloudflare asks for proof of a browser.' },
  'challenge-akamai': { kinds: ['challenge'], meaning: 'Akamai asks for proof of a browser.' },
  'challenge-datadome': { kinds: ['challenge'], meaning: 'DataDome asks for proof of a browser.' },
  'challenge-perimeterx': {
    kinds: ['challenge'],
    meaning: 'HUMAN (PerimeterX) asks for proof of a browser.',
  },
  'challenge-imperva': { kinds: ['challenge'], meaning: 'Imperva (Incapsula) asks for proof of a browser.' },
  'challenge-aws': { kinds: ['challenge'], meaning: 'AWS WAF asks for proof of a browser.' },
  'challenge-kasada': { kinds: ['challenge'], meaning: 'Kasada asks for proof of a browser.' },
  'challenge-vercel': { kinds: ['challenge'], meaning: 'Vercel asks for proof of a browser.' },
  'denied-by-firewall': { kinds: ['blocked'], meaning: 'A web firewall names itself and refuses this exit.' },
  captcha: { kinds: ['blocked'], meaning: 'A small page that holds a captcha instead of content.' },
  'soft-block': {
    kinds: ['blocked'],
    meaning: 'A small page with a good status that says access is refused.',
  },
  'empty-body': { kinds: ['blocked'], meaning: 'Status 200 and no content where content belongs.' },
  'shape-outlier': {
    kinds: ['blocked'],
    meaning: 'Far smaller than the good pages of this host, and bare of what they have.',
  },
  'redirect-login': {
    kinds: ['blocked', 'final'],
    meaning: 'The request ended at a login page; within a session, its owner is told and no proxy is blamed.',
  },
  'session-invalid': {
    kinds: ['final'],
    meaning:
      'The session is not accepted any more (401, 403, or as its source says): it begins anew, and no proxy is blamed.',
  },
  'redirect-consent': { kinds: ['blocked'], meaning: 'The request ended at a consent wall.' },
  'redirect-block': { kinds: ['blocked'], meaning: 'The request ended at a block or captcha page.' },
  geo: { kinds: ['blocked'], meaning: 'Not offered in the country of this exit.' },
  'marker-missing': { kinds: ['blocked'], meaning: 'A page without the text that mustContain() asks for.' },
  'wrong-language': {
    kinds: ['blocked'],
    meaning: 'A page in another language than expectLanguage() asks for.',
  },

  // the proxy's own doing
  'proxy-auth': { kinds: ['dead'], meaning: 'The proxy refuses the credential.' },
  'proxy-quota': { kinds: ['dead'], meaning: "The account's traffic or money is used up." },
  'proxy-busy': { kinds: ['rate-limited'], meaning: 'The proxy limits us, not the host.' },
  'proxy-policy': { kinds: ['blocked'], meaning: 'The proxy does not serve this host or port.' },
  'proxy-error': { kinds: ['dead'], meaning: 'The proxy reports a failure of its own.' },
  'host-not-found': { kinds: ['transient'], meaning: 'The proxy finds no host of this name.' },
  'proxy-unreachable-target': {
    kinds: ['transient'],
    meaning: 'The proxy says it could not reach the host.',
  },
  'proxy-gateway': { kinds: ['transient'], meaning: 'A 5xx over plain HTTP that may be the proxy’s own.' },
  'captive-portal': { kinds: ['dead'], meaning: 'A network login page in place of the page.' },
  'top-up': { kinds: ['dead'], meaning: 'A proxy provider asks for money in place of the page.' },
  'injected-page': {
    kinds: ['dead'],
    meaning: 'An advertisement or a foreign server’s page in place of the page.',
  },
  'injected-script': {
    kinds: ['dead'],
    meaning: 'A script or frame of a foreign host at the end of the page.',
  },
  'injected-redirect': {
    kinds: ['dead'],
    meaning: 'Plain HTTP redirected to a network login on a foreign host.',
  },
  'unexpected-html': {
    kinds: ['dead'],
    meaning: 'HTML over plain HTTP from a host or a type that is never HTML.',
  },
  'wrong-page': { kinds: ['dead'], meaning: 'The page says it belongs to another host.' },
  'canary-missing': { kinds: ['dead', 'blocked'], meaning: 'The canary did not recognise the page.' },
  leak: { kinds: ['dead'], meaning: 'The answer shows an address of ours: the proxy hides nothing.' },
} as const satisfies Record<string, Reason>

export type VerdictReason = keyof typeof verdictReasons

type Slug<Kind extends VerdictKind> = {
  [Name in VerdictReason]: Kind extends (typeof verdictReasons)[Name]['kinds'][number] ? Name : never
}[VerdictReason]

type Extra = Omit<Verdict, 'kind' | 'reason'>

/** The one verdict of most answers, shared. */
export const success: Verdict = Object.freeze({ kind: 'success', reason: 'ok' })

export function blocked(reason: Exclude<Slug<'blocked'>, 'status-*'>, extra?: Extra): Verdict {
  return { kind: 'blocked', reason, ...extra }
}

export function challenge(reason: Slug<'challenge'>): Verdict {
  return { kind: 'challenge', reason }
}

export function dead(reason: Slug<'dead'>, extra?: Extra): Verdict {
  return { kind: 'dead', reason, ...extra }
}

export function transient(reason: Exclude<Slug<'transient'>, 'status-*'>): Verdict {
  return { kind: 'transient', reason }
}

/** A verdict whose reason is the status itself. */
export function byStatus(kind: VerdictKind, status: number, extra?: Extra): Verdict {
  return { kind, reason: `status-${status}`, ...extra }
}
