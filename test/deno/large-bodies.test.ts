/** Files, streams, codings and locks are the runtime's own: what holds under Node has to hold here. */
import '../face/large-bodies.test.ts'
import '../source/save.test.ts'
import '../transport/large-bodies.test.ts'
