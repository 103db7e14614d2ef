// Searches while somebody types. Without this the same form searches when it is sent.
const form = document.querySelector('form[data-live]')
const found = document.getElementById(form.dataset.live)
const count = document.getElementById('count')
let asked = 0

async function search () {
  const mine = ++asked
  const address = `${form.action}?${new URLSearchParams(new FormData(form))}`
  const answer = await fetch(address).catch(() => null)
  if (mine !== asked) return
  // Signed out, or not answered: the form says so as a page.
  if (!answer?.ok || answer.redirected) return form.submit()
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  if (mine !== asked) return
  document.title = page.title
  found.replaceChildren(...page.getElementById(found.id).childNodes)
  count.textContent = page.getElementById('count').textContent
  history.replaceState(null, '', address)
}

let waits
form.addEventListener('input', () => {
  clearTimeout(waits)
  waits = setTimeout(search, 150)
})
