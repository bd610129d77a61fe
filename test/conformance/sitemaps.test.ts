import { readSitemaps } from '../../src/source/sitemap.ts'
import { checkStandard } from './check.ts'
import { standard } from './sitemaps.cases.ts'

checkStandard(standard, async ({ files, type = 'application/xml' }) => {
  const fetch = async (url: string) => {
    const file = files[new URL(url).pathname]
    if (file === undefined) return new Response('', { status: 404 })
    return new Response(Buffer.from(file), { headers: { 'content-type': type } })
  }
  const pages: string[] = []
  for await (const url of readSitemaps(['http://www.example.com/sitemap.xml'], { fetch, log() {} }))
    pages.push(url)
  return pages
})
