import { describe, expect, it } from 'vitest'
import { createClassifier } from '../../src/classify/chain.ts'
import { context, plain, plainContext, response, seasonedNorm } from './exchanges.ts'
import { harmless, injected, ordinaryPage, refusing } from './fixtures.ts'

const { classify } = createClassifier()

describe('pages with a good status', () => {
  it.each(Object.entries(refusing))('%s is blocked, over TLS and over plain HTTP', (_name, body) => {
    expect(classify(response({ body }), context()).kind).toBe('blocked')
    expect(classify(plain({ body }), plainContext()).kind).toBe('blocked')
  })

  it.each(Object.entries(harmless))(
    '%s passes, and never makes a proxy dead where pages look otherwise',
    (_name, body) => {
      expect(classify(response({ body }), context())).toEqual({ kind: 'success', reason: 'ok' })
      expect(classify(plain({ body }), plainContext())).toEqual({ kind: 'success', reason: 'ok' })
      expect(classify(plain({ body }), plainContext({ norm: seasonedNorm() })).kind).not.toBe('dead')
    },
  )

  it.each(Object.entries(injected))('%s makes the proxy dead over plain HTTP', (_name, body) => {
    expect(classify(plain({ body }), plainContext())).toMatchObject({ kind: 'dead' })
    expect(classify(plain({ body }), plainContext({ norm: seasonedNorm() }))).toMatchObject({ kind: 'dead' })
  })

  it.each(Object.entries(injected))('%s is not held against the proxy within verified TLS', (_name, body) => {
    expect(classify(response({ body }), context()).kind).not.toBe('dead')
  })

  it('a foreign script behind the end is the site’s own once three exits bring it', () => {
    const norm = seasonedNorm()
    const body = injected['a script appended']!
    const judge = (proxy: string, path = '1') => {
      const url = `http://quotes.example/${path}`
      return classify(plain({ body, url }), plainContext({ norm, proxy, url })).kind
    }
    expect(['a', 'a', 'b', 'c'].map((proxy) => judge(proxy))).toEqual(['dead', 'dead', 'dead', 'success'])
    expect(['a', 'b', 'c'].map((proxy) => judge(proxy, '2'))).toEqual(['dead', 'dead', 'success'])
    expect(judge('a', '3')).toBe('success')
  })

  it('two injecting proxies are never believed', () => {
    const norm = seasonedNorm()
    for (let n = 0; n < 200; n++) {
      const url = `http://quotes.example/${n}`
      const body = injected['a script appended']!
      for (const proxy of ['a', 'b']) {
        expect(classify(plain({ body, url }), plainContext({ norm, proxy, url })).kind).toBe('dead')
      }
    }
  })

  it('JSON that speaks of captchas passes, and JSON that is HTML does not', () => {
    const json = { body: '{"text":"access denied, solve the captcha"}', type: 'application/json' }
    expect(classify(plain(json), plainContext()).kind).toBe('success')
    const html = plain({ body: ordinaryPage(1), type: 'application/json' })
    expect(classify(html, plainContext())).toMatchObject({ kind: 'dead', reason: 'unexpected-html' })
  })

  it('a login page that was asked for passes', () => {
    const url = 'https://quotes.example/login'
    const answer = response({ url: 'https://quotes.example/login/', redirects: [url] })
    expect(classify(answer, context({ url })).kind).toBe('success')
  })

  it('a mirror whose pages name another host as canonical passes', () => {
    const mirrored = ordinaryPage().replace(
      '<meta',
      '<link rel="canonical" href="https://docs.example/x"><meta',
    )
    const norm = seasonedNorm(40, () => plain({ body: mirrored }))
    expect(classify(plain({ body: mirrored }), plainContext({ norm })).kind).toBe('success')
  })

  it.each(['', 'text/plain', 'text/css'])(
    'an empty answer of type "%s" to HEAD or of a type that may be empty passes',
    (type) => {
      const empty = response({ body: '', type: type || 'text/html' })
      expect(classify(empty, context({ method: type === '' ? 'HEAD' : 'GET' })).kind).toBe('success')
    },
  )

  it('shape is not judged before 20 good pages', () => {
    const body = '<html><p>Nothing to see.</p></html>'
    expect(classify(response({ body }), context({ norm: seasonedNorm(19) })).kind).toBe('success')
  })
})
