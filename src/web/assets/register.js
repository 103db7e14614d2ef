// The register while it is filled in: saved as one goes, kept on this device while there is no connection, and
// showing what others enter. Without this the same form is sent by its button.
const form = document.querySelector('form[data-register]')
const key = `quorate.register.${form.dataset.account}.${form.dataset.id}`
// What a device may keep: codes, times and days. Names and addresses stay on the page alone.
const KEPT = ['attendance', 'by_deputy', 'joined_at', 'left_at', 'report', 'report_received_on', 'absence_reason', 'excused', 'view', 'response', 'delivery', 'necessity', 'decision', 'decision_time', 'status', 'adjournment_reason']
const POLL = 1500
const RETRY = 3000

const rowOf = name => name.slice(0, name.lastIndexOf('.'))
const fieldOf = name => name.slice(name.lastIndexOf('.') + 1)
const find = name => form.querySelectorAll(`[name="${CSS.escape(name)}"]`)
const names = [...new Set([...form.elements].map(e => e.name).filter(n => n.includes('.') && fieldOf(n) !== 'base'))]

function value (name) {
  const all = find(name)
  const first = all[0]
  if (first.type === 'radio') return [...all].find(r => r.checked)?.value ?? ''
  if (first.type === 'checkbox') return first.checked ? first.value : ''
  return first.value.trim()
}

function put (name, to) {
  for (const e of find(name)) {
    if (e.type === 'radio' || e.type === 'checkbox') e.checked = e.value === to
    else e.value = to
  }
}

// What the server has, by field.
const stands = new Map(names.map(name => [name, value(name)]))
const changed = () => names.filter(name => value(name) !== stands.get(name))
const refused = new Map()
let version = Number(form.dataset.version)
let saving = false
let away = null

const state = document.querySelector('[data-state]')
function say () {
  const left = changed().length
  const count = left === 1 ? '1 entry is' : `${left} entries are`
  let text = 'Everything is saved.'
  if (away === 'signed-out') text = `You are signed out. ${count} kept on this device.`
  else if (away === 'offline') text = left ? `No connection. ${count} kept on this device and saved when it is back.` : 'No connection.'
  else if (saving) text = 'Saving…'
  else if (refused.size) text = `Not saved yet: ${[...refused.values()].join('; ')}`
  else if (left) text = 'Saving…'
  if (state.firstChild?.textContent === text) return
  state.replaceChildren(text)
  if (away === 'signed-out') {
    const link = document.createElement('a')
    link.className = 'govuk-link'
    link.href = `/sign-in?next=${encodeURIComponent(location.pathname)}`
    link.textContent = 'Sign in again'
    state.append(' ', link)
  }
}

function keep () {
  const fields = {}
  for (const name of changed()) if (KEPT.includes(fieldOf(name))) fields[name] = [stands.get(name), value(name)]
  if (Object.keys(fields).length === 0) localStorage.removeItem(key)
  else localStorage.setItem(key, JSON.stringify({ at: Date.now(), fields }))
}

const clashes = document.getElementById('clashes')
function shown (text, name) {
  let list = clashes.querySelector('ul')
  if (!list) {
    clashes.innerHTML = '<div class="govuk-error-summary"><div role="alert"><h2 class="govuk-error-summary__title">Somebody else entered the same</h2><div class="govuk-error-summary__body"><ul class="govuk-list govuk-error-summary__list"></ul></div></div></div>'
    list = clashes.querySelector('ul')
  }
  const line = document.createElement('li')
  const link = document.createElement('a')
  link.href = `#${name}`
  link.textContent = text
  line.append(link)
  list.append(line)
}

// Takes over what the server has; what is being changed here stays as it is typed.
function take (news) {
  if (news.closed) return location.assign(location.pathname.replace(/\/register$/, ''))
  if (news.rows.length !== new Set(names.map(rowOf)).size) return location.reload()
  version = news.version
  for (const row of news.rows) {
    find(`${row.id}.base`)[0].value = row.base
    for (const [field, now] of Object.entries(row.values)) {
      const name = `${row.id}.${field}`
      if (!stands.has(name)) continue
      if (value(name) === stands.get(name)) put(name, now)
      stands.set(name, now)
    }
    const line = document.getElementById(row.id)
    if (!line?.dataset.row) continue
    line.querySelector('[data-standing]').textContent = row.standing
    line.querySelector('[data-times]').textContent = row.times
  }
  document.querySelector('[data-quorum]').textContent = news.quorum
  document.querySelector('[data-quorum-at]').textContent = news.quorum_at
  document.querySelector('[data-here]').textContent = news.here
}

// One exchange; null where there is no answer that can be read.
async function exchange (address, options) {
  const answer = await fetch(address, { ...options, signal: AbortSignal.timeout(15000) }).catch(() => null)
  if (!answer || answer.status >= 500 || answer.status === 429) {
    away = 'offline'
    return null
  }
  if (answer.status === 204) {
    away = null
    return null
  }
  if (!answer.ok || answer.redirected || !answer.headers.get('content-type')?.includes('json')) {
    away = 'signed-out'
    return null
  }
  away = null
  return answer.json()
}

function errorsOf (news) {
  for (const place of form.querySelectorAll('[data-errors]')) place.replaceChildren()
  refused.clear()
  for (const error of news.errors) {
    refused.set(rowOf(error.field), error.text)
    const line = document.getElementById(rowOf(error.field))?.querySelector('[data-errors]')
    if (!line) continue
    const text = document.createElement('p')
    text.className = 'govuk-error-message'
    text.textContent = error.text
    line.append(text)
  }
}

let again
async function save () {
  clearTimeout(again)
  const due = changed().filter(name => !refused.has(rowOf(name)))
  if (saving || due.length === 0) return say()
  saving = true
  say()
  const rows = new Set(due.map(rowOf))
  const sent = new Map(due.map(name => [name, value(name)]))
  const body = new URLSearchParams([...new FormData(form)].filter(([name]) => rows.has(rowOf(name))))
  const news = await exchange(form.dataset.register, { method: 'POST', body })
  saving = false
  if (news) {
    document.dispatchEvent(new Event('quorate:used'))
    errorsOf(news)
    const wrong = new Set(news.errors.map(e => rowOf(e.field)))
    const twice = new Map(news.clashes.map(c => [c.name, c.text]))
    // What was sent and taken, or lost to somebody else, is not ours any more.
    for (const [name, was] of sent) {
      if (!wrong.has(rowOf(name)) && value(name) === was) stands.set(name, was)
    }
    take(news)
    for (const [name, text] of twice) {
      put(name, stands.get(name))
      shown(text, name)
    }
  }
  keep()
  say()
  if (away) again = setTimeout(save, RETRY)
  else if (changed().some(name => !refused.has(rowOf(name)))) again = setTimeout(save, 100)
}

function entered (event) {
  const name = event.target.name
  if (!stands.has(name)) return
  refused.delete(rowOf(name))
  keep()
  say()
  clearTimeout(again)
  // A text is saved when it is left, or after a pause.
  again = setTimeout(save, event.type === 'input' && event.target.type === 'text' ? 1200 : 150)
}
form.addEventListener('input', entered)
form.addEventListener('change', entered)
addEventListener('online', save)
addEventListener('beforeunload', event => {
  const lost = changed().some(name => !KEPT.includes(fieldOf(name)))
  if (lost) event.preventDefault()
})
form.addEventListener('submit', () => { for (const name of names) stands.set(name, value(name)) })

async function poll () {
  if (!document.hidden && !saving) {
    const news = await exchange(`${form.dataset.register}?version=${version}`)
    if (news && !saving) take(news)
    say()
    if (!away && changed().some(name => !refused.has(rowOf(name))) && !saving) save()
  }
  setTimeout(poll, away ? RETRY : POLL)
}

// What this device kept from before: entered again where nothing else was entered since.
function restore () {
  let kept
  try { kept = JSON.parse(localStorage.getItem(key)) } catch { kept = null }
  for (const [name, [was, now]] of Object.entries(kept?.fields ?? {})) {
    const here = stands.get(name)
    if (here === undefined || here === now) continue
    if (here === was) put(name, now)
    else shown('While you had no connection, somebody else entered this. What they entered stands: choose again here if yours is right.', name)
  }
  keep()
}

// The keys of an agency's line.
const now = () => new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', hour: '2-digit', minute: '2-digit' }).format(new Date())
const ATTENDANCE = { p: 'in_person', v: 'video', t: 'phone', a: 'absent' }
const told = element => element.dispatchEvent(new Event('change', { bubbles: true }))

function chosen (row, code) {
  const radio = document.getElementById(`${row}.attendance.${code}`)
  radio.checked = true
  radio.focus()
  told(radio)
}

form.addEventListener('keydown', event => {
  const line = event.target.closest('.attendance')?.closest('[data-row]')
  if (!line || event.ctrlKey || event.altKey || event.metaKey) return
  const row = line.dataset.row
  const pressed = event.key.toLowerCase()
  const came = () => {
    if (['', 'absent'].includes(value(`${row}.attendance`))) chosen(row, form.dataset.mode === 'video' ? 'video' : 'in_person')
  }
  const field = name => document.getElementById(`${row}.${name}`)
  if (ATTENDANCE[pressed]) {
    chosen(row, ATTENDANCE[pressed])
    if (pressed === 'a') for (const name of ['joined_at', 'left_at', 'deputy']) field(name).value = ''
    if (pressed === 'a') field('by_deputy').checked = false
  } else if (pressed === 'd') {
    came()
    field('by_deputy').checked = !field('by_deputy').checked
    told(field('by_deputy'))
    line.querySelector('details').open = field('by_deputy').checked
  } else if (pressed === 'j' || pressed === 'l') {
    came()
    const time = field(pressed === 'j' ? 'joined_at' : 'left_at')
    time.value = now()
    told(time)
  } else return
  event.preventDefault()
})

const lines = [...form.querySelectorAll('[data-row]')]
const search = document.getElementById('find')
search.addEventListener('keydown', event => {
  if (event.key !== 'Enter') return
  event.preventDefault()
  const wanted = search.value.trim().toLowerCase()
  const line = wanted && lines.find(l => l.querySelector('legend').textContent.toLowerCase().includes(wanted))
  if (!line) return
  search.value = ''
  const radios = line.querySelectorAll('.attendance input')
  const target = [...radios].find(r => r.checked) ?? radios[0]
  target.focus()
})

document.querySelector('[data-keys]').hidden = false
restore()
say()
if (changed().length) save()
setTimeout(poll, POLL)
