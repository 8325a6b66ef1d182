// The list of services follows the words while somebody types. Without this script the form works by its button.
const form = document.querySelector('form[role="search"]');
const results = document.querySelector('#results');
const PAUSE_MS = 250;
let timer;
let asked = 0;

async function refresh() {
  const number = ++asked;
  const url = `${form.getAttribute('action')}?${new URLSearchParams(new FormData(form))}`;
  const answer = await fetch(url).catch(() => undefined);
  // An older answer may come after a newer one.
  if (!answer?.ok || number !== asked) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  results.replaceChildren(...page.querySelector('#results').childNodes);
  history.replaceState(null, '', url);
}

form.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(refresh, PAUSE_MS);
});
