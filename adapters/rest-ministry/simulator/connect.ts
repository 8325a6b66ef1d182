import { type TestConnection, type TestConnectionOptions, testConnection } from '#kit/testing';
import agriculture from '../parties/agriculture.json' with { type: 'json' };
import health from '../parties/health.json' with { type: 'json' };

/** The example parties, connected to a simulator in tests. A case may name the other party as its `system`. */
export function connectTo(usual: 'health' | 'agriculture') {
  return (url: string, options: TestConnectionOptions): TestConnection =>
    testConnection((options.settings?.system ?? usual) === 'health' ? healthAt(url) : agricultureAt(url), options);
}

export function healthAt(url: string) {
  return {
    ...health,
    baseUrl: `${url}/lgsp/DichVuHoSo/1.0`,
    headers: { lgspaccesstoken: 'khoa-lgsp-thu-nghiem' },
    security: { ...health.security, tokenUrl: `${url}/lgsp/token`, clientSecret: 'mat-khau-thu-nghiem' },
    pull: whole(health.pull),
  };
}

export function agricultureAt(url: string) {
  const security = { ...agriculture.security, token: 'khoa-thu-nghiem' };
  return { ...agriculture, baseUrl: `${url}/api/v2`, security, pull: whole(agriculture.pull) };
}

/** Extends every list's period to the whole time, so that the clock does not matter. */
function whole<P extends Readonly<Record<string, { readonly period: { readonly startAt: string } }>>>(pull: P): P {
  const lists = Object.entries(pull).map(([name, list]) => [
    name,
    { ...list, period: { startAt: list.period.startAt } },
  ]);
  return Object.fromEntries(lists) as P;
}
