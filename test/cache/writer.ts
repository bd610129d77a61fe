import { argv } from 'node:process'
import { createHttpCache } from '../../src/cache/http-cache.ts'
import { requestOf, responseOf } from '../source/fixtures.ts'

/** A process that writes a hundred answers: `writer.ts <file> <name>`. */
const [, , path, name] = argv
const cache = await createHttpCache({ to: path! })
for (let index = 0; index < 100; index++) {
  const request = requestOf(`http://${name}.example/${index}`)
  await cache.put(request, responseOf(request.url, { body: `${name}${index} `.repeat(300) }))
}
await cache.close()
