// Booking, inviting, answering and the board in a real browser: by keyboard, at two widths, and the invitation in a
// calendar parser that is not ours.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import ICAL from 'ical.js'
import { check, demonstration, launch, signIn } from './browser.mjs'

let demo, browser

before(async () => {
  demo = await demonstration('--children-on-plan', '30')
  browser = await launch()
})

after(async () => {
  await browser?.close()
  demo?.end()
})

async function signedIn (role, options = {}) {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })).newPage()
  await signIn(page, demo.address, `${role}@demo.example`, demo.password)
  return page
}

// A working day some weeks ahead, as people write it.
function later (days) {
  const day = new Date(Date.now() + days * 86400000)
  while ([0, 6].includes(day.getUTCDay())) day.setUTCDate(day.getUTCDate() + 1)
  return day.toISOString().slice(0, 10).split('-').reverse().join('/')
}

/** The newest message whose text fits, once it has gone. */
async function mailed (fits) {
  for (let tries = 0; tries < 60; tries++) {
    const files = readdirSync(demo.mail).filter(name => name.endsWith('.eml')).map(name => readFileSync(join(demo.mail, name), 'utf8'))
    const found = files.filter(text => fits.test(text))
    if (found.length) return found.at(-1)
    await new Promise(resolve => setTimeout(resolve, 500))
  }
  assert.fail(`no message fits ${fits}`)
}

// The calendar part, out of its transfer encoding.
function calendarOf (message) {
  const part = message.split(/\r?\n--/).find(part => /text\/calendar/i.test(part))
  const [head, ...body] = part.split(/\r?\n\r?\n/)
  const text = body.join('\r\n\r\n')
  if (/base64/i.test(head)) return Buffer.from(text, 'base64').toString('utf8')
  if (/quoted-printable/i.test(head)) {
    const bytes = text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)))
    return Buffer.from(bytes, 'latin1').toString('utf8')
  }
  return text
}

const type = (page, text) => page.keyboard.type(text)
const tab = async (page, times = 1) => { for (let n = 0; n < times; n++) await page.keyboard.press('Tab') }

async function details (page, date) {
  await page.goto(`${demo.address}/book`)
  // From here on the keyboard alone.
  await page.focus('#kind')
  await type(page, 'initial')
  await tab(page); await type(page, later(-7))
  await tab(page); await type(page, 'L700001')
  await tab(page); await type(page, 'neg')
  // Two empty rows, and the button for more.
  await tab(page, 6); await type(page, date)
  await tab(page); await type(page, '13:30')
  await tab(page, 2); await type(page, 'Rowan')
  await tab(page); await page.keyboard.press('ArrowDown'); await page.keyboard.press('ArrowDown')
  await tab(page); await page.keyboard.press('Space')
  await tab(page); await type(page, 'County Hall')
  await tab(page); await type(page, 'https://meet.example/l/abc')
}

test('a conference is booked with the mouse unplugged, and what is wrong with the day is said while typing', async () => {
  const page = await signedIn('administrator')
  await details(page, later(5))
  await page.waitForSelector('#hints li')
  assert.match(await page.textContent('#hints'), /The last day in time is|Invitations that go today/)
  await check(page, 'book-details')
  await page.keyboard.press('Enter')
  await page.waitForSelector('h1:has-text("Whom to invite")')
  await check(page, 'book-list')
  await page.focus('[id="row.0.role"]')
  await page.keyboard.press('Enter')
  await page.waitForSelector('h1:has-text("Check before it is booked")')
  await check(page, 'book-check')
  await page.focus('button:has-text("Book it and send")')
  await page.keyboard.press('Enter')
  await page.waitForSelector('text=The conference is booked.')
  await check(page, 'invitations')
  const reference = /Invitations to (\S+)/.exec(await page.title())[1]

  const message = await mailed(new RegExp(`Subject: .*${reference}`))
  const event = new ICAL.Event(new ICAL.Component(ICAL.parse(calendarOf(message))).getFirstSubcomponent('vevent'))
  assert.match(event.summary, new RegExp(reference))
  assert.equal(event.endDate.toUnixTime() - event.startDate.toUnixTime(), 90 * 60)
  assert.equal(event.startDate.zone, ICAL.Timezone.utcTimezone)
  assert.ok(!/L700001/.test(calendarOf(message)))
  assert.match(event.description, /\n/, 'its text has lines')

  // One invitation: an answer by telephone, wrong and right.
  await page.locator('main tbody a').first().click()
  await check(page, 'invitation')
  await page.click('button:has-text("Record the answer")')
  assert.match(await page.title(), /^Error: /)
  await check(page, 'invitation-refused')
  await page.check('[id="answer.accepted"]')
  await page.click('button:has-text("Record the answer")')
  await page.waitForSelector('text=The answer is recorded.')

  // Moving it says what follows, and is done on the second step.
  await page.click('text=Move it, or change')
  await check(page, 'change')
  await page.fill('#date', later(40))
  await page.click('button:has-text("Continue")')
  await page.waitForSelector('text=invited anew')
  await check(page, 'change-check')
  await page.click('button:has-text("Do it")')
  await page.waitForSelector('text=The conference is moved.')
  await page.click('text=Cancel the conference')
  await check(page, 'cancel')
  await page.click('button:has-text("Cancel the conference")')
  await check(page, 'cancel-refused')
})

test('errors of a booking stand beside their fields, and nothing that was typed is lost', async () => {
  const page = await signedIn('administrator')
  await page.goto(`${demo.address}/book`)
  await page.fill('[id="child.0"]', 'a name')
  await page.click('button.govuk-button:has-text("Continue")')
  assert.match(await page.title(), /^Error: /)
  assert.equal(await page.inputValue('[id="child.0"]'), 'a name')
  await check(page, 'book-refused')
  for (const link of await page.locator('.govuk-error-summary a').all()) {
    const id = (await link.getAttribute('href')).slice(1)
    assert.equal(await page.locator(`[id="${id}"]`).count(), 1, id)
  }
})

test('an invitation is answered by its link in two clicks, with scripts off', async () => {
  const message = await mailed(/Subject: .*new\s+date/)
  const plain = message.replace(/=\r?\n/g, '')
  const path = /\/answer\/[0-9a-f]{64}/.exec(plain)[0]
  const page = await (await browser.newContext({ javaScriptEnabled: false, viewport: { width: 390, height: 844 } })).newPage()
  await page.goto(demo.address + path)
  await page.click('button:has-text("Yes, somebody will come")')
  assert.match(await page.textContent('main'), /Thank you: your answer is recorded/)
  const other = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  await other.goto(demo.address + path)
  await check(other, 'answer')
  await other.goto(`${demo.address}/answer/${'0'.repeat(64)}`)
  await check(other, 'answer-gone')
})

test('the board: what is at risk first, for an administrator and for a chair', async () => {
  for (const role of ['administrator', 'chair']) {
    const page = await signedIn(role)
    await page.click('text=Coming weeks')
    await page.click('text=8 weeks')
    assert.ok(await page.locator('.quorate-card').count() > 0, role)
    await check(page, `board-of-${role}`)
    assert.equal(await page.locator('button:has-text("Remind")').count() > 0, role === 'administrator')
  }
})
