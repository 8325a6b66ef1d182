// Replaces the live part of a page by what the hub sends. Without this script the page reloads itself.
const live = document.querySelector('#live');
let source;

function show({ data }) {
  // Nothing moves under the keyboard, and open details stay open.
  if (live.contains(document.activeElement)) return;
  const open = [...live.querySelectorAll('details')].map((one) => one.open);
  live.innerHTML = data;
  for (const [at, one] of [...live.querySelectorAll('details')].entries()) one.open = open[at] ?? one.open;
}

/** A hidden page asks for nothing: a browser has few connections, and the hub other work. */
function follow() {
  source?.close();
  if (document.hidden) return;
  source = new EventSource(live.dataset.stream);
  source.addEventListener('message', show);
  // The session ended: the page asks for the sign-in.
  source.addEventListener('signed-out', () => location.reload());
}

document.addEventListener('visibilitychange', follow);
follow();
