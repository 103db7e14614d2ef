// Says what is to be known of a form while it is filled in. Without this the next page says it.
const form = document.querySelector('form[data-hints]')
const place = document.getElementById('hints')
let asked = 0

async function ask () {
  const mine = ++asked
  const body = new URLSearchParams(new FormData(form))
  const answer = await fetch(form.dataset.hints, { method: 'POST', body }).catch(() => null)
  if (mine !== asked || !answer?.ok || answer.redirected) return
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const said = page.getElementById('hints')
  // A reader hears only what is new.
  if (mine === asked && said && said.innerHTML !== place.innerHTML) place.replaceChildren(...said.childNodes)
}

let waits
form.addEventListener('input', () => {
  clearTimeout(waits)
  waits = setTimeout(ask, 250)
})
