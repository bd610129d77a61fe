import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Waiter, WaitingQueue } from '../../src/router/waiting.ts'

interface Task extends Waiter {
  readonly name: number
}

const task = (name: number, priority = 2): Task => ({ name, priority, waitingIn: undefined })

const command = fc.oneof(
  fc.record({ do: fc.constant('push' as const), task: fc.nat(30) }),
  fc.record({ do: fc.constant('remove' as const), task: fc.nat(30) }),
  fc.record({
    do: fc.constant('offer' as const),
    answers: fc.array(fc.constantFrom('taken' as const, 'refused' as const, 'stop' as const), {
      maxLength: 12,
    }),
  }),
)

test('everyone who waits is offered in order of lane and arrival, once, and nobody is lost', () => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 200 }), (commands) => {
      const queue = new WaitingQueue<Task>()
      const tasks = Array.from({ length: 31 }, (_, name) => task(name, name % 9))
      let model: Task[] = []
      const inOrder = () =>
        [0, 1, 2, 3, 4, 5, 6, 7].flatMap((lane) =>
          model.filter((each) => Math.min(7, each.priority) === lane),
        )
      for (const each of commands) {
        if (each.do === 'push') {
          const one = tasks[each.task]!
          queue.push(one)
          if (!model.includes(one)) model.push(one)
        } else if (each.do === 'remove') {
          const one = tasks[each.task]!
          queue.remove(one)
          model = model.filter((other) => other !== one)
        } else {
          const expected = inOrder()
          const offered: Task[] = []
          queue.offer((one) => {
            offered.push(one)
            const answer = each.answers[offered.length - 1] ?? 'stop'
            if (answer === 'taken') model = model.filter((other) => other !== one)
            return answer
          })
          expect(offered).toEqual(expected.slice(0, offered.length))
        }
        expect([...queue]).toEqual(inOrder())
        expect(queue.size).toBe(model.length)
      }
    }),
  )
})

test('a task that left and comes again stands at the end', () => {
  const queue = new WaitingQueue<Task>()
  const [first, second] = [task(1), task(2)]
  queue.push(first)
  queue.push(second)
  queue.remove(first)
  queue.push(first)
  expect([...queue].map((each) => each.name)).toEqual([2, 1])
})

test('a waiter that nobody takes does not make the queue remember all who passed it', () => {
  const queue = new WaitingQueue<Task>()
  const stuck = task(-1)
  queue.push(stuck)
  let looks = 0
  for (let name = 0; name < 20_000; name++) {
    queue.push(task(name))
    queue.offer((each) => {
      looks++
      return each === stuck ? 'refused' : 'taken'
    })
  }
  expect(queue.size).toBe(1)
  expect(looks).toBe(40_000)
  // A walk over tombstones would make this take seconds: it is a few milliseconds when they are swept.
  const before = performance.now()
  for (let n = 0; n < 10_000; n++) queue.offer(() => 'refused')
  expect(performance.now() - before).toBeLessThan(500)
})

test('sixteen refusals are enough for one look', () => {
  const queue = new WaitingQueue<Task>()
  for (let name = 0; name < 100; name++) queue.push(task(name))
  let looks = 0
  queue.offer(() => {
    looks++
    return 'refused'
  })
  expect(looks).toBe(16)
})
