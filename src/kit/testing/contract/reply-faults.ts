import type { Fault } from '../simulator/faults.ts';

export const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' };

/** Answers that say nothing about the request. None of them is a delivery. */
export const REPLY_FAULTS = [
  { id: 'maintenance-page', title: 'an HTML page with status 200', fault: { kind: 'html' } },
  { id: 'empty-body', title: 'an empty body with status 200', fault: { kind: 'status', status: 200, body: '' } },
  { id: 'empty-object', title: '{} with status 200', fault: { kind: 'empty' } },
  { id: 'no-content', title: 'status 204', fault: { kind: 'status', status: 204, body: '' } },
  {
    id: 'broken-json',
    title: 'broken JSON with status 200',
    fault: { kind: 'status', status: 200, headers: JSON_HEADERS, body: '{"status":1,"error_code":0,' },
  },
  {
    id: 'list-instead',
    title: 'a JSON list with status 200',
    fault: { kind: 'status', status: 200, headers: JSON_HEADERS, body: '[]' },
  },
  {
    id: 'null-instead',
    title: 'JSON null with status 200',
    fault: { kind: 'status', status: 200, headers: JSON_HEADERS, body: 'null' },
  },
  {
    id: 'redirect',
    title: 'a redirect to a login page',
    fault: { kind: 'status', status: 302, headers: { location: '/login' }, body: '' },
  },
] as const satisfies readonly { id: string; title: string; fault: Fault }[];
