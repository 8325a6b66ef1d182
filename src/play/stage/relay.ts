import { once } from 'node:events';
import net from 'node:net';

/** Passes TCP connections on to a port of this machine. */
export interface Relay {
  readonly port: number;
  /** Passes nothing on and closes nothing, like a network that loses every packet. New connections get no answer. */
  cut(): void;
  heal(): void;
  /** Ends the connections to this port. */
  drop(target: number): void;
  close(): void;
}

interface Line {
  readonly target: number;
  readonly near: net.Socket;
  readonly far: net.Socket;
}

const HOST = '127.0.0.1';

/** @param choose the port for a new connection; undefined refuses it */
export async function openRelay(host: string, port: number, choose: () => number | undefined): Promise<Relay> {
  const lines = new Set<Line>();
  /** What happens at the end of a cut: its connections that came, and the ends of others. */
  const afterCut = new Set<() => void>();
  let isCut = false;
  const unlessCut = (act: () => void): void => void (isCut ? afterCut.add(act) : act());

  const open = (near: net.Socket): void => {
    const target = near.destroyed ? undefined : choose();
    if (target === undefined) return void near.destroy();
    const line = { target, near, far: net.connect(target, HOST).setNoDelay() };
    lines.add(line);
    for (const [one, other] of sides(line)) {
      one.on('error', () => undefined);
      one.once('close', () => {
        lines.delete(line);
        unlessCut(() => other.destroy());
      });
    }
    flow(line);
  };
  const server = net.createServer({ pauseOnConnect: true, noDelay: true }, (near) => {
    near.on('error', () => undefined);
    unlessCut(() => open(near));
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    cut() {
      isCut = true;
      for (const line of lines) for (const [one, other] of sides(line)) one.unpipe(other).pause();
    },
    heal() {
      isCut = false;
      for (const line of lines) flow(line);
      for (const act of afterCut) act();
      afterCut.clear();
    },
    drop(target) {
      for (const line of lines) if (line.target === target) line.near.destroy();
    },
    close() {
      server.close();
      for (const { near, far } of lines) for (const one of [near, far]) one.destroy();
    },
  };
}

function sides({ near, far }: Line): readonly (readonly [net.Socket, net.Socket])[] {
  return [
    [near, far],
    [far, near],
  ];
}

function flow(line: Line): void {
  for (const [one, other] of sides(line)) one.pipe(other);
}
