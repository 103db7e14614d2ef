// The register while it is filled in: keystrokes counted, two people, a lost connection, an ended session.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { check, demonstration, launch, signIn } from './browser.mjs'

let demo, browser, registers

before(async () => {
  demo = await demonstration('--children-on-plan', '60')
  browser = await launch()
  const page = await signedIn('administrator')
  const links = await page.locator('main a[href^="/conferences/"]').evaluateAll(all => all.map(a => a.getAttribute('href')))
  registers = []
  for (const href of new Set(links)) {
    await page.goto(`${demo.address}${href}/register`)
    // Not one that was confirmed, or whose time has not come.
    if (await page.locator('form[data-register]').count() && await page.locator('[data-row]').count() >= 3) registers.push(page.url())
  }
  assert.ok(registers.length >= 3, `open registers: ${registers.length}`)
})

after(async () => {
  await browser?.close()
  demo?.end()
})

async function signedIn (role, context) {
  const page = await (context ?? await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage()
  await signIn(page, demo.address, `${role}@demo.example`, demo.password)
  return page
}

const saved = page => page.waitForFunction(() => /Everything is saved/.test(document.querySelector('[data-state]').textContent))
const attendance = (page, n) => page.locator('[data-row]').nth(n).locator('.attendance input:checked').getAttribute('value').catch(() => null)
const kept = page => page.evaluate(() => Object.entries(localStorage).filter(([key]) => key.startsWith('quorate.register.')).map(([, text]) => JSON.parse(text)))

test('a whole register by keyboard, at most three keystrokes an agency, saved as one goes', async () => {
  const page = await signedIn('administrator')
  await page.goto(registers[0])
  await check(page, 'register-keys')
  const count = await page.locator('[data-row]').count()
  let strokes = 0
  const press = async what => { strokes++; await page.keyboard.press(what) }
  const begun = Date.now()
  await page.locator('[data-row] .attendance input').first().focus()
  const letters = ['p', 'v', 't', 'a']
  for (let n = 0; n < count; n++) {
    await press(letters[n % 4])
    if (n === count - 1) break
    const before = await page.evaluate(() => document.activeElement.closest('[data-row]').id)
    while (await page.evaluate(() => document.activeElement.closest('[data-row]')?.id) === before) await press('Tab')
  }
  assert.ok(strokes <= 3 * count, `${strokes} keystrokes for ${count} agencies`)
  assert.ok(Date.now() - begun < 60000 * count / 12, 'under a minute for twelve')
  await saved(page)
  assert.deepEqual(await kept(page), [], 'what is saved is not kept')
  await page.reload()
  const codes = ['in_person', 'video', 'phone', 'absent']
  for (let n = 0; n < count; n++) assert.equal(await attendance(page, n), codes[n % 4])
  // Late, and gone early, with the time now; a deputy.
  await page.locator('[data-row] .attendance input:checked').nth(0).focus()
  await page.keyboard.press('l')
  await page.waitForFunction(() => /, left \d\d:\d\d/.test(document.querySelector('[data-times]').textContent))
  await saved(page)
  await page.fill('#find', 'safeguarding')
  await page.keyboard.press('Enter')
  assert.match(await page.evaluate(() => document.activeElement.closest('[data-row]').textContent), /Safeguarding/)
})

test('two people see each other within two seconds, and what both entered is shown', async () => {
  const [one, two] = [await signedIn('administrator'), await signedIn('administrator')]
  await one.goto(registers[1])
  await two.goto(registers[1])
  await one.locator('[data-row]').nth(0).locator('input[value=phone]').check()
  await two.waitForFunction(() => document.querySelector('[data-row] .attendance input:checked')?.value === 'phone', null, { timeout: 2500 })
  // The same fact, by both, before either has seen the other's: the second is told, and nothing is overwritten.
  await two.context().setOffline(true)
  await two.locator('[data-row]').nth(1).locator('input[value=absent]').check()
  await one.locator('[data-row]').nth(1).locator('input[value=video]').check()
  await saved(one)
  await two.context().setOffline(false)
  await two.waitForSelector('#clashes li')
  assert.match(await two.textContent('#clashes'), /recorded “by video” as attendance/)
  assert.equal(await attendance(two, 1), 'video')
  await check(two, 'register-live-clash')
})

test('a lost connection and a closed page lose nothing, and the device keeps codes alone', async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await signedIn('administrator', context)
  await page.goto(registers[2])
  const id = await page.locator('[data-row]').nth(0).getAttribute('id')
  await context.setOffline(true)
  await page.locator('[data-row]').nth(0).locator('input[value=video]').check()
  await page.locator(`[data-row] details`).nth(0).evaluate(d => { d.open = true })
  await page.check(`[id="${id}.by_deputy"]`)
  await page.fill(`[id="${id}.deputy"]`, 'Jo Reed, team lead')
  await page.waitForFunction(() => /No connection/.test(document.querySelector('[data-state]').textContent))
  await check(page, 'register-offline')
  const [entry] = await kept(page)
  assert.ok(!JSON.stringify(entry).includes('Reed') && !JSON.stringify(entry).includes('@'), JSON.stringify(entry))
  assert.deepEqual(entry.fields[`${id}.attendance`], ['', 'video'])
  page.on('dialog', dialog => dialog.accept())
  await page.close({ runBeforeUnload: false })
  await context.setOffline(false)
  const again = await context.newPage()
  await again.goto(registers[2])
  await saved(again)
  assert.equal(await attendance(again, 0), 'video')
  assert.deepEqual(await kept(again), [])
})

test('an ended session asks again and loses no entry; signing out forgets what a device kept', async () => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
  const page = await signedIn('administrator', context)
  await page.goto(registers[2])
  const count = await page.locator('[data-row]').count()
  await context.clearCookies()
  await page.locator('[data-row]').nth(count - 1).locator('input[value=phone]').check()
  const [tab] = await Promise.all([context.waitForEvent('page'), page.click('[data-state] a:has-text("sign in again")')])
  await tab.fill('#email', 'administrator@demo.example')
  await tab.fill('#password', demo.password)
  await tab.click('button:has-text("Sign in")')
  await saved(page)
  assert.equal(await attendance(page, count - 1), 'phone')
  await context.setOffline(true)
  await page.locator('[data-row]').nth(count - 1).locator('input[value=absent]').check()
  assert.equal((await kept(page)).length, 1)
  await context.setOffline(false)
  await page.evaluate(() => localStorage.setItem('quorate.register.x.y', JSON.stringify({ at: 0, fields: {} })))
  page.on('dialog', dialog => dialog.accept())
  await page.click('button:has-text("Sign out")')
  assert.deepEqual(await kept(page), [])
})

test('what somebody else saves while ours cannot be saved is never overwritten', async () => {
  const [one, two] = [await signedIn('administrator'), await signedIn('administrator')]
  await one.goto(registers[0])
  await two.goto(registers[0])
  // Ours fails, and news comes all the same.
  await two.route('**/register/live', route => route.request().method() === 'POST' ? route.fulfill({ status: 503 }) : route.continue())
  const pick = await attendance(two, 0) === 'phone' ? ['video', 'in_person'] : ['phone', 'video']
  await two.locator('[data-row]').nth(0).locator(`input[value=${pick[0]}]`).check()
  await one.locator('[data-row]').nth(0).locator(`input[value=${pick[1]}]`).check()
  await saved(one)
  await two.waitForTimeout(4000)
  assert.equal(await attendance(two, 0), pick[0], 'what is being changed here is left alone')
  await two.unroute('**/register/live')
  await two.waitForSelector('#clashes li')
  assert.equal(await attendance(two, 0), pick[1])
})

test('a text is not touched while somebody writes it, and half of it is not saved', async () => {
  const page = await signedIn('administrator')
  await page.goto(registers[0])
  const row = page.locator('[data-row]').nth(1)
  const id = await row.getAttribute('id')
  await row.locator('input[value=video]').check()
  await saved(page)
  await row.locator('details').evaluate(d => { d.open = true })
  await page.locator(`[id="${id}.deputy"]`).focus()
  await page.keyboard.type('Jo ')
  await page.waitForTimeout(2500)
  await page.keyboard.type('Reed')
  assert.equal(await page.inputValue(`[id="${id}.deputy"]`), 'Jo Reed')
  assert.ok(await page.isChecked(`[id="${id}.by_deputy"]`), 'whoever is named came')
  await page.keyboard.press('Tab')
  await saved(page)
  await page.reload()
  assert.equal(await page.inputValue(`[id="${id}.deputy"]`), 'Jo Reed')
})

test('a form that came back with an error does not take what was typed for what is saved', async () => {
  const page = await signedIn('administrator')
  await page.goto(registers[1])
  const row = page.locator('[data-row]').nth(2)
  const id = await row.getAttribute('id')
  let letGo
  const held = new Promise(resolve => { letGo = resolve })
  await page.route('**/register/live', async route => {
    if (route.request().method() === 'POST') await held
    await route.continue().catch(() => {})
  })
  await row.locator('input[value=phone]').check()
  await row.locator('details').evaluate(d => { d.open = true })
  await page.fill(`[id="${id}.left_at"]`, '99')
  await page.click('button.govuk-button:has-text("Save") >> nth=0')
  await page.waitForFunction(() => document.title.startsWith('Error: '))
  assert.doesNotMatch(await page.textContent('[data-state]'), /Everything is saved/)
  // Put right while the mistake is still on its way: the answer about the mistake is not about what stands now.
  await page.fill(`[id="${id}.left_at"]`, '')
  await page.locator('#find').focus()
  await page.waitForTimeout(300)
  letGo()
  await saved(page)
  await page.reload()
  assert.equal(await attendance(page, 2), 'phone')
})

test('a script that comes late takes nobody out of the field they write in', async () => {
  const page = await signedIn('administrator')
  await page.goto(registers[1])
  const row = page.locator('[data-row]').nth(2)
  const id = await row.getAttribute('id')
  await page.route('**/register/live', route => route.abort())
  await row.locator('details').evaluate(d => { d.open = true })
  await page.fill(`[id="${id}.left_at"]`, '99')
  let letGo
  const held = new Promise(resolve => { letGo = resolve })
  await page.route('**/assets/start*.js', async route => {
    await held
    await route.continue()
  })
  await page.click('button.govuk-button:has-text("Save") >> nth=0', { noWaitAfter: true })
  await page.waitForFunction(() => document.title.startsWith('Error: '))
  await page.locator(`[id="${id}.left_at"]`).selectText()
  letGo()
  await page.waitForFunction(() => document.querySelector('.govuk-error-summary').hasAttribute('data-govuk-error-summary-init'))
  await page.keyboard.press('Delete')
  assert.equal(await page.inputValue(`[id="${id}.left_at"]`), '')
  // Nobody was writing here: the summary is what a screen reader begins with.
  await page.fill(`[id="${id}.left_at"]`, '99')
  await page.click('button.govuk-button:has-text("Save") >> nth=0')
  await page.waitForFunction(() => document.activeElement.matches('.govuk-error-summary'))
})

test('what is entered before the script has come is not overwritten by what the device kept', async () => {
  const page = await signedIn('administrator')
  await page.goto(registers[1])
  const row = page.locator('[data-row]').nth(3)
  await page.route('**/register/live', route => route.request().method() === 'POST' ? route.abort() : route.continue())
  await row.locator('input[value=phone]').check()
  await page.waitForFunction(() => /No connection: 1 entry kept/.test(document.querySelector('[data-state]').textContent))
  let letGo
  const held = new Promise(resolve => { letGo = resolve })
  await page.route('**/assets/register*.js', async route => {
    await held
    await route.continue()
  })
  await page.goto(registers[1], { waitUntil: 'commit' })
  await row.locator('input[value=video]').check()
  await page.unroute('**/register/live')
  letGo()
  await saved(page)
  await page.reload()
  assert.equal(await attendance(page, 3), 'video')
})

test('somebody who was not invited is added, and is present', async () => {
  const page = await signedIn('administrator')
  await page.goto(registers[1])
  const before = await page.locator('[data-row]').count()
  await page.click('button:has-text("Add them to the register")')
  assert.match(await page.title(), /^Error: /)
  await check(page, 'register-walk-in-refused')
  const service = await page.locator('#services option').first().getAttribute('value')
  await page.fill('#service', service)
  await page.fill('#role', 'Family friend of the school')
  await page.click('button:has-text("Add them to the register")')
  await page.waitForFunction(n => document.querySelectorAll('[data-row]').length === n, before + 1)
  assert.match(await page.locator('[data-row]', { hasText: 'Family friend' }).textContent(), /Came without being invited/)
  await check(page, 'register-walk-in')
})

test('a Teams report is dropped on the register, looked at, and entered', async () => {
  const page = await signedIn('administrator')
  await page.goto(registers[2])
  await page.click('button:has-text("Read the report")')
  assert.match(await page.title(), /^Error: /)
  await check(page, 'teams-refused')
  await page.goto(registers[2])
  const [, hour, minute, half] = /, (\d+)(?::(\d+))?(am|pm)|noon/.exec(await page.textContent('.govuk-caption-l')) ?? []
  const starts = hour ? (Number(hour) % 12 + (half === 'pm' ? 12 : 0)) * 60 + Number(minute ?? 0) : 720
  const day = new Date(await page.evaluate(() => Date.parse(document.querySelector('.govuk-caption-l').textContent.match(/\d+ \w+ \d{4}/)[0] + ' UTC')))
  const at = offset => `${day.toISOString().slice(0, 10).split('-').reverse().join('/')}, ${String(Math.floor((starts + offset) / 60)).padStart(2, '0')}:${String((starts + offset) % 60).padStart(2, '0')}:00`
  const address = await page.locator('input[id$=".contact_email"]').first().inputValue()
  const report = `2. Participants\nName\tFirst join\tLast leave\tIn-meeting duration\tEmail\nSomebody Invited\t${at(-4)}\t${at(80)}\t1h\t${address}\nIpad\t${at(5)}\t${at(40)}\t35m\t\n`
  await page.setInputFiles('#report', { name: 'report.csv', mimeType: 'text/csv', buffer: Buffer.from('\ufeff' + report, 'utf16le') })
  await page.click('button:has-text("Read the report")')
  await page.waitForSelector('h1:has-text("by the Teams report")')
  assert.match(await page.textContent('main'), /Somebody Invited\s*sure/)
  await check(page, 'teams')
  await page.click('button:has-text("Enter this in the register")')
  await page.waitForSelector('text=Saved.')
  assert.equal(await attendance(page, 0), 'video')
})

test('a sheet to sign is printed, and names no child', async () => {
  const page = await signedIn('administrator')
  await page.goto(registers[0].replace('/register', ''))
  await page.click('text=Signing-in sheet')
  await check(page, 'sheet')
  assert.ok(await page.locator('tbody tr').count() > 5)
  await page.emulateMedia({ media: 'print' })
  assert.ok(!await page.locator('nav').first().isVisible())
})
