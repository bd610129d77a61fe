import { useEffect, useState } from 'preact/hooks'

/**
 * A value that components follow. The stream brings a dozen messages a second, and each has its own readers: a component is drawn
 * again for what it shows, and not for what it does not.
 */
export class Topic<Value> {
  #value: Value
  readonly #listeners = new Set<() => void>()

  constructor(first: Value) {
    this.#value = first
  }

  get value(): Value {
    return this.#value
  }

  set(value: Value): void {
    if (Object.is(value, this.#value)) return
    this.#value = value
    for (const listener of this.#listeners) listener()
  }

  /** Until the returned function is called. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** The value now, and the component once more when there is another. */
export function useTopic<Value>(topic: Topic<Value>): Value {
  const [, draw] = useState(0)
  const shown = topic.value
  useEffect(() => {
    const again = () => draw((count) => count + 1)
    // It may have changed between the drawing and this.
    if (!Object.is(shown, topic.value)) again()
    return topic.listen(again)
  }, [topic])
  return shown
}
