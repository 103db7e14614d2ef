// Every page in a real browser: no axe rule is broken, nothing scrolls sideways on a phone, and the
// main job can be done with scripts off and by keyboard alone.
//
// QUORATE is the program to test, CHROMIUM the browser. SHOTS, if set, is a folder for screenshots.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { check, here, launch, program, root, serve, signIn } from './browser.mjs'

const password = 'a long enough password'

let folder, server, address, browser, open, ending

function quorate (args, input = '') {
  const at = ['--config', join(root, 'config/rehearsal.toml')]
  return execFileSync(program, [...at, ...args], { cwd: folder, input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] })
}

// The sample's year, moved so that its last day is today: registers are open in the weeks before, and
// nothing in it lies in the future.
function sampleEndingToday () {
  const data = join(here, '../data/oxfordshire-2026')
  const target = join(folder, 'records')
  mkdirSync(target)
  const days = Math.round((Date.now() - Date.parse('2026-12-31')) / 86400000 / 7) * 7 - 7
  const move = text => text.replace(/\b\d{4}-\d{2}-\d{2}\b/g, day =>
    new Date(Date.parse(day) + days * 86400000).toISOString().slice(0, 10))
  const write = (name, text) => execFileSync('tee', [join(target, name)], { input: text, stdio: ['pipe', 'ignore', 'inherit'] })
  write('agencies.csv', readFileSync(join(data, 'agencies.csv'), 'utf8'))
  write('contacts.csv', readFileSync(join(data, 'contacts.csv'), 'utf8'))
  const log = move(readFileSync(join(data, 'attendance-log.csv'), 'utf8'))
  write('attendance-log.csv', log)
  return { target, log: log.trim().split('\n').map(line => line.trim()) }
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-browser-'))
  const { target, log } = sampleEndingToday()
  quorate(['import', target])
  const header = log[0].split(',')
  const rows = log.slice(1).map(line => line.split(','))
  const cell = (row, name) => row[header.indexOf(name)]
  const opens = rows.filter(row => cell(row, 'status') === 'held' && cell(row, 'decision_time') === '')
  const seen = row => ({ ref: cell(row, 'conference_ref'), day: cell(row, 'conference_date'), chair: cell(row, 'chair') })
  open = seen(opens[0])
  // A review of another chair, at which a plan can end.
  ending = seen(opens.find(row => cell(row, 'chair') !== open.chair && /review/.test(cell(row, 'conference_type'))))
  for (const [email, role, extra] of [
    ['administrator@quorate.example', 'administrator', []],
    ['chair@quorate.example', 'chair', ['--chair', open.chair]],
    ['other-chair@quorate.example', 'chair', ['--chair', ending.chair]],
    ['qa@quorate.example', 'qa_manager', []],
    ['paqa@quorate.example', 'paqa_member', []],
    ['keeper@quorate.example', 'system_administrator', []],
    ['lead@quorate.example', 'agency_lead', []],
    ['auditor@quorate.example', 'auditor', []]
  ]) {
    quorate(['account', 'add', email, '--name', `A. ${role}`, '--role', role, '--password-stdin', ...extra], password)
  }
  const args = ['--config', join(root, 'config/rehearsal.toml'), 'serve', '--listen', '127.0.0.1:0'];
  ({ server, address } = await serve(args, { cwd: folder }))
  browser = await launch()
})

after(async () => {
  await browser?.close()
  server?.kill()
  rmSync(folder, { recursive: true, force: true })
})

async function signedIn (email, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options })
  const page = await context.newPage()
  await signIn(page, address, email, password)
  return page
}

async function toConference (page, { day, ref }) {
  await page.goto(`${address}/?day=${day}`)
  await page.locator('tr', { hasText: ref }).locator('a').click()
}

test('signing in, and being refused', async () => {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  await page.goto(`${address}/reports`)
  assert.match(page.url(), /sign-in\?next=%2Freports/)
  await check(page, 'sign-in')
  await page.fill('#email', 'nobody@quorate.example')
  await page.fill('#password', 'not the password')
  await page.click('button:has-text("Sign in")')
  assert.match(await page.title(), /^Error: /)
  await check(page, 'sign-in-refused')
})

test('a chair keeps and confirms a register with scripts off', async () => {
  const page = await signedIn('chair@quorate.example', { javaScriptEnabled: false })
  await toConference(page, open)
  await page.click('text=Open the register')
  for (const group of await page.locator('[role=radiogroup]').all()) {
    await group.locator('input[value=video]').check()
  }
  await page.fill('[id="conference.decision_time"]', '16:45')
  await page.selectOption('[id="conference.status"]', 'held')
  await page.click('button:has-text("Save, then check and confirm")')
  assert.match(await page.textContent('h1'), /Confirm the register/)
  assert.match(await page.textContent('.govuk-inset-text'), /^Quorate: social care and/)
  await page.click('button:has-text("Confirm the register")')
  assert.match(await page.textContent('main'), /Confirmed by A\. chair/)
  await page.locator('a', { hasText: /^Amend/ }).last().click()
  await page.locator('input[value=absent]').check()
  await page.fill('#why', 'The log of the video call shows that nobody joined.')
  await page.click('button:has-text("Continue")')
  assert.match(await page.textContent('main'), /“by video” becomes “absent”/)
  await page.click('button:has-text("Amend the register")')
  assert.match(await page.textContent('main'), /“by video” became “absent”/)
})

test('a plan that is about to end without a core agency, and two people in one register', async () => {
  const page = await signedIn('other-chair@quorate.example')
  await check(page, 'today-of-a-chair')
  await toConference(page, ending)
  await page.click('text=Open the register')
  await page.click('text=Back to the conference')
  await page.click('text=Check and confirm the register')
  await check(page, 'confirm-blocked')
  await page.locator('main li a').first().click()

  // Without the script that shows each the other's entries.
  const other = await signedIn('administrator@quorate.example')
  await other.route('**/assets/register.js', route => route.abort())
  await toConference(other, ending)
  await other.click('text=Open the register')

  const groups = await page.locator('[role=radiogroup]').all()
  for (const [n, group] of groups.entries()) {
    await group.locator(n === 0 ? 'input[value=in_person]' : 'input[value=absent]').check()
  }
  await page.fill('[id="conference.decision_time"]', '4.45pm'.replace('.', ':'))
  for (const decision of await page.locator('select[id$=".decision"]').all()) {
    await decision.selectOption('plan_ended_child_in_need')
  }
  await page.click('button:has-text("Save, then check and confirm")')
  assert.match(await page.textContent('main'), /You are ending the plan for/)
  await check(page, 'confirm-plan-end')
  await page.click('button:has-text("Confirm the register")')
  assert.match(await page.title(), /^Error: /)
  await check(page, 'confirm-refused')

  await other.locator('[role=radiogroup]').first().locator('input[value=phone]').check()
  await other.click('button.govuk-button:has-text("Save") >> nth=0')
  assert.match(await other.textContent('main'), /Someone else changed this while you were writing/)
  await check(other, 'register-clash')

  for (const why of await page.locator('textarea[name^="why."]').all()) await why.fill('The agencies agreed in writing.')
  await page.locator('label:has-text("specialist advice")').first().click()
  await page.locator('summary:has-text("In your words")').first().click()
  await page.locator('textarea[name$=".impact_note"]').first().fill('x'.repeat(281))
  await page.click('button:has-text("Confirm the register")')
  assert.match(await page.textContent('main'), /281 characters: write 280 at most/)
  await check(page, 'confirm-too-long')
  await page.locator('textarea[name$=".impact_note"]').first().fill('The growth of the baby could not be judged.')
  await page.selectOption('#proceeded', 'information_sufficient')
  await page.click('button:has-text("Confirm the register")')
  assert.match(await page.textContent('main'), /Confirmed by/)
  await check(page, 'conference-just-confirmed')
  await page.locator('td a', { hasText: /^Amend/ }).first().click()
  await check(page, 'amend-invitation')
  await page.locator('input[value=phone]').check()
  await page.fill('#why', 'They rang in at the end.')
  await page.click('button:has-text("Continue")')
  await check(page, 'amend-check')
  await page.click('button:has-text("Change what I wrote")')
  assert.equal(await page.inputValue('#why'), 'They rang in at the end.')
  await page.click('button:has-text("Continue")')
  await page.click('button:has-text("Amend the register")')
  assert.match(await page.textContent('main'), /became “by phone”/)
})

test('every page of an administrator', async () => {
  const page = await signedIn('administrator@quorate.example')
  await check(page, 'today-or-empty')
  await page.goto(`${address}/?day=${open.day}`)
  await check(page, 'today')
  await page.locator('th a').first().click()
  await check(page, 'conference-confirmed')
  await page.locator('a', { hasText: /^Amend/ }).first().click()
  await check(page, 'amend-conference')
  await page.click('button:has-text("Continue")')
  assert.match(await page.title(), /^Error: /)
  await check(page, 'amend-refused')
  await page.goto(`${address}/feedback`)
  await check(page, 'feedback')
  await page.goto(`${address}/imports/tracker`)
  await check(page, 'tracker')
  await page.click('button:has-text("Continue")')
  await check(page, 'tracker-refused')
  await page.setInputFiles('#upload', new URL('../data/wide-tracker.xlsx', import.meta.url).pathname)
  await page.click('button:has-text("Continue")')
  await check(page, 'tracker-asked')
  await page.click('button:has-text("Check")')
  await check(page, 'tracker-asked-again')
  await page.selectOption('select[name="m-agency_2e_education"]', 'SCH')
  await page.fill('input[name="m-all_2e_start_5f_time"]', '09:30')
  await page.selectOption('select[name="m-all_2e_children"]', 'none')
  await page.click('button:has-text("Check")')
  assert.match(await page.textContent('h1'), /Check wide-tracker/)
  await check(page, 'tracker-check')
  await page.click('button:has-text("Change what it means")')
  assert.equal(await page.inputValue('input[name="m-all_2e_start_5f_time"]'), '09:30')
  await page.goto(`${address}/imports`)
  await check(page, 'import')
  await page.setInputFiles('#files', {
    name: 'attendance-log.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from(readFileSync(join(folder, 'records/attendance-log.csv'), 'utf8').replace('in_person', 'teleported'))
  })
  await page.click('button:has-text("Continue")')
  assert.match(await page.textContent('main'), /teleported/)
  await check(page, 'import-refused')
  await page.goto(`${address}/no-such-page`)
  await check(page, 'not-found')
})

test('an open register, empty, filled and wrong', async () => {
  const page = await signedIn('administrator@quorate.example')
  // Another open register than the one that the chair confirms.
  const days = [...Array(300).keys()].map(n => new Date(Date.now() - n * 86400000).toISOString().slice(0, 10))
  for (const day of days) {
    await page.goto(`${address}/?day=${day}`)
    const link = page.locator('tr', { hasText: 'Register open' }).locator('a')
    if (await link.count() > 0) {
      await link.first().click()
      break
    }
  }
  await check(page, 'conference-open')
  await page.click('text=Open the register')
  await check(page, 'register')
  // By keyboard alone: the first agency is set with the arrow keys.
  await page.locator('[role=radiogroup] input').first().focus()
  await page.keyboard.press('Space')
  await page.keyboard.press('ArrowRight')
  assert.equal(await page.evaluate(() => document.activeElement.value), 'video')
  await page.fill('[id="conference.decision_time"]', 'half past')
  await page.click('button.govuk-button:has-text("Save") >> nth=0')
  assert.match(await page.title(), /^Error: /)
  await check(page, 'register-refused')
  await page.fill('[id="conference.decision_time"]', '16:40')
  await page.click('button.govuk-button:has-text("Save") >> nth=0')
  assert.match(await page.textContent('.govuk-notification-banner'), /Saved/)
  await check(page, 'register-saved')
})

test("PAQA's month, with links for those who make it and a word for those who wait for it", async () => {
  const qa = await signedIn('qa@quorate.example')
  await qa.goto(`${address}/reports`)
  await check(qa, 'month-qa')
  await qa.locator('td a').first().click()
  await check(qa, 'behind-a-figure')
  await qa.goto(`${address}/reports`)
  await qa.locator('th a[href*="/agency/"]').first().click()
  await check(qa, 'one-agency')
  await qa.goto(`${address}/reports`)
  await qa.getByRole('link', { name: 'Its quarter' }).click()
  await check(qa, 'months-together')
  await qa.goto(`${address}/reports/public/2025-26`)
  await check(qa, 'year-for-everybody')
  await qa.goto(`${address}/actions`)
  await qa.getByRole('button', { name: 'Raise an action' }).click()
  await qa.click('button:has-text("Raise the action")')
  assert.match(await qa.title(), /^Error: /)
  await check(qa, 'action-refused')
  for (const field of ['objective', 'action', 'input', 'desired_outcome', 'lead']) {
    await qa.fill(`#${field}`, `What stands in ${field}`)
  }
  await qa.fill('#due', '31/12/2027')
  await qa.press('#due', 'Enter')
  await check(qa, 'action')
  await qa.getByLabel('amber: at risk').check()
  await qa.fill('#words', 'Half of it is done.')
  await qa.click('button:has-text("Save the review")')
  assert.match(await qa.textContent('main'), /Half of it is done/)
  await qa.getByRole('link', { name: 'Improvement actions' }).click()
  await check(qa, 'actions')
  const member = await signedIn('paqa@quorate.example')
  assert.match(member.url(), /reports/)
  assert.match(await member.textContent('main'), /not circulated yet/)
  await check(member, 'month-paqa')
  await member.goto(`${address}/feedback`)
  assert.match(await member.textContent('h1'), /cannot see this page/)
  await check(member, 'forbidden')
  await member.goto(`${address}/reports/2001-01`)
  await check(member, 'month-empty')
})

// The code that an authenticator app shows now (RFC 6238).
function code (key) {
  const bits = [...key.replaceAll(' ', '')].map(c => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const secret = Buffer.from(bits.match(/.{8}/g).map(byte => parseInt(byte, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)))
  const mac = createHmac('sha1', secret).update(step).digest()
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1000000).padStart(6, '0')
}

test('an account is added, its owner chooses a password and sets up a telephone, with scripts off', async () => {
  const keeper = await signedIn('keeper@quorate.example')
  await keeper.click('text=Accounts')
  await check(keeper, 'accounts')
  await keeper.click('button:has-text("Add the account")')
  await check(keeper, 'accounts-refused')
  await keeper.fill('#email', 'kim@quorate.example')
  await keeper.fill('#name', 'Kim')
  await keeper.selectOption('#role', 'auditor')
  await keeper.click('button:has-text("Add the account")')
  await check(keeper, 'accounts-link')
  const link = new URL(await keeper.textContent('.govuk-notification-banner code'))

  const kim = await (await browser.newContext({ viewport: { width: 1280, height: 900 }, javaScriptEnabled: false })).newPage()
  await kim.goto(address + link.pathname)
  await kim.fill('#password', 'too short')
  await kim.click('button:has-text("Set the password")')
  assert.match(await kim.textContent('.govuk-error-message'), /at least 12 characters/)
  await kim.fill('#password', 'heron lantern biscuit')
  await kim.fill('#again', 'heron lantern biscuit')
  await kim.click('button:has-text("Set the password")')
  await kim.fill('#email', 'kim@quorate.example')
  await kim.fill('#password', 'heron lantern biscuit')
  await kim.click('main button')
  await kim.click('text=Kim')
  await kim.click('text=Set one up')
  await kim.fill('#code', code(await kim.textContent('.quorate-key')))
  await kim.fill('#password', 'heron lantern biscuit')
  await kim.click('main button')
  assert.equal(await kim.locator('.quorate-codes code').count(), 10)
  await kim.click('text=I have kept them')
  assert.match(await kim.textContent('main'), /10 of your recovery codes can still be used/)
})

test('choosing a password, the second factor and one\'s own account read well', async () => {
  const said = quorate(['account', 'add', 'lee@quorate.example', '--name', 'Lee', '--role', 'auditor'])
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  await page.goto(address + said.match(/\/welcome\/\w+/)[0])
  await check(page, 'welcome')
  await page.click('button:has-text("Set the password")')
  await check(page, 'welcome-refused')
  await page.goto(`${address}/welcome/0000`)
  await check(page, 'welcome-gone')
  const qa = await signedIn('qa@quorate.example')
  await qa.goto(`${address}/me`)
  await check(qa, 'me')
  await qa.click('text=Set one up')
  await check(qa, 'second-factor-set-up')
  await qa.click('main button')
  await check(qa, 'second-factor-set-up-refused')
})

test('an auditor searches the trail and opens an entry', async () => {
  const page = await signedIn('auditor@quorate.example')
  await page.goto(`${address}/audit`)
  await check(page, 'audit')
  await page.fill('#what', 'register')
  await page.click('button:has-text("Search")')
  await page.click('tbody a >> nth=0')
  await check(page, 'audit-entry')
  await page.goto(`${address}/audit?from=never`)
  await check(page, 'audit-refused')
})

test('a restricted conference is named on, opened in need, and its letters are released', async () => {
  const qa = await signedIn('qa@quorate.example')
  await qa.goto(`${address}/?day=${open.day}`)
  await qa.click(`tr:has-text("${open.ref}") a`)
  const there = qa.url()
  const reference = (await qa.textContent('h1')).replace('Conference', '').trim()
  await qa.click('text=Change who sees it')
  await check(qa, 'restrict')
  for (const box of await qa.locator('input[name=account]').all()) await box.uncheck()
  await qa.click('button:has-text("Restrict the conference")')
  await check(qa, 'restrict-refused')
  await qa.check('label:has-text("A. qa_manager")')
  await qa.click('button:has-text("Restrict the conference")')
  await check(qa, 'restricted-conference')
  await qa.goto(`${address}/restricted`)
  await check(qa, 'restricted')

  const chair = await signedIn('chair@quorate.example')
  assert.equal((await chair.goto(there)).status(), 404)
  await chair.goto(`${address}/restricted`)
  await chair.fill('#reference', reference)
  await chair.click('main form button')
  await check(chair, 'restricted-refused')
  await chair.fill('#why', 'the police ring about tonight')
  await chair.click('main form button')
  assert.equal(await chair.textContent('h1'), `Conference ${reference}`)
  await qa.goto(`${address}/restricted`)
  assert.match(await qa.textContent('main'), /the police ring about tonight/)
  await check(qa, 'restricted-opened')
  await qa.goto(`${address}/feedback`)
  await check(qa, 'feedback-with-releases')
  await qa.goto(`${there}/restrict`)
  await qa.click('button:has-text("Lift the restriction")')
  await check(qa, 'lift-refused')
  await qa.check('#sure')
  await qa.click('button:has-text("Lift the restriction")')
})

test('cover, services of an agency, retention, holds and subject access read well', async () => {
  const administrator = await signedIn('administrator@quorate.example')
  await administrator.click('nav >> text=More')
  await administrator.click('nav >> text=Cover')
  await check(administrator, 'cover')
  await administrator.click('button:has-text("Grant cover")')
  await check(administrator, 'cover-refused')

  const keeper = await signedIn('keeper@quorate.example')
  await keeper.click('nav >> text=Accounts')
  await keeper.click('tr:has-text("lead@quorate.example") >> text=Services')
  await check(keeper, 'scope')
  await keeper.fill('#what', 'Nobody')
  await keeper.click('main button:has-text("Add the service")')
  await check(keeper, 'scope-refused')
  await keeper.click('nav >> text=Retention')
  await check(keeper, 'retention')

  const lead = await signedIn('lead@quorate.example')
  await check(lead, 'agency')

  const qa = await signedIn('qa@quorate.example')
  await qa.click('nav >> text=More')
  await qa.click('nav >> text=Legal holds')
  await check(qa, 'holds')
  await qa.click('button:has-text("Place the hold")')
  await check(qa, 'holds-refused')
  await qa.click('nav >> text=More')
  await qa.click('nav >> text=Subject access')
  await check(qa, 'subject-access')
  await qa.click('main button:has-text("Gather")')
  await check(qa, 'subject-access-refused')
})

test('the directory is found while typing, and kept with scripts off', async () => {
  const page = await signedIn('administrator@quorate.example')
  await page.click('nav >> text=Directory')
  await check(page, 'directory')
  await page.focus('#q')
  await page.keyboard.type('health visit')
  await page.waitForURL(/q=health\+visit/)
  await page.waitForSelector('#found caption:has-text("Services")')
  assert.match(await page.textContent('#count'), /Found: .*service/)
  await check(page, 'directory-found')
  await page.goto(`${address}/directory?show=unverified`)
  await check(page, 'directory-to-check')
  await page.click('tbody a >> nth=0')
  await check(page, 'directory-contact')
  await page.goto(`${address}/directory/agencies`)
  await page.click('button:has-text("Add the agency")')
  await check(page, 'directory-agency-refused')

  const plain = await signedIn('administrator@quorate.example', { javaScriptEnabled: false })
  await plain.goto(`${address}/directory`)
  await plain.fill('#q', 'school')
  await plain.click('button:has-text("Search")')
  await plain.click('caption:has-text("Services") ~ tbody a >> nth=0')
  await plain.click('text=Add a contact')
  await plain.click('button:has-text("Add the contact")')
  assert.match(await plain.title(), /^Error: /)
  await plain.fill('#role', 'Head teacher')
  await plain.fill('#email', 'head@marston.sch.example')
  await plain.check('#checked')
  await plain.click('button:has-text("Add the contact")')
  assert.match(await plain.textContent('main'), /The directory is changed\.[^]*head@marston\.sch\.example/)
  await plain.click('a:has-text("head@marston.sch.example")')
  await plain.click('summary:has-text("Somebody takes over")')
  await plain.fill('#next_name', 'Jo Smith')
  await plain.fill('#next_email', 'jo at marston')
  await plain.click('button:has-text("They have left")')
  assert.match(await plain.textContent('.govuk-error-summary'), /Enter one mail address/)
  await plain.fill('#next_email', 'jo@marston.sch.example')
  await plain.click('button:has-text("They have left")')
  assert.match(await plain.textContent('h1'), /Jo Smith/)
  await page.goto(plain.url())
  await check(page, 'directory-contact-new')
  await page.click('.govuk-back-link')
  await check(page, 'directory-service')
  await page.click('button:has-text("Merge")')
  await check(page, 'directory-service-refused')
  await page.click('.govuk-back-link')
  await check(page, 'directory-agency')
})

test('a session that is about to end says so, and its owner stays', async () => {
  const page = await signedIn('qa@quorate.example')
  await page.route('**/feedback', async route => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, body: (await answer.text()).replace(/data-seconds="\d+"/, 'data-seconds="301"') })
  })
  await page.goto(`${address}/feedback`)
  await page.waitForSelector('#session-warning[open]', { timeout: 10_000 })
  await check(page, 'session-warning')
  await page.keyboard.press('Enter')
  await page.waitForSelector('#session-warning', { state: 'hidden' })
})
