// Starts the design system's components. Every page works without this.
import { initAll } from '/assets/govuk-frontend.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
// A summary of errors takes the focus; not from somebody who was writing before this had come: what they typed would go
// nowhere.
if (document.activeElement?.matches('input, select, textarea')) {
  document.querySelectorAll('.govuk-error-summary').forEach(summary => summary.setAttribute('data-disable-auto-focus', 'true'))
}
initAll()
if (document.querySelector('form[data-live]')) import('/assets/live.js')
if (document.querySelector('form[data-hints]')) import('/assets/hints.js')
if (document.querySelector('[data-copy]')) import('/assets/copy.js')
if (document.querySelector('form[data-register]')) import('/assets/register.js')

// What a register keeps on this device goes at sign-out, and after twelve hours.
const KEPT_FOR = 12 * 3600 * 1000
const forget = which => {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith('quorate.register.') && which(key)) localStorage.removeItem(key)
  }
}
forget(key => {
  try { return !(Date.now() - JSON.parse(localStorage.getItem(key)).at < KEPT_FOR) } catch { return true }
})
document.querySelector('form[action="/sign-out"]')?.addEventListener('submit', event => {
  const kept = Object.keys(localStorage).some(key => key.startsWith('quorate.register.'))
  if (kept && !confirm('Entries of a register are on this device and not saved yet. Sign out all the same, and lose them?')) event.preventDefault()
  else forget(() => true)
})
