// The README's pictures, taken from the demonstration: node screenshots.mjs [FOLDER].
//
// QUORATE is the program, CHROMIUM the browser.

import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { demonstration, launch, root, signIn } from './browser.mjs'

const target = resolve(process.argv[2] ?? join(root, 'docs/pictures'))
mkdirSync(target, { recursive: true })
const demo = await demonstration()
const browser = await launch()

async function signedIn (role, width = 1100, height = 800) {
  const page = await browser.newPage({ viewport: { width, height } })
  await signIn(page, demo.address, `${role}@demo.example`, demo.password)
  return page
}

const shot = (page, name, options = {}) => page.screenshot({ path: join(target, `${name}.png`), ...options })

try {
  const chair = await signedIn('chair')
  await chair.click('tbody a >> nth=0')
  await chair.goto(`${chair.url()}/register`)
  await shot(chair, 'register')
  await chair.goto(`${demo.address}/demo/mail`)
  const letter = chair.locator('a', { hasText: 'we missed you' }).first()
  await letter.click()
  await chair.setViewportSize({ width: 640, height: 900 })
  await chair.goto(`${chair.url()}/as-sent`)
  await shot(chair, 'letter')
  const paqa = await signedIn('paqa-member', 1100, 1560)
  await paqa.goto(`${demo.address}/reports`)
  await shot(paqa, 'month')
} finally {
  await browser.close()
  demo.end()
}
