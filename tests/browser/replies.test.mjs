// An agency answers its letter in a real browser, by keyboard and without scripts, and a QA manager settles what it disputes.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { check, demonstration, launch, signIn } from './browser.mjs'

let demo, browser, links

before(async () => {
  demo = await demonstration('--children-on-plan', '60')
  browser = await launch()
  const wanted = /Subject: [^\r\n]*: (we missed you|thank you|you could not join|your part in it)/
  const files = readdirSync(demo.mail).filter(name => name.endsWith('.eml'))
  const letters = files.map(name => readFileSync(join(demo.mail, name), 'utf8')).filter(text => wanted.test(text))
  const unfolded = letters.map(text => text.replace(/=\r?\n/g, '').replace(/=3D/g, '='))
  const found = unfolded.map(text => ({ date: Date.parse(/Date: ([^\r\n]+)/.exec(text)[1]), link: /\/reply\/[0-9a-f]{64}/.exec(text)?.[0] }))
  links = found.filter(f => f.link).sort((a, b) => b.date - a.date).map(f => f.link)
})

after(async () => {
  await browser?.close()
  demo?.end()
})

const page = async (options = {}) => (await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })).newPage()

async function signedIn (role) {
  const somebody = await page()
  await signIn(somebody, demo.address, `${role}@demo.example`, demo.password)
  return somebody
}

/** The newest letter that is still open, and that nobody has disputed: everything can be said by its link. */
async function undisputed () {
  const scout = await page()
  for (const link of links) {
    const answer = await scout.goto(demo.address + link)
    if (answer.status() !== 200) continue
    await scout.click('button:has-text("Continue")')
    const all = await Promise.all(['disputed', 'explained'].map(say => scout.locator(`#say\\.${say}`).count()))
    if (all.every(count => count > 0)) return demo.address + link
  }
  assert.fail('no letter is open')
}

test('an agency reads what was recorded and disputes it by keyboard alone', async () => {
  const agency = await page()
  await agency.goto(await undisputed())
  await check(agency, 'reply-begin')
  const type = text => agency.keyboard.type(text)
  const press = key => agency.keyboard.press(key)
  await agency.locator('button').focus()
  await press('Enter')
  await agency.waitForSelector('h2:has-text("What we recorded")')
  await check(agency, 'reply')
  await agency.locator('#say\\.acknowledged').focus()
  for (const key of ['Space', 'ArrowDown', 'ArrowDown']) await press(key)
  assert.ok(await agency.isVisible('#dispute'), 'its part opens with the choice')
  assert.ok(!(await agency.isVisible('#words')), 'and the others stay shut')
  await press('Tab')
  for (let n = 0; n < 4; n++) await press(n === 0 ? 'Space' : 'ArrowDown')
  await press('Tab')
  await type('Our colleague was on the call from the start.')
  await press('Tab')
  await type('Ann Field')
  await press('Enter')
  await agency.waitForSelector('.govuk-error-summary')
  assert.match(await agency.title(), /^Error: /)
  assert.equal(await agency.inputValue('#dispute'), 'Our colleague was on the call from the start.')
  await check(agency, 'reply-errors')
  await agency.fill('#role', 'Team lead')
  await press('Enter')
  await agency.waitForSelector('.govuk-notification-banner--success')
  await check(agency, 'reply-done')
})

test('a QA manager settles it beside the evidence, and sees what it restates before', async () => {
  const qa = await signedIn('qa-manager')
  await qa.goto(`${demo.address}/replies`)
  await check(qa, 'replies')
  await qa.locator('section:has-text("Our colleague was on the call") a:has-text("Settle it")').first().click()
  await check(qa, 'settle')
  await qa.click('button:has-text("Continue")')
  await qa.waitForSelector('.govuk-error-summary')
  await qa.check('#verdict\\.upheld')
  await qa.selectOption('#attendance', 'video')
  await qa.click('button:has-text("Continue")')
  await qa.waitForSelector('h2:has-text("What upholding it does")')
  await check(qa, 'settle-check')
  await qa.click('button:has-text("Amend the register, and settle it")')
  await qa.waitForSelector('.govuk-notification-banner--success')
  const conference = await qa.locator('section:has-text("Our colleague was on the call") h3 a').first().getAttribute('href')
  await qa.goto(demo.address + conference)
  await check(qa, 'conference-replies')
})

test('without scripts every part of the reply opens with its choice, and an administrator takes the contact that it names', async () => {
  const agency = await page({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } })
  await agency.goto(await undisputed())
  await agency.click('button:has-text("Continue")')
  for (const [choice, field] of [['explained', '#reason'], ['disputed', '#dispute'], ['nominated', '#nominee_email']]) {
    await agency.check(`#say\\.${choice}`)
    assert.ok(await agency.isVisible(field), field)
  }
  await agency.fill('#nominee_email', 'duty.team@larkshire-health.nhs.example')
  await agency.fill('#name', 'Ann Field')
  await agency.fill('#role', 'Team lead')
  await agency.click('button:has-text("Send")')
  await agency.waitForSelector('.govuk-notification-banner--success')
  const administrator = await signedIn('administrator')
  await administrator.goto(`${demo.address}/replies`)
  await check(administrator, 'replies-administrator')
  await administrator.click('button:has-text("I have checked it")')
  await administrator.waitForSelector('.govuk-notification-banner--success')
  await administrator.goto(`${demo.address}/directory?q=duty.team`)
  assert.ok(await administrator.isVisible('text=duty.team@larkshire-health.nhs.example'))
})
