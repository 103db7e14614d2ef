// What the checks and the pictures share: the program, a browser, a look at a page.

import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

export const here = dirname(fileURLToPath(import.meta.url))
export const root = resolve(here, '../..')
export const program = resolve(root, process.env.QUORATE ?? 'target/debug/quorate')

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const shots = process.env.SHOTS
if (shots) mkdirSync(shots, { recursive: true })

export function launch () {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync']
  })
}

/** Starts the program and waits until it says where it is. */
export async function serve (args, options = {}) {
  const server = spawn(program, args, options)
  const address = await new Promise((resolve, reject) => {
    server.stdout.on('data', text => {
      const found = / is at (http:\/\/\S+)/.exec(text)
      if (found) resolve(found[1])
    })
    server.on('exit', code => reject(new Error(`the server ended with ${code}`)))
  })
  return { server, address }
}

/** A demonstration in a folder of its own. */
export async function demonstration (...size) {
  const folder = mkdtempSync(join(tmpdir(), 'quorate-demo-'))
  const args = ['demo', '--folder', join(folder, 'demo'), '--listen', '127.0.0.1:0', ...size]
  execFileSync(program, [...args, '--only-fill'])
  const { server, address } = await serve(args)
  const password = /the password (\S+) as/.exec(readFileSync(join(folder, 'demo/sign-ins.txt'), 'utf8'))[1]
  return { address, password, mail: join(folder, 'demo/mail'), end: () => { server.kill(); rmSync(folder, { recursive: true, force: true }) } }
}

export async function signIn (page, address, email, password) {
  await page.goto(`${address}/sign-in`)
  await page.fill('#email', email)
  await page.fill('#password', password)
  await page.click('button:has-text("Sign in")')
}

/** No axe rule is broken, those for WCAG 2.2 that are off by default among them, and nothing scrolls sideways on a phone. */
export async function check (page, name) {
  if ((await page.title()).length === 0) assert.fail(`${name} has no title`)
  await page.evaluate(axe)
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }))
  const broken = found.violations.map(v => `${v.id}: ${v.help} (${v.nodes.slice(0, 3).map(n => n.target.join(' ')).join('; ')})`)
  assert.deepEqual(broken, [], `axe on ${name}`)
  if (shots) await page.screenshot({ path: join(shots, `${name}-desktop.png`), fullPage: true })
  const size = page.viewportSize()
  await page.setViewportSize({ width: 390, height: 844 })
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  if (shots) await page.screenshot({ path: join(shots, `${name}-phone.png`), fullPage: true })
  assert.ok(wide <= 0, `${name} scrolls sideways by ${wide} px on a phone`)
  await page.setViewportSize(size)
}
