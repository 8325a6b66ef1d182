import { Compile } from 'typebox/compile';
import { expect, test } from 'vitest';
import { contractTest } from '#kit/testing';
import adapter from './adapter.ts';
import type { Settings } from './settings.ts';
import { connectTo, socialInsuranceAt } from './simulator/connect.ts';

await contractTest({
  folder: import.meta.dirname,
  adapter,
  sendsAsAdapter: true,
  connect: connectTo('social-insurance'),
  asks: { dossier: { code: '03706/2026/07906' } },
});

test.each([
  ['706/2026/07906', true],
  ['103706/2026/07906', true],
  ['1103706/2026/07906', false],
  ['03706/2026/7906', false],
])('the number %s is one of the social insurance: %s', (code, isOne) => {
  const asked = adapter.asks?.questions(socialInsuranceAt('http://127.0.0.1') as Settings).dossier;
  expect(asked && Compile(asked.values).Check({ code })).toBe(isOne);
});
