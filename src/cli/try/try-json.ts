import { jsonForm, NoJsonForm, shownForm } from '../../base/json-form.ts'
import { codeExcerpt } from './code-excerpt.ts'
import { findingOf, type Tried } from './tried.ts'

/** What `regatta try --json` prints: the same as the text, and all of it. */
export function triedJson(tried: Tried): object {
  const { page, life, answer, items, refused, requests, failure, ...rest } = tried
  const attempts = (life?.timeline ?? []).flatMap((step) => {
    if (step.step !== 'outcome') return []
    const { attempt, proxy, verdict, reason, rule, status, elapsedMs, detail } = step
    return [
      {
        attempt,
        proxy,
        verdict,
        reason,
        rule,
        status,
        elapsedMs,
        detail,
        answered: attempt === life?.answeredBy,
      },
    ]
  })
  const decided = attempts.find(({ answered }) => answered) ?? attempts.at(-1)
  return {
    finding: findingOf(tried),
    ...rest,
    answer: answer && { ...answer, elapsedMs: Math.round(answer.elapsedMs) },
    verdict: decided && { kind: decided.verdict, reason: decided.reason, rule: decided.rule },
    attempts,
    title: page === undefined || !isMarkup(page.mimeType) ? undefined : page.document.title,
    items: items.map(asJson),
    requests: requests.map(({ url, label, rest, leftOut }) => ({ url, label, ...rest, leftOut })),
    refused: refused.map(({ value, ...why }) => ({ value: asJson(value), ...why })),
    failure: failure && { ...failure, ...(failure.where && { excerpt: codeExcerpt(failure.where) }) },
  }
}

function isMarkup(mimeType: string): boolean {
  return mimeType === 'text/html' || mimeType === 'application/xhtml+xml'
}

/** As a file would have it. */
function asJson(value: unknown): unknown {
  try {
    return jsonForm(value)
  } catch (error) {
    if (error instanceof NoJsonForm) return shownForm(value)
    throw error
  }
}
