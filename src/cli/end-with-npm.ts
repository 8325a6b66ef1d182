const EVERY_MS = 500;

/**
 * Exits once the shell that npm or npx put before this process is gone. That shell ends at SIGTERM without forwarding it, so
 * this process would run on and hold its port. A process started without npm outlives its shell, as with nohup (ending.ts).
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
