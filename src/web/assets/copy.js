// A button that copies a text. Without this it is selected and copied by hand.
for (const text of document.querySelectorAll('[data-copy]')) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'govuk-button govuk-button--secondary'
  button.textContent = text.dataset.copy
  const said = document.createElement('span')
  said.setAttribute('role', 'status')
  button.addEventListener('click', async () => {
    text.select()
    const done = await navigator.clipboard.writeText(text.value).then(() => true, () => document.execCommand('copy'))
    said.textContent = done ? ' Copied.' : ' Not copied: the text is selected, copy it with the keyboard.'
  })
  text.after(button, said)
}
