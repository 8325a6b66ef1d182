import { expect, test } from 'vitest';
import type { Participant } from './participants.ts';
import { routesOf } from './parties.ts';

const playing = (...names: Participant['name'][]): readonly Participant[] =>
  names.map((name) => ({ name, url: 'http://127.0.0.1:9' }) as Participant);

/** The parties that a route of this party and operation leads to. */
const targetsOf = (participants: readonly Participant[], from: string, operation: string): readonly string[] =>
  routesOf(participants).flatMap((route) => (route.from === from && route.operation === operation ? route.to : []));

test('a participant that is away takes no route of the others with it', () => {
  const proof = playing('national-portal', 'civil-status', 'one-stop', 'vnpost', 'payment-platform');
  expect(targetsOf(proof, 'payment-platform', 'payment.upsert.v1')).toEqual(['one-stop']);
  const day = [...proof, ...playing('population')];
  expect(targetsOf(day, 'payment-platform', 'payment.upsert.v1')).toEqual(['one-stop', 'e-receipt']);
});
