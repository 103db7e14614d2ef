// Starts the design system's components. Every page works without this.
import { initAll } from '/assets/govuk-frontend.js'

document.body.classList.add('js-enabled', 'govuk-frontend-supported')
initAll()
if (document.querySelector('form[data-live]')) import('/assets/live.js')
if (document.querySelector('form[data-hints]')) import('/assets/hints.js')
if (document.querySelector('[data-copy]')) import('/assets/copy.js')
