import { expect, test } from 'vitest';
import { Circuit } from './breaker.ts';

function scene() {
  const log: string[] = [];
  const clock = { ms: 0 };
  const circuit = new Circuit({
    nowMs: () => clock.ms,
    openForMs: (opening) => opening * 1_000,
    onOpen: () => log.push('open'),
    onClose: () => log.push('close'),
  });
  const call = (isFailure: boolean) =>
    circuit.run(
      async () => isFailure,
      (result) => (result ? 'down' : 'up'),
    );
  const fail = async (times: number): Promise<void> => {
    for (let n = 0; n < times; n++) await call(true);
  };
  return { log, clock, circuit, call, fail };
}

test('opens after five failures in a row, and makes no call while it is open', async () => {
  const { log, circuit, call, fail } = scene();
  await fail(4);
  await call(false);
  await fail(4);
  expect(circuit.state).toBe('closed');
  expect(circuit.room()).toBe(Number.POSITIVE_INFINITY);
  await fail(1);
  expect(circuit.state).toBe('open');
  expect(circuit.room()).toBe(0);
  expect(await call(false)).toBeUndefined();
  expect(log).toEqual(['open']);
});

test('lets one trial call through after its time, and a success closes it', async () => {
  const { log, clock, circuit, call, fail } = scene();
  await fail(5);
  clock.ms = 1_000;
  expect(circuit.room()).toBe(1);
  const trial = call(false);
  expect(circuit.state).toBe('half-open');
  expect(circuit.room()).toBe(0);
  expect(await trial).toBe(false);
  expect(circuit.state).toBe('closed');
  expect(log).toEqual(['open', 'close']);
});

test('a failed trial opens it again, for the next longer time', async () => {
  const { log, clock, circuit, fail } = scene();
  await fail(5);
  clock.ms = 1_000;
  await fail(1);
  expect(circuit.state).toBe('open');
  clock.ms = 2_999;
  expect(circuit.room()).toBe(0);
  clock.ms = 3_000;
  expect(circuit.room()).toBe(1);
  expect(log).toEqual(['open', 'open']);
});

test('a call that shows nothing neither counts nor closes it, and the next call is a trial at once', async () => {
  const { log, clock, circuit, call, fail } = scene();
  const askNobody = (): Promise<unknown> =>
    circuit.run(
      async () => true,
      () => 'nothing',
    );
  await fail(4);
  await askNobody();
  await fail(1);
  expect(circuit.state).toBe('open');
  clock.ms = 1_000;
  await askNobody();
  expect([circuit.state, circuit.room()]).toEqual(['open', 1]);
  await fail(1);
  clock.ms = 2_999;
  expect(circuit.room()).toBe(0);
  clock.ms = 3_000;
  await call(false);
  expect(log).toEqual(['open', 'open', 'close']);
});

test('a late failure of an earlier call does not end the trial', async () => {
  const { log, clock, circuit, fail } = scene();
  const answers: ((isFailure: boolean) => void)[] = [];
  const slowCall = (): Promise<unknown> =>
    circuit.run(
      () => new Promise<boolean>((resolve) => answers.push(resolve)),
      (isFailure) => (isFailure ? 'down' : 'up'),
    );
  const earlier = slowCall();
  await fail(5);
  clock.ms = 1_000;
  const trial = slowCall();
  answers[0]?.(true);
  await earlier;
  expect(circuit.state).toBe('half-open');
  answers[1]?.(false);
  await trial;
  expect(circuit.state).toBe('closed');
  expect(log).toEqual(['open', 'close']);
});

test('a trial that throws closes it, because a bug says nothing about the partner', async () => {
  const { clock, circuit, fail } = scene();
  await fail(5);
  clock.ms = 1_000;
  await expect(
    circuit.run(
      () => Promise.reject(new Error('bug')),
      () => 'up',
    ),
  ).rejects.toThrow('bug');
  expect(circuit.state).toBe('closed');
});

test('a clock that was set back allows a trial', async () => {
  const { clock, circuit, fail } = scene();
  clock.ms = 10_000;
  await fail(5);
  clock.ms = 5_000;
  expect(circuit.room()).toBe(1);
});
