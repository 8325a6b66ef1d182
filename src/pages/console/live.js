// Replaces the live part of a page by what the hub sends. Without this script the page reloads itself.
const live = document.querySelector('#live');
const REFRESH_MS = 30_000;
let source;
let timer;

function show({ data }) {
  // Nothing moves under the keyboard, and open details stay open.
  if (live.contains(document.activeElement)) return;
  const open = [...live.querySelectorAll('details')].map((one) => one.open);
  live.innerHTML = data;
  for (const [at, one] of [...live.querySelectorAll('details')].entries()) one.open = open[at] ?? one.open;
}

/** The hub refuses a stream when the key has too many: the page reads itself until there is a stream again. */
async function refresh() {
  const answer = await fetch(location.href).catch(() => undefined);
  const page = answer && new DOMParser().parseFromString(await answer.text(), 'text/html');
  const fresh = page?.querySelector('#live');
  if (fresh) show({ data: fresh.innerHTML });
  // The session ended: the page asks for the sign-in.
  if (answer?.redirected) location.reload();
  follow();
}

/** A hidden page asks for nothing: a browser has few connections, and the hub other work. */
function follow() {
  source?.close();
  clearTimeout(timer);
  if (document.hidden) return;
  source = new EventSource(live.dataset.stream);
  source.addEventListener('message', show);
  // The session ended: the page asks for the sign-in.
  source.addEventListener('signed-out', () => location.reload());
  // A lost connection comes back by itself. A refused one does not.
  source.addEventListener('error', () => {
    if (source.readyState === EventSource.CLOSED) timer = setTimeout(refresh, REFRESH_MS);
  });
}

document.addEventListener('visibilitychange', follow);
follow();
