// One key follows a link, opens a form or focuses a field: what it does stands beside it. Without this script the
// mouse and the Tab key do the same.
document.addEventListener('keydown', (event) => {
  const { target, key, ctrlKey, altKey, metaKey } = event;
  if (ctrlKey || altKey || metaKey || target.closest('input, textarea, select, [contenteditable]')) return;
  const found = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!found) return;
  event.preventDefault();
  if (found.matches('a')) found.click();
  else if (found.matches('input, textarea')) found.focus();
  else {
    if (found.matches('details')) found.open = true;
    found.scrollIntoView({ block: 'nearest' });
    found.querySelector('input:not([type=hidden]), select, textarea, button')?.focus();
  }
});
