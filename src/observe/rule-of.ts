import type { Fault } from '../contracts/outcome.ts'

/**
 * What gave a verdict its reason: the table of faults, the status of the answer, the rule of the house that found it
 * (src/classify/rules/), or a classifier of the user's own, whose reasons nobody here knows.
 */
export function ruleOf(reason: string, fault: Fault | undefined): string {
  if (reason === 'standstill') return 'standstill'
  if (fault) return reason === fault.cause ? 'fault' : (rules[reason] ?? 'fault')
  if (/^status-\d+$/.test(reason)) return 'status'
  if (reason.startsWith('challenge')) return 'challenge'
  return rules[reason] ?? 'own'
}

const rules: Readonly<Record<string, string>> = {
  ok: 'none',
  accepted: 'accepted',
  'denied-by-firewall': 'challenge',
  captcha: 'soft-block',
  'soft-block': 'soft-block',
  'empty-body': 'empty-body',
  'shape-outlier': 'shape',
  'redirect-login': 'redirected',
  'redirect-consent': 'redirected',
  'redirect-block': 'redirected',
  geo: 'geo',
  'marker-missing': 'mustContain',
  'wrong-language': 'expectLanguage',
  'proxy-policy': 'proxy-answer',
  'proxy-error': 'proxy-answer',
  'proxy-unreachable-target': 'proxy-answer',
  'proxy-gateway': 'proxy-answer',
  'captive-portal': 'captive-portal',
  'top-up': 'captive-portal',
  'injected-page': 'replaced-page',
  'injected-script': 'appended-script',
  'injected-redirect': 'redirected',
  'unexpected-html': 'unexpected-html',
  'wrong-page': 'wrong-page',
  'canary-missing': 'canary',
  leak: 'leak',
}
