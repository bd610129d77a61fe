import { readForm } from '../../src/source/form.ts'
import { checkStandard } from './check.ts'
import { standard } from './forms.cases.ts'

const inAttribute = (text: string) => text.replace(/[^ -~]|["&]/gu, (one) => `&#${one.codePointAt(0)};`)

checkStandard(standard, async ({ name, value, enctype, charset = 'utf-8' }) => {
  const response = new Response(
    `<form method=post enctype="${enctype}" accept-charset="${charset}"><input type=hidden name="${inAttribute(name)}" value="x">`,
    { headers: { 'content-type': 'text/html; charset=utf-8' } },
  )
  Object.defineProperty(response, 'url', { value: 'https://a.example/' })
  const form = await readForm(response)
  const { body = '' } = form.fill({ [form.names[0]!]: value }).request()
  if (enctype === 'multipart/form-data') return body.split('name=')[1]!.replace(/\r\n--.*/s, '')
  return enctype === 'text/plain' ? body.replace(/\r\n$/, '') : body
})
