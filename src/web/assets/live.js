// Searches while somebody types. Without this the same form searches when it is sent.
const form = document.querySelector('form[data-live]')
const found = document.getElementById(form.dataset.live)
let asked = 0

async function search () {
  const mine = ++asked
  const address = `${form.action}?${new URLSearchParams(new FormData(form))}`
  const answer = await fetch(address).catch(() => null)
  if (!answer?.ok || answer.redirected || mine !== asked) return
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  found.replaceChildren(...page.getElementById(found.id).childNodes)
  history.replaceState(null, '', address)
}

let waits
form.addEventListener('input', () => {
  clearTimeout(waits)
  waits = setTimeout(search, 150)
})
