// Signing in at an identity provider: a certified implementation of OpenID Connect on loopback, a real browser,
// and Quorate between them.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import Provider from 'oidc-provider'
import { check, launch, program, root, serve } from './browser.mjs'

const people = {
  sam: { name: 'Sam Rivers', email: 'sam@council.example', email_verified: true, groups: ['staff', 'quorate-administrators'] },
  kim: { name: 'Kim Doe', email: 'kim@council.example', email_verified: true, groups: ['staff'] },
  lee: { name: 'Lee Poe', email: 'qa@quorate.example', email_verified: true, groups: ['quorate-qa'] },
  pat: { name: 'Pat Roe', email: 'pat@council.example', email_verified: false, groups: ['quorate-qa'] }
}

let folder, issuer, provider, listening, server, address, browser

const freePort = () => new Promise(resolve => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address()
    probe.close(() => resolve(port))
  })
})

const key = kid => ({ ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }), kid, use: 'sig', alg: 'RS256' })

/** The provider, signing with these keys. */
function start (port, keys) {
  provider = new Provider(issuer, {
    clients: [{
      client_id: 'quorate',
      client_secret: 'a secret: with / odd & signs',
      redirect_uris: [`${address}/sign-in/provider/back`],
      backchannel_logout_uri: `${address}/sign-in/provider/ended`,
      backchannel_logout_session_required: true
    }],
    jwks: { keys },
    cookies: { keys: ['for a test only'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
    features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true } },
    // The provider's own refuses to call loopback.
    fetch: (url, options) => { const { dispatcher, ...rest } = options; return fetch(url, rest) },
    pkce: { required: () => true },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
    renderError: (ctx, out) => { ctx.type = 'text'; ctx.body = JSON.stringify(out) }
  })
  if (process.env.LOUD) {
    for (const event of ['backchannel.error', 'backchannel.success', 'server_error', 'end_session.error', 'end_session.success']) {
      provider.on(event, (...all) => console.log(event, all.find(one => one instanceof Error)))
    }
  }
  return new Promise(resolve => { listening = provider.listen(port, '127.0.0.1', resolve) })
}

const stop = () => new Promise(resolve => { listening.closeAllConnections(); listening.close(resolve) })

const settings = () => ({
  ...process.env,
  QUORATE__SERVER__ADDRESS: address,
  QUORATE__ACCESS__PROVIDER__NAME: 'your council account',
  QUORATE__ACCESS__PROVIDER__ISSUER: issuer,
  QUORATE__ACCESS__PROVIDER__CLIENT_ID: 'quorate',
  QUORATE__ACCESS__PROVIDER__CLIENT_SECRET: 'a secret: with / odd & signs',
  QUORATE__ACCESS__PROVIDER__ROLES: 'quorate-administrators=administrator,quorate-qa=qa_manager'
})

function quorate (args, input = '') {
  const at = ['--config', join(root, 'config/rehearsal.toml')]
  return execFileSync(program, [...at, ...args], { cwd: folder, input, encoding: 'utf8', env: settings(), stdio: ['pipe', 'pipe', 'pipe'] })
}

let port

async function open (more = {}) {
  const args = ['--config', join(root, 'config/rehearsal.toml'), 'serve', '--listen', address.slice('http://'.length)]
  ;({ server } = await serve(args, { cwd: folder, env: { ...settings(), ...more }, stdio: ['ignore', 'pipe', process.env.LOUD ? 'inherit' : 'ignore'] }))
}

async function close () {
  const ended = new Promise(resolve => server.once('exit', resolve))
  server.kill()
  await ended
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-provider-'))
  port = await freePort()
  issuer = `http://127.0.0.1:${port}`
  address = `http://127.0.0.1:${await freePort()}`
  await start(port, [key('first')])
  quorate(['account', 'add', 'qa@quorate.example', '--name', 'Lee', '--role', 'paqa_member', '--password-stdin'], 'a long enough password')
  await open()
  browser = await launch()
})

after(async () => {
  await browser?.close()
  server?.kill()
  await stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Somebody goes through the provider's own pages. */
async function signIn (login, page) {
  page ??= await (await browser.newContext()).newPage()
  await page.goto(`${address}/sign-in`)
  await through(page, login)
  return page
}

async function through (page, login) {
  await page.click('button:has-text("Sign in with your council account")')
  await page.waitForURL(url => url.href.startsWith(issuer) || url.pathname === '/sign-in/provider/back')
  if (await page.locator('input[name=login]').count()) {
    await page.fill('input[name=login]', login)
    await page.fill('input[name=password]', 'anything')
    await page.click('button[type=submit]')
  }
  await page.waitForLoadState()
  if (page.url().startsWith(issuer)) await page.click('button[type=submit]')
  await page.waitForURL(`${address}/**`)
}

test('an account is made at the first sign-in, with the role of its group', async () => {
  const page = await (await browser.newContext()).newPage()
  await page.goto(`${address}/sign-in`)
  await check(page, 'sign-in with a provider')
  await signIn('sam', page)
  assert.equal(new URL(page.url()).pathname, '/')
  assert.match(await page.textContent('nav'), /Sam Rivers, conference administrator/)
  const again = await signIn('sam')
  assert.match(await again.textContent('nav'), /Sam Rivers/)
})

test('the groups of today give the role of today', async () => {
  people.sam.groups = ['quorate-qa']
  const page = await signIn('sam')
  assert.match(await page.textContent('nav'), /Sam Rivers, QA manager/)
  people.sam.groups = ['quorate-administrators']
  await signIn('sam')
  await page.goto(address)
  assert.match(page.url(), /sign-in/, 'sessions of the role before have ended')
})

test('who is in no group, or has an address that nobody vouches for, gets no further', async () => {
  for (const [login, told] of [['kim', /in none of the groups/], ['pat', /no mail address that is vouched for/]]) {
    const page = await signIn(login)
    assert.match(await page.textContent('main'), told)
    await page.goto(address)
    assert.match(page.url(), /sign-in/)
  }
})

test('an account that was here is linked, and its password here ends', async () => {
  const page = await signIn('lee')
  assert.match(await page.textContent('nav'), /Lee, QA manager/, 'the name that was here stays')
  const local = await (await browser.newContext()).newPage()
  await local.goto(`${address}/sign-in`)
  await local.fill('#email', 'qa@quorate.example')
  await local.fill('#password', 'a long enough password')
  await local.click('button:has-text("Sign in") >> nth=0')
  assert.match(await local.textContent('main'), /is not right/)
})

test('keys that the provider rotates are fetched', async () => {
  await stop()
  await start(port, [key('second')])
  await new Promise(resolve => setTimeout(resolve, 10_500))
  const page = await signIn('sam')
  assert.match(await page.textContent('nav'), /Sam Rivers/)
})

test('signing out at the provider ends the session here', async () => {
  const page = await signIn('sam')
  await page.goto(`${issuer}/session/end`)
  await page.click('button[value=yes]')
  await page.waitForLoadState()
  await page.goto(address)
  assert.match(page.url(), /sign-in/)
})

test('a logout token counts once', async () => {
  let caught
  const real = globalThis.fetch
  globalThis.fetch = (url, options) => { caught = [url, options]; return real(url, options) }
  const page = await signIn('sam')
  await page.goto(`${issuer}/session/end`)
  await page.click('button[value=yes]')
  await page.waitForLoadState()
  globalThis.fetch = real
  assert.equal((await fetch(...caught)).status, 400, 'sent again')
})

test('an answer that was not asked for here is not taken', async () => {
  const page = await (await browser.newContext()).newPage()
  for (const path of ['?code=x&state=y', '?state=y', '?error=access_denied']) {
    await page.goto(`${address}/sign-in/provider/back${path}`)
    assert.match(await page.textContent('main'), /not begun here/)
  }
  const forged = await fetch(`${address}/sign-in/provider/ended`, {
    method: 'POST', body: new URLSearchParams({ logout_token: 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJzYW0ifQ.' })
  })
  assert.equal(forged.status, 400)
})

test('what was entered when a session had ended is kept through the provider too', async () => {
  const page = await signIn('lee')
  await page.goto(`${address}/holds`)
  await close()
  await open({ QUORATE__ACCESS__IDLE_MINUTES: '0' })
  await page.fill('#reference', 'NOBODY')
  await page.fill('#why', 'court order 12')
  await page.click('button:has-text("Place the hold")')
  assert.match(await page.textContent('main'), /what you entered is kept/)
  await close()
  await open()
  await through(page, 'lee')
  await page.click('button:has-text("Save it now")')
  assert.match(await page.textContent('main'), /no conference and no child with this reference/)
})
