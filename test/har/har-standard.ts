import { createRequire } from 'node:module'
import { Ajv } from 'ajv'

/** What the standard's own JSON schema says against a HAR file; nothing where it is valid. */
export function problemsOf(text: string): readonly string[] {
  return validate(JSON.parse(text)) ? [] : (validate.errors ?? []).map(problemText)
}

const require = createRequire(import.meta.url)
const schemas = require('har-schema') as Readonly<Record<string, { readonly $id: string }>>
const ajv = new Ajv({ strict: false, allErrors: true })
ajv.addMetaSchema(require('ajv/dist/refs/json-schema-draft-06.json') as object)
ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/)
ajv.addFormat('uri', (text) => URL.canParse(text) && /^[!-~]*$/.test(text))
ajv.addFormat('ipv4', true)
ajv.addFormat('ipv6', true)
ajv.addSchema(Object.values(schemas))
const validate = ajv.getSchema('har.json#')!

function problemText({ instancePath, message }: { instancePath: string; message?: string }): string {
  return `${instancePath} ${message}`
}
