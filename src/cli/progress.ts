import cliProgress from 'cli-progress';

/** Reports the progress of long work on stderr. */
export interface Progress {
  /** Sets the progress; `what` names the current work. */
  update(done: number, what?: string): void;
  /** Sets the total. With 0 (unknown) only the current work is shown. */
  setTotal(total: number): void;
  /** Prints a line that stays. */
  say(line: string): void;
  stop(): void;
}

/** Interval of progress lines where stderr is no terminal. */
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
    // Ctrl-C may end the command at any moment, and would leave a hidden cursor or cut lines.
    hideCursor: false,
    linewrap: true,
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
