// The demonstration in a real browser: its mail, the post, the schedule.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { check, demonstration, launch, signIn } from './browser.mjs'

let demo, browser

before(async () => {
  demo = await demonstration('--children-on-plan', '60')
  browser = await launch()
})

after(async () => {
  await browser?.close()
  demo?.end()
})

async function signedIn (role) {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  await signIn(page, demo.address, `${role}@demo.example`, demo.password)
  return page
}

test('every role of the demonstration signs in and has something to look at', async () => {
  for (const role of ['administrator', 'chair', 'qa-manager', 'paqa-member', 'system-administrator']) {
    const page = await signedIn(role)
    assert.match(await page.textContent('body'), /Demonstration: every record/)
    assert.ok(await page.locator('main table tbody tr').count() > 0, role)
    await check(page, `demo-first-page-of-${role}`)
  }
})

test('the mail, a letter, and its layout', async () => {
  const page = await signedIn('chair')
  await page.click('text=Read the mail')
  await check(page, 'demo-mail')
  // The newest may be a notice, which has no sender's address in it.
  await page.locator('tbody a').filter({ hasNotText: 'improvement action' }).first().click()
  await check(page, 'demo-letter')
  await page.click('text=with its layout')
  assert.match(await page.textContent('body'), /Larkshire/)
})

test('the post: a letter as it was sent, and everything held back and let go', async () => {
  const page = await signedIn('system-administrator')
  await page.goto(`${demo.address}/post`)
  await page.locator('tbody a').first().click()
  await check(page, 'post-letter')
  await page.click('text=Post >> nth=0')
  await page.click('button:has-text("Hold the post back")')
  assert.match(await page.title(), /^Error: /)
  await check(page, 'post-refused')
  await page.fill('#why', 'A wrong telephone number is in the letters.')
  await page.click('button:has-text("Hold the post back")')
  assert.match(await page.textContent('.govuk-warning-text'), /wrong telephone number/)
  await check(page, 'post-held-back')
  await page.click('button:has-text("Let the post go again")')
  assert.equal(await page.locator('.govuk-warning-text').count(), 0)
  await page.click('text=given up')
  await check(page, 'post-empty')
})

test('the schedule, and a task run now', async () => {
  const page = await signedIn('system-administrator')
  await page.click('text=Schedule')
  await page.click('button:has-text("Run sessions now")')
  assert.match(await page.textContent('.govuk-notification-banner'), /sessions ran/)
  await check(page, 'schedule')
})
