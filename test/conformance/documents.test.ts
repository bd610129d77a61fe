import { dialectOf } from '../../src/source/markup.ts'
import { readDocument } from '../../src/source/read-document.ts'
import { checkStandard } from './check.ts'
import { at, standard } from './documents.cases.ts'

checkStandard(standard, ({ html, ask, type = 'text/html' }) => {
  const document = readDocument(html, dialectOf(type), { url: at, encoding: 'utf-8' })
  if (ask === 'links') return document.links.map(({ url }) => onHost(url))
  if (ask === 'headings') return document.headings.map(({ level, text }) => `${level} ${text}`)
  if (ask === 'canonical') return document.canonical === undefined ? undefined : onHost(document.canonical)
  return document[ask]
})

function onHost(url: string): string {
  return url.startsWith('https://a.example/') ? url.slice('https://a.example'.length) : url
}
