import { BodyFolder } from '../../src/transport/body-folder.ts'

/** A process that holds a body on disk until it is killed. */
const folder = new BodyFolder({ dir: process.argv[2] })
const { path, file } = await folder.create()
await file.write(Buffer.from('half a body'), 0, 11)
process.stdout.write(path)
setInterval(() => folder, 60_000)
