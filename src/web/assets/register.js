// The register while it is filled in: saved as one goes, kept on this device while there is no connection, and
// showing what others enter. Without this the same form is sent by its button.
const form = document.querySelector('form[data-register]')
const key = `quorate.register.${form.dataset.account}.${form.dataset.id}`
// What a device may keep: codes, times and days. Names and addresses stay on the page alone, and of a restricted
// conference everything does.
const KEPT = ['attendance', 'by_deputy', 'joined_at', 'left_at', 'report', 'report_received_on', 'absence_reason', 'excused', 'view', 'response', 'delivery', 'necessity', 'decision', 'decision_time', 'status', 'adjournment_reason']
const POLL = 1500
const RETRY = 3000

const rowOf = name => name.slice(0, name.lastIndexOf('.'))
const fieldOf = name => name.slice(name.lastIndexOf('.') + 1)
const keeps = name => 'keeps' in form.dataset && (KEPT.includes(fieldOf(name)) || fieldOf(name).startsWith('view_'))
const find = name => form.querySelectorAll(`[name="${CSS.escape(name)}"]`)
const baseOf = row => find(`${row}.base`)[0]
const names = [...new Set([...form.elements].map(e => e.name).filter(n => n.includes('.') && fieldOf(n) !== 'base'))]

function value (name) {
  const all = find(name)
  const first = all[0]
  if (first.type === 'radio') return [...all].find(r => r.checked)?.value ?? ''
  if (first.type === 'checkbox') return first.checked ? first.value : ''
  return first.value.trim()
}

// The value that the page came with.
function served (name) {
  const all = find(name)
  const first = all[0]
  if (first.type === 'radio') return [...all].find(r => r.defaultChecked)?.value ?? ''
  if (first.type === 'checkbox') return first.defaultChecked ? first.value : ''
  if (first.options) return ([...first.options].find(o => o.defaultSelected) ?? first.options[0]).value
  return first.defaultValue.trim()
}

// Whether somebody is writing in it at this moment: nothing is put there, and half of it is not sent.
let finished = null
const isWritten = name => name !== finished && document.activeElement?.name === name && document.activeElement.type === 'text'

function put (name, to) {
  if (isWritten(name) || value(name) === to) return
  for (const e of find(name)) {
    if (e.type === 'radio' || e.type === 'checkbox') e.checked = e.value === to
    else e.value = to
  }
}

// What the server has, by field: from the base of each row, as the page writes it. What is typed may be another thing,
// where a form came back with an error.
function written (field, text) {
  if (['joined_at', 'left_at', 'decision_time'].includes(field)) return text.slice(-5)
  if (['report_received_on', 'invited_on'].includes(field)) return text.split('-').reverse().join('/')
  if (field === 'by_deputy') return text === 'yes' ? 'yes' : ''
  return text
}
const stands = new Map(names.map(name => {
  const base = JSON.parse(baseOf(rowOf(name)).value || '{}')
  return [name, written(fieldOf(name), base[fieldOf(name)] ?? '')]
}))
const changed = () => names.filter(name => value(name) !== stands.get(name))
const refused = new Map()
const ours = new Set()
const lastSent = new Map()
let version = Number(form.dataset.version)
let saving = false
let away = null
let leaving = false
let others = false

const state = document.querySelector('[data-state]')
const clashes = document.getElementById('clashes')
const entries = n => n === 1 ? '1 entry' : `${n} entries`

function link (text, href, anew) {
  const a = document.createElement('a')
  a.className = 'govuk-link'
  a.href = href
  a.textContent = text
  if (anew) a.target = '_blank'
  return a
}

function say () {
  const left = changed()
  const kept = left.filter(keeps).length
  const alone = left.length - kept
  const where = [kept && `${entries(kept)} kept on this device`, alone && `${entries(alone)} on this page alone`].filter(Boolean).join(', ')
  const parts = []
  if (away === 'closed') parts.push(left.length ? `The register was confirmed or cancelled meanwhile. Not saved: ${entries(left.length)}. Amend it on the conference's page.` : 'The register was confirmed or cancelled meanwhile.')
  else if (away === 'signed-out') parts.push(`You are signed out${where ? `: ${where}` : ''}. Leave this page open, and`)
  else if (away === 'offline') parts.push(where ? `No connection: ${where}, saved when it is back.` : 'No connection.')
  else if (refused.size) parts.push(`Not saved yet: ${[...refused.values()].join('; ')}`)
  else if (saving || left.some(name => !isWritten(name))) parts.push('Saving…')
  else parts.push(left.length ? 'Saved, but for what you are writing: it is saved when you leave the field.' : 'Everything is saved.')
  if (clashes.querySelector('li')) parts.push('Somebody else entered the same as you: see the top.')
  if (others) parts.push('Somebody was added to the register.')
  const text = parts.join(' ')
  if (state.dataset.said === text) return
  state.dataset.said = text
  state.replaceChildren(text)
  if (away === 'signed-out') state.append(' ', link('sign in again in another tab', `/sign-in?next=${encodeURIComponent(location.pathname)}`, true))
  if (away === 'closed') state.append(' ', link('Open the conference', location.pathname.replace(/\/register$/, '')))
  if (others) state.append(' ', link('Show them', location.pathname))
}

function stored () {
  try { return JSON.parse(localStorage.getItem(key))?.fields ?? {} } catch { return {} }
}

// Another tab of the same person may keep other entries of this register.
function keep () {
  const fields = Object.fromEntries(Object.entries(stored()).filter(([name]) => !ours.has(name)))
  for (const name of changed()) {
    if (!keeps(name)) continue
    ours.add(name)
    fields[name] = [stands.get(name), value(name)]
  }
  if (Object.keys(fields).length === 0) localStorage.removeItem(key)
  else localStorage.setItem(key, JSON.stringify({ at: Date.now(), fields }))
}

function shown (text, name) {
  let list = clashes.querySelector('ul')
  if (!list) {
    clashes.innerHTML = '<div class="govuk-error-summary"><div role="alert"><h2 class="govuk-error-summary__title">Somebody else entered the same</h2><div class="govuk-error-summary__body"><ul class="govuk-list govuk-error-summary__list"></ul></div></div></div>'
    list = clashes.querySelector('ul')
  }
  const line = document.createElement('li')
  const target = find(name)[0]
  line.dataset.of = name
  line.append(link(text, `#${target?.id || name}`))
  list.append(line)
}

// Chosen again, a clash is settled.
function settle (name) {
  clashes.querySelectorAll('li').forEach(line => { if (line.dataset.of === name) line.remove() })
  if (clashes.firstElementChild && !clashes.querySelector('li')) clashes.replaceChildren()
}

// Takes over what the server has. What is being changed here stays as it is typed, and is compared with what it was
// changed from, or another's entry would be lost; but for what is known to be our own.
function take (news, own = new Set()) {
  if (news.closed) {
    if (changed().length === 0) return location.assign(location.pathname.replace(/\/register$/, ''))
    away = 'closed'
    return
  }
  // An answer that was on its way while something was saved is older than what is here.
  if (news.version < version) return
  if (news.rows.length !== new Set(names.map(rowOf)).size) {
    if (changed().length === 0 && document.activeElement?.type !== 'text') return location.reload()
    others = true
  }
  version = news.version
  for (const row of news.rows) {
    const hidden = baseOf(row.id)
    if (!hidden) continue
    const [was, base] = [JSON.parse(hidden.value || '{}'), JSON.parse(row.base)]
    for (const [field, now] of Object.entries(row.values)) {
      const name = `${row.id}.${field}`
      if (!stands.has(name)) continue
      if (value(name) === stands.get(name) || value(name) === now) {
        put(name, now)
        stands.set(name, now)
      } else if (own.has(name)) stands.set(name, now)
      else base[field] = was[field]
    }
    hidden.value = JSON.stringify(base)
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
  const news = await answer.json().catch(() => null)
  away = news ? null : 'offline'
  return news
}

// An answer about a mistake that was put right while it was on its way is not about what stands now: that row is sent
// again.
function errorsOf (news, asSent) {
  for (const place of form.querySelectorAll('[data-errors]')) place.replaceChildren()
  refused.clear()
  const altered = new Set([...asSent].filter(([name, was]) => value(name) !== was).map(([name]) => rowOf(name)))
  for (const error of news.errors) {
    if (altered.has(rowOf(error.field))) continue
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
  const due = changed().filter(name => !refused.has(rowOf(name)) && !isWritten(name))
  if (saving || due.length === 0 || away === 'closed') return say()
  saving = true
  say()
  const rows = new Set(due.map(rowOf))
  const sent = new Map(due.map(name => [name, value(name)]))
  const asSent = new Map(names.filter(name => rows.has(rowOf(name))).map(name => [name, value(name)]))
  // Half of a text is not sent with the rest of its row.
  const fields = [...new FormData(form)].filter(([name]) => rows.has(rowOf(name)))
  const body = new URLSearchParams(fields.map(([name, text]) => [name, isWritten(name) ? stands.get(name) : text]))
  const before = new Map(lastSent)
  for (const [name, text] of sent) lastSent.set(name, text)
  const news = await exchange(form.dataset.register, { method: 'POST', body })
  saving = false
  if (news) {
    document.dispatchEvent(new Event('quorate:used'))
    const own = new Set()
    if (!news.closed) {
      errorsOf(news, asSent)
      const wrong = new Set(news.errors.map(e => rowOf(e.field)))
      const twice = new Map(news.clashes.map(c => [c.name, c.text]))
      // What was sent and taken is the server's now.
      for (const [name, was] of sent) {
        if (!wrong.has(rowOf(name)) && !twice.has(name)) stands.set(name, was)
        settle(name)
      }
      // What somebody else entered stands; ours is said, and can be chosen again. Our own, of which the answer was
      // lost, is not somebody else's.
      for (const [name, text] of twice) {
        const now = news.rows.find(row => row.id === rowOf(name))?.values[fieldOf(name)]
        if (now === undefined) continue
        if (before.get(name) === now) {
          own.add(name)
          continue
        }
        stands.set(name, now)
        put(name, now)
        shown(text, name)
      }
    }
    take(news, own)
  }
  keep()
  say()
  if (away === 'closed') return
  if (away) again = setTimeout(save, RETRY)
  else if (changed().some(name => !refused.has(rowOf(name)) && !isWritten(name))) again = setTimeout(save, 100)
}

// Whoever is absent left no times and sent no deputy; chosen by mistake, they come back.
const taken = new Map()
function attended (row, attendance) {
  const fields = ['joined_at', 'left_at', 'deputy', 'by_deputy'].map(field => `${row}.${field}`)
  if (attendance === 'absent') {
    if (fields.some(name => value(name))) taken.set(row, fields.map(name => value(name)))
    for (const name of fields) put(name, '')
  } else if (taken.has(row)) {
    fields.forEach((name, n) => put(name, taken.get(row)[n]))
    taken.delete(row)
  }
}

function entered (event) {
  const name = event.target.name
  if (!stands.has(name)) return
  const row = rowOf(name)
  if (event.type === 'input') finished = null
  if (event.type === 'change' && fieldOf(name) === 'attendance') attended(row, value(name))
  // Whoever is named came.
  if (fieldOf(name) === 'deputy' && value(name)) put(`${row}.by_deputy`, 'yes')
  refused.delete(row)
  keep()
  say()
  clearTimeout(again)
  // A text is saved when it is left.
  if (event.type === 'change' || event.target.type !== 'text') again = setTimeout(save, 150)
}
form.addEventListener('input', entered)
form.addEventListener('change', entered)
addEventListener('online', save)
addEventListener('beforeunload', event => {
  if (!leaving && away !== 'closed' && changed().some(name => !keeps(name))) event.preventDefault()
})
form.addEventListener('submit', event => {
  // Enter in a field saves, and stays.
  if (event.submitter?.classList.contains('quorate-first')) {
    event.preventDefault()
    finished = document.activeElement?.name
    save()
    return
  }
  leaving = true
})

async function poll () {
  if (away !== 'closed' && !document.hidden && !saving) {
    const news = await exchange(`${form.dataset.register}?version=${version}`)
    if (news && !saving) take(news)
    say()
    if (!away && !saving) save()
  }
  setTimeout(poll, away ? RETRY : POLL)
}

// What this device kept from before: entered again where nothing else was entered since, be it here, before this
// script had come, or in a form that came back with an error.
function restore () {
  for (const [name, [was, now]] of Object.entries(stored())) {
    const here = stands.get(name)
    if (here === undefined) continue
    ours.add(name)
    if (here === now || served(name) !== here || value(name) !== here) continue
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
  const line = event.target.closest('.attendance, summary')?.closest('[data-row]')
  if (!line || event.ctrlKey || event.altKey || event.metaKey) return
  const row = line.dataset.row
  const pressed = event.key.toLowerCase()
  const came = () => {
    if (['', 'absent'].includes(value(`${row}.attendance`))) chosen(row, form.dataset.mode === 'video' ? 'video' : 'in_person')
  }
  const field = name => document.getElementById(`${row}.${name}`)
  if (ATTENDANCE[pressed]) chosen(row, ATTENDANCE[pressed])
  else if (pressed === 'd') {
    came()
    field('by_deputy').checked = !field('by_deputy').checked
    told(field('by_deputy'))
    line.querySelector('details').open = field('by_deputy').checked
    if (field('by_deputy').checked) field('deputy').focus()
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

document.querySelectorAll('[data-keys]').forEach(part => { part.hidden = false })
restore()
say()
if (changed().length) save()
setTimeout(poll, POLL)
