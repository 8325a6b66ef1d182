import { unmapped } from '#kit';
import type { KeyEntry } from '../../src/config/config.ts';
import type { Outcome } from '../../src/core/dossier/settle.ts';
import type { CodeTable } from '../../src/core/identifiers/codes.ts';
import { unknownService } from '../../src/kit/outcomes.ts';
import { type Partner, type TestHub, testPartner } from './hub.ts';
import type { Json } from './json.ts';

const SCOPES = ['ops:read', 'ops:body', 'ops:replay', 'ops:configure', 'ops:erase'] as const;
const secretOf = (id: string): string => `${id}-secret-of-the-tests`;
const key = (id: string, scopes: KeyEntry['scopes']): KeyEntry => ({ id, secret: secretOf(id), scopes });

/** Keys with all scopes of operators, with one each, and with all and personal data. */
export const OPERATOR_KEYS: readonly KeyEntry[] = [
  key('ops', [...SCOPES]),
  key('ops-personal', [...SCOPES, 'index:personal']),
  ...SCOPES.map((scope) => key(scope.replace(':', '-'), [scope])),
];

export interface Answer {
  readonly status: number;
  readonly body: Json;
}

/** An operator at the hub's HTTP interface. */
export interface Operator {
  get(path: string, keyId?: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  post(path: string, body?: unknown, keyId?: string): Promise<Answer>;
}

export function operatorOf(hub: TestHub): Operator {
  const ask = async (
    method: string,
    path: string,
    keyId: string,
    body?: unknown,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Answer> => {
    const headers = { Authorization: `Bearer ${secretOf(keyId)}`, ...more };
    const response = await hub.request(method, `/api/v1/ops/${path}`, undefined, body, headers);
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };
  return {
    get: (path, keyId = 'ops', headers = {}) => ask('GET', path, keyId, undefined, headers),
    post: (path, body, keyId = 'ops') => ask('POST', path, keyId, body),
  };
}

export const DOWN: Outcome = { kind: 'unavailable', reason: 'down', message: 'no connection' };
export const NO: Outcome = { kind: 'refused', reason: 'field-too-long', message: 'TenTTHC is too long' };

/** One status with a code at the adapter, and one that may get a code later. */
const MORE = [
  { code: '9', is: 'resolved', label: 'Đã xử lý xong' },
  { code: '', is: 'stopped', label: 'Dừng xử lý' },
];

/** A partner with its own codes for some statuses. It gets nothing for which it has no code. */
export function partnerWithTable(
  bothWays = true,
): Partner & { readonly codes: string[]; readonly needs: { service: boolean } } {
  const codes: string[] = [];
  const needs = { service: false };
  const partner = testPartner();
  const table: CodeTable = {
    name: 'portal-status',
    title: 'Statuses of the portal',
    entries: [
      { code: '1', is: 'received', label: 'Được tiếp nhận' },
      { code: '2', is: 'processing', label: 'Đang xử lý' },
      { code: '5', is: 'supplement-required', label: 'Yêu cầu bổ sung giấy tờ' },
    ],
    bothWays,
  };
  const adapter: Partner['adapter'] = {
    ...partner.adapter,
    tables: () => [{ ...table, entries: [...table.entries, ...MORE] }],
    send: {
      ...partner.adapter.send,
      'dossier.upsert.v1': {
        async send(connection, items) {
          partner.sent.push(...items);
          return items.map(({ record: { status, serviceCode }, service }): Outcome => {
            if (needs.service && !service) return unknownService(serviceCode);
            const known = status === 'resolved' ? undefined : table.entries.find((entry) => entry.is === status)?.code;
            const code = connection.codes('portal-status').get(status) ?? known;
            if (code === undefined) return unmappedStatus(status);
            codes.push(code);
            return { kind: 'delivered' };
          });
        },
      },
    },
  };
  return { ...partner, adapter, codes, needs };
}

function unmappedStatus(status: string): Outcome {
  return unmapped('portal-status', status);
}
