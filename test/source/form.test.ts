import { describe, expect, it } from 'vitest'
import type { Form } from '../../src/contracts/form.ts'
import { readForm } from '../../src/source/form.ts'

function page(html: string, url = 'https://shop.test/account/login?next=1'): Response {
  const response = new Response(html, { headers: { 'content-type': 'text/html; charset=utf-8' } })
  Object.defineProperty(response, 'url', { value: url })
  return response
}

const form = (html: string, selector?: string, url?: string): Promise<Form> =>
  readForm(page(html, url), selector)

const login = `
  <form id="search" action="/search"><input name="q"></form>
  <form id="login" method="POST" action="../session">
    <input type="hidden" name="csrf" value="t0k&amp;n">
    <input name="user"><input type="password" name="password">
    <input type="checkbox" name="stay" checked><input type="checkbox" name="news" value="weekly">
    <input type="submit" name="go" value="Log in"><button name="go" value="help">Help</button>
  </form>`

describe('a form', () => {
  it('gives the request that a browser would send, hidden fields and the first button included', async () => {
    const filled = (await form(login, '#login')).fill({ user: 'ann', password: 'a b&c=ü' })
    expect(filled.request()).toEqual({
      url: 'https://shop.test/session',
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'csrf=t0k%26n&user=ann&password=a+b%26c%3D%C3%BC&stay=on&go=Log+in',
    })
  })

  it('of GET puts its fields into the address, in place of what was there', async () => {
    const search = await form('<form action="/find?old=1#x"><input name="q" value="a b"></form>')
    expect(search.request()).toEqual({ url: 'https://shop.test/find?q=a+b', method: 'GET', headers: {} })
  })

  it('without an action goes to the page itself, and one with a base goes by the base', async () => {
    expect((await form('<form></form>')).url).toBe('https://shop.test/account/login?next=1')
    const based = '<base href="https://cdn.test/x/"><form action="y"></form>'
    expect((await form(based)).url).toBe('https://cdn.test/x/y')
  })

  it('is found by the form, by what is in it and by what is around it', async () => {
    for (const selector of ['#login', 'input[name=password]', 'main'])
      expect(
        (await form(`<main>${login.slice(login.indexOf('<form id="login"'))}</main>`, selector)).names,
      ).toContain('csrf')
  })

  it('sends in the encoding of its page, or in the first that it accepts, and says so where it is asked', async () => {
    const fields = '<input name=q value="&#1078; &#252;"><input type=hidden name=_charset_>'
    const inRussian = (html: string) => {
      const headers = { 'content-type': 'text/html; charset=windows-1251' }
      const response = new Response(html, { headers })
      Object.defineProperty(response, 'url', { value: 'https://shop.test/' })
      return readForm(response)
    }
    expect((await inRussian(`<form>${fields}`)).request().url).toBe(
      'https://shop.test/?q=%E6+%26%23252%3B&_charset_=windows-1251',
    )
    const accepting = await inRussian(`<form method=post accept-charset="klingon koi8-r utf-8">${fields}`)
    expect(accepting.request().body).toBe('q=%D6+%26%23252%3B&_charset_=KOI8-R')
    const multipart = await inRussian(`<form method=post enctype=multipart/form-data>${fields}`)
    expect(multipart.request().body).toMatch(/ж ü[\s\S]*UTF-8/)
  })

  it('sends multipart where it says so, and an empty file', async () => {
    const upload = await form(
      `<form method="post" enctype="multipart/form-data"><input name='a"b' value="1"><textarea name="t">
x
y</textarea><input type="file" name="f"></form>`,
    )
    const { headers, body } = upload.request()
    const parts = await new Response(body!, { headers }).formData()
    expect(headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
    expect([...parts.keys()]).toEqual(['a"b', 't', 'f'])
    expect([parts.get('a"b'), parts.get('t')]).toEqual(['1', 'x\r\ny'])
    expect(upload.request()).toEqual(upload.request())
  })

  it('sends what is ticked and selected, not what is disabled, and what belongs to it from elsewhere', async () => {
    const html = `
      <form id="f" method="post">
        <input type="radio" name="size" value="s"><input type="radio" name="size" value="m" checked>
        <select name="country"><option value="de">D</option><option selected>FR</option></select>
        <select name="first"><option disabled>-</option><option value="1">one</option></select>
        <select name="many" multiple><option selected>a</option><option selected>b</option><option>c</option></select>
        <fieldset disabled><input name="locked" value="x"></fieldset>
        <input name="off" value="x" disabled><input value="nameless"><input type="button" name="b" value="x">
        <input name="other" value="x" form="g">
      </form>
      <form id="g"></form><input name="outside" value="1" form="f">`
    const read = await form(html, '#f')
    expect(read.request().body).toBe('size=m&country=FR&first=1&many=a&many=b&outside=1')
    read.fill({ size: 's', many: ['c'], country: 'de', first: null, outside: 2 })
    expect(read.request().body).toBe('size=s&country=de&many=c&outside=2')
    expect([read.value('size'), read.value('first'), read.value('nothing')]).toEqual([
      's',
      undefined,
      undefined,
    ])
  })

  it('ticks and clears boxes, presses another button, and takes a field that a script would add', async () => {
    const read = (await form(login, '#login')).fill({ stay: false, news: true }).add('js', 'on')
    expect(read.request({ button: 'go' }).body).toBe(
      'csrf=t0k%26n&user=&password=&news=weekly&go=Log+in&js=on',
    )
    const html = `<form action="/save"><button name="a" value="1"></button>
      <button name="del" value="1" formaction="/delete" formmethod="post" formenctype="text/plain"></button></form>`
    expect((await form(html)).request({ button: 'del' })).toEqual({
      url: 'https://shop.test/delete',
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'del=1\r\n',
    })
  })

  it.each<[what: string, work: () => Promise<unknown>, message: RegExp]>([
    [
      'a form that is not there',
      () => form(login, '#log-in'),
      /no form "#log-in"; its forms are form#search, form#login\./,
    ],
    ['no form at all', () => form('<p>Hi</p>'), /has no form "form"; it has no form at all\./],
    ['a selector that is none', () => form(login, '[['), /"\[\[" is no CSS selector/],
    [
      'a name that is misspelt',
      async () => (await form(login, '#login')).fill({ pasword: 'S3CRET' }),
      /no field "pasword"; it has csrf, user, password, stay, news/,
    ],
    [
      'a choice that is not offered',
      async () => (await form('<form><input type=radio name=r value=a>')).fill({ r: 'b' }),
      /field "r" offers "a" and nothing else/,
    ],
    [
      'a tick for a text',
      async () => (await form(login, '#login')).fill({ user: true }),
      /"user" is no checkbox/,
    ],
    [
      'a button that is not there',
      async () => (await form(login, '#login')).request({ button: 'x' }),
      /no button "x"/,
    ],
    [
      'an address nobody can ask',
      async () => (await form('<form action="javascript:go()">')).request(),
      /sends to "javascript:go\(\)", and no request can/,
    ],
  ])('says what is wrong with %s', async (_, work, message) => {
    const error = await work().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'SOURCE_FAILED', message: expect.stringMatching(message) })
    expect(JSON.stringify(error) + String(error)).not.toContain('S3CRET')
  })

  it('of twenty thousand fields is read in its time', async () => {
    const inputs = Array.from({ length: 20_000 }, (_, n) => `<input name=f${n} value=${n}>`).join('')
    const began = performance.now()
    expect((await form(`<form>${inputs}</form>`)).request().url.length).toBeGreaterThan(100_000)
    expect(performance.now() - began).toBeLessThan(5_000)
  })

  it('leaves the response to be read, and shows nothing of what was filled in', async () => {
    const { inspect } = await import('node:util')
    const response = page(login)
    const filled = (await readForm(response, '#login')).fill({ password: 'S3CRET' })
    expect(await response.text()).toContain('csrf')
    expect(inspect(filled, { depth: 9 }) + JSON.stringify(filled)).not.toContain('S3CRET')
  })
})
