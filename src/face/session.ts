import type { Dispatcher } from 'undici'
import { assertArgument, hasFunctions } from '../contracts/arguments.ts'
import type { Cookies } from '../contracts/cookies.ts'
import { RegattaError } from '../contracts/errors.ts'
import type { Form } from '../contracts/form.ts'
import { fetchInit } from './fetch-options.ts'
import type { FetchInit } from './fetch-request.ts'

/**
 * Work that must leave through one address from its first request to its last: a crumb and the quote that needs it, a
 * login and the page behind it. When the session's proxy cannot go on, everything starts again from the first step on
 * another proxy, with no cookies; requests of two addresses are never mixed. Each try is one life of the session.
 */
export interface Session {
  /** Unique to this try. */
  readonly key: string
  /** Counting from 1. */
  readonly tryNumber: number
  /** What the site has set in this try, redirects included; each request is sent what belongs to its URL. */
  readonly cookies: Cookies
  /** For code that takes an undici Dispatcher: its requests belong to this try. */
  readonly dispatcher: Dispatcher
  /**
   * Fetches through the session's proxy. Rejects with SESSION_LOST when that is over. A 401 and a redirect to a login are
   * answers like any other.
   */
  fetch(url: string | URL, init?: FetchInit): Promise<Response>
  /** Sends a form that was filled in. */
  submit(form: Form, init?: FetchInit): Promise<Response>
  /** Ends this try: what the caller saw (a 401, an expired crumb) cannot be mended on this proxy. */
  restart(reason: string): never
}

const defaultTries = 10

export async function runSession<Result>(
  work: (session: Session) => Promise<Result>,
  parts: {
    key: string
    tries?: number | undefined
    /** Begins a life with this key: the jar is its own. */
    begin(key: string): Cookies
    fetch(url: string | URL, init: FetchInit): Promise<Response>
    dispatcher(key: string): Dispatcher
    end(key: string): void
  },
): Promise<Result> {
  const tries = parts.tries ?? defaultTries
  for (let tryNumber = 1; ; tryNumber++) {
    const key = `${parts.key}#${tryNumber}`
    let dispatcher: Dispatcher | undefined
    const session: Session = {
      key,
      tryNumber,
      cookies: parts.begin(key),
      get dispatcher() {
        dispatcher ??= parts.dispatcher(key)
        return dispatcher
      },
      fetch: async (url, init) => parts.fetch(url, { ...fetchInit(init, 'session.fetch()'), session: key }),
      submit: async (form, init = {}) => {
        const isForm = hasFunctions(form, 'request')
        assertArgument(isForm, 'session.submit()', 'form', 'a form, as readForm() reads one', form)
        const { url, ...request } = form.request()
        return parts.fetch(url, { ...request, ...init, session: key })
      },
      restart: (reason) => {
        assertArgument(typeof reason === 'string', 'session.restart()', 'reason', 'a text', reason)
        throw new RegattaError('SESSION_LOST', `Session ${parts.key} was given up by its owner: ${reason}.`, {
          value: { reason, verdict: undefined, status: undefined, attempts: 0 },
        })
      },
    }
    try {
      return await work(session)
    } catch (error) {
      const isLost = error instanceof RegattaError && error.code === 'SESSION_LOST'
      if (!isLost || tryNumber >= tries) throw error
    } finally {
      parts.end(key)
    }
  }
}
