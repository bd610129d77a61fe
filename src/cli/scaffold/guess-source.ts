import { z } from 'zod'
import type { RecordedExchange } from '../../contracts/recording.ts'
import type { Source } from '../../contracts/source.ts'
import { createPage } from '../../source/make-page.ts'
import { UsageError } from '../command-failure.ts'
import type { Guess } from './guess.ts'
import { guessHtml } from './html-guess.ts'
import { guessJson } from './json-guess.ts'

/** What a page shows of its site, as the beginnings of a source; and the page's title. */
export function guessFrom({ url, status, headers, body }: RecordedExchange): { guess: Guess; title: string } {
  const page = createPage({ source: reader, url, status, headers, body })
  if (/[/+]json$/.test(page.mimeType) || (page.mimeType === 'text/plain' && /^\s*[[{]/.test(page.text())))
    return { guess: guessJson(page.json(), url), title: '' }
  if (/html/.test(page.mimeType)) return { guess: guessHtml(page.$, url), title: page.document.title }
  throw new UsageError(
    `${url} is ${page.mimeType === '' ? 'of no known type' : page.mimeType}: a source is guessed from HTML or JSON. Without --from you get a template.`,
  )
}

const reader: Source = {
  name: 'new',
  params: z.object({}),
  item: z.unknown(),
  seeds: () => [],
  parse: () => [],
}
