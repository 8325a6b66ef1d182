import cliProgress from 'cli-progress';

/** How far a long work is, on stderr. */
export interface Progress {
  /** Where it stands now; `what` is what is being done. */
  update(done: number, what?: string): void;
  /** How much it is in all; 0 where nobody knows, and then only what is being done is shown. */
  setTotal(total: number): void;
  /** A line of its own, which stays. */
  say(line: string): void;
  stop(): void;
}

/** Where nobody watches a bar, a line is written this often. */
const LINE_MS = 3_000;

/** A bar where stderr is a terminal, otherwise a line every few seconds. */
export function createProgress(what: string, total: number): Progress {
  return process.stderr.isTTY ? bar(what, total) : lines(what, total);
}

function bar(what: string, total: number): Progress {
  const bars = new cliProgress.MultiBar({
    format: (options, { progress, value, total: most }, { what: now }) =>
      most === 0 ? now : `${cliProgress.Format.BarFormat(progress, options)} ${share(value, most)} | ${now}`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    gracefulExit: false,
  });
  const one = bars.create(total, 0, { what });
  return {
    update: (done, now) => one.update(done, now === undefined ? {} : { what: now }),
    setTotal: (most) => one.setTotal(most),
    say: (line) => bars.log(`${line}\n`),
    stop: () => bars.stop(),
  };
}

function lines(what: string, total: number): Progress {
  let most = total;
  let now = what;
  let said = performance.now();
  return {
    update(done, doing = now) {
      now = doing;
      if (performance.now() - said < LINE_MS) return;
      said = performance.now();
      console.error(most === 0 ? now : `${now}: ${share(done, most)}`);
    },
    setTotal(given) {
      most = given;
    },
    say: (line) => console.error(line),
    stop: () => undefined,
  };
}

function share(done: number, total: number): string {
  return `${done} of ${total} (${Math.floor((done * 100) / total)} %)`;
}
