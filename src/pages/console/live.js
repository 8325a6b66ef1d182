// Replaces the live part of a page by what the hub sends. Without this script the page reloads itself.
const live = document.querySelector('#live');
const source = new EventSource(live.dataset.stream);

source.addEventListener('message', ({ data }) => {
  // Nothing moves under the keyboard, or under an open menu of the reader.
  if (live.contains(document.activeElement)) return;
  const open = [...live.querySelectorAll('details')].map((one) => one.open);
  live.innerHTML = data;
  for (const [at, one] of [...live.querySelectorAll('details')].entries()) one.open = open[at] ?? one.open;
});

// The session ended: the page asks for the sign-in.
source.addEventListener('signed-out', () => location.reload());
