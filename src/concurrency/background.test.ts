import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createBackground } from './background.ts';

test('waits for work that other work starts during the wait', async () => {
  const done: string[] = [];
  const faults: string[] = [];
  const background = createBackground((name) => faults.push(name));
  const release = async (): Promise<void> => {
    await sleep(5);
    background.run('alert', alert());
    done.push('release');
  };
  const alert = async (): Promise<void> => {
    await sleep(5);
    done.push('alert');
    throw new Error('no receiver');
  };
  background.run('release', release());
  await background.settled();
  expect({ done, faults }).toEqual({ done: ['release', 'alert'], faults: ['alert'] });
});
