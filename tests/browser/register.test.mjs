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
  await page.click('[data-state] a:has-text("Sign in again")')
  await page.fill('#email', 'administrator@demo.example')
  await page.fill('#password', demo.password)
  await page.click('button:has-text("Sign in")')
  await saved(page)
  assert.equal(await attendance(page, count - 1), 'phone')
  await context.setOffline(true)
  await page.locator('[data-row]').nth(count - 1).locator('input[value=absent]').check()
  assert.equal((await kept(page)).length, 1)
  await context.setOffline(false)
  await page.evaluate(() => localStorage.setItem('quorate.register.x.y', JSON.stringify({ at: 0, fields: {} })))
  await page.click('button:has-text("Sign out")')
  assert.deepEqual(await kept(page), [])
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
  assert.equal(await page.locator('[data-row]').count(), before + 1)
  assert.match(await page.locator('[data-row]', { hasText: 'Family friend' }).textContent(), /Came without being invited/)
  await check(page, 'register-walk-in')
})
