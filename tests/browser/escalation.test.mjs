// What follows beyond a letter, decided in a real browser by keyboard; letters as they read; oversight; an agency's own page.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { check, demonstration, launch, signIn } from './browser.mjs'

let demo, browser

before(async () => {
  browser = await launch()
  // How many steps a county has to decide on hangs on what day it is.
  for (const children of ['80', '160', '250', '400']) {
    demo = await demonstration('--children-on-plan', children)
    const qa = await signedIn('qa-manager')
    await qa.goto(`${demo.address}/escalation`)
    if (await waiting(qa) > 2) return
    demo.end()
  }
})

after(async () => {
  await browser?.close()
  demo?.end()
})

async function signedIn (role, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  const page = await context.newPage()
  await signIn(page, demo.address, `${role}@demo.example`, demo.password)
  return page
}

const waiting = page => page.locator('.govuk-task-list__item').count()

test('a QA manager reads what led to a step, and decides by keyboard alone', async () => {
  const qa = await signedIn('qa-manager')
  await qa.goto(`${demo.address}/escalation`)
  await check(qa, 'escalation')
  const before = await waiting(qa)
  assert.ok(before > 1, 'the demonstration has steps to decide on')
  await qa.locator('.govuk-task-list__link').first().focus()
  await qa.keyboard.press('Enter')
  await qa.waitForSelector('button[value="approve"]')
  await check(qa, 'escalation-step')
  // Without a reason nothing is declined, and the error leads to the field.
  await qa.locator('button[value="decline"]').focus()
  await qa.keyboard.press('Enter')
  await qa.waitForSelector('.govuk-error-summary')
  await check(qa, 'escalation-error')
  await qa.locator('.govuk-error-summary a').focus()
  await qa.keyboard.press('Enter')
  assert.equal(await qa.evaluate(() => document.activeElement.id), 'because')
  await qa.keyboard.press('ArrowDown')
  await qa.keyboard.press('Tab')
  await qa.keyboard.press('Enter')
  await qa.waitForSelector('.govuk-notification-banner--success')
  assert.equal(await waiting(qa), before - 1)
  await qa.locator('.govuk-task-list__link').first().focus()
  await qa.keyboard.press('Enter')
  await qa.locator('button[value="approve"]').focus()
  await qa.keyboard.press('Enter')
  await qa.waitForSelector('.govuk-notification-banner--success')
  assert.equal(await waiting(qa), before - 2)
  await qa.locator('table a[href^="/escalation/"]').first().click()
  await check(qa, 'escalation-decided')
})

test('with scripts off the same forms decide', async () => {
  const qa = await signedIn('qa-manager', { javaScriptEnabled: false })
  await qa.goto(`${demo.address}/escalation`)
  await qa.locator('.govuk-task-list__link').first().click()
  await qa.locator('select[name="because"]').selectOption('in_touch')
  await qa.locator('button[value="decline"]').click()
  assert.match(await qa.textContent('.govuk-notification-banner__heading'), /not taken/)
})

test('every letter reads on a telephone and in the dark, and its page has no fault', async () => {
  const administrator = await signedIn('administrator')
  await administrator.goto(`${demo.address}/letters`)
  await check(administrator, 'letters')
  const samples = await administrator.locator('main td a').evaluateAll(links => links.map(a => a.getAttribute('href')))
  assert.ok(samples.length > 40)
  await administrator.goto(demo.address + samples[0])
  await check(administrator, 'letter-sample')
  for (const colorScheme of ['light', 'dark']) {
    await administrator.emulateMedia({ colorScheme })
    for (const width of [390, 700]) {
      await administrator.setViewportSize({ width, height: 900 })
      for (const sample of samples) {
        await administrator.goto(`${demo.address}${sample}/as-sent`)
        const wide = await administrator.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        assert.ok(wide <= 0, `${sample} scrolls sideways by ${wide} px at ${width}`)
        if (process.env.SHOTS && sample.endsWith('/0')) {
          await administrator.screenshot({ path: `${process.env.SHOTS}/as-sent${sample.replaceAll('/', '-')}-${width}-${colorScheme}.png`, fullPage: true })
        }
      }
    }
  }
})

test('oversight says that all is as it should be in a year of the demonstration', async () => {
  const administrator = await signedIn('administrator')
  await administrator.goto(`${demo.address}/oversight`)
  await check(administrator, 'oversight')
  assert.equal(await administrator.locator('text=without its feedback').count(), 0)
})

test('an agency sees its letters, its trend and its contact points, and answers from there', async () => {
  const lead = await signedIn('agency-lead')
  await lead.goto(`${demo.address}/agency`)
  await check(lead, 'agency')
  await lead.locator('summary').filter({ hasText: 'The same as a table' }).click()
  assert.equal(await lead.locator('details table tbody tr').count(), 12)
  await lead.locator('form[action^="/agency/contacts/"] button').first().click()
  await lead.waitForSelector('.govuk-notification-banner--success')
  const answer = lead.locator('form[action^="/agency/answer/"] button')
  if (await answer.count()) {
    await answer.first().click()
    await lead.waitForSelector('button:has-text("Continue")')
  }
})
