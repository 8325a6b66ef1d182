const EVERY_MS = 500;

/**
 * End, once the shell is gone that npm or npx has put before this process: it ends at SIGTERM and hands nothing on, so that
 * what was started would run on, and keep its port, when whoever started it takes it to have ended. What was started
 * without npm outlives its shell, as with nohup (ending.ts).
 */
export function endWithNpm({ npm_lifecycle_event: script }: NodeJS.ProcessEnv, end: () => void): void {
  if (script === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    end();
  }, EVERY_MS);
  watch.unref();
}
