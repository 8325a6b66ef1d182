import { expect, test } from 'vitest';
import type { LoadedAdapter } from '../../parties/load-adapters.ts';
import { UsageError } from '../run-command.ts';
import { readAnswers } from './read-answers.ts';

const ADAPTERS = new Map([['one-stop', {} as LoadedAdapter]]);

function person(...answers: string[]) {
  const asked: string[] = [];
  const heard: string[] = [];
  const question = (text: string): Promise<string> => {
    asked.push(text);
    return Promise.resolve(answers.shift() as string);
  };
  return { asked, heard, question, say: (line: string) => heard.push(line) };
}

test('a person is asked for what the options do not say, and again after a wrong answer', async () => {
  const terminal = person(
    'H6',
    ' H60 ',
    'hub.example',
    'https://hub.example',
    '',
    '',
    'one-stp',
    'one-stop a:one-stop',
  );
  expect(await readAnswers({ name: 'Tỉnh Tuyên Quang' }, ADAPTERS, terminal)).toEqual({
    province: { code: 'H60', name: 'Tỉnh Tuyên Quang' },
    url: 'https://hub.example',
    databaseUrl: undefined,
    redisUrl: undefined,
    partners: [
      { id: 'one-stop', adapter: 'one-stop', url: undefined },
      { id: 'a', adapter: 'one-stop', url: undefined },
    ],
  });
  expect(terminal.heard).toEqual([
    '--province: got "H6", expected a code such as H60',
    '--url: got "hub.example", expected an address such as https://hub.example',
    '--partner: got the adapter one-stp, expected one of one-stop',
  ]);
  expect(terminal.asked[1]).toBe(terminal.asked[0]);
});

test('a wrong option ends the command without a question for it', async () => {
  const terminal = person();
  await expect(readAnswers({ province: 'H6' }, ADAPTERS, terminal)).rejects.toThrow(UsageError);
  expect(terminal.asked).toEqual([]);
});

test('without a terminal, what is missing is a wrong usage', async () => {
  await expect(readAnswers({ province: 'H60' }, ADAPTERS)).rejects.toThrow('--name is missing');
});
