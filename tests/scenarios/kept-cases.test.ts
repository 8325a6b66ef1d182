import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type RecordItem, readItem } from '#core/dossier/item';
import { keepingDoubt, type Outcome } from '#core/dossier/settle';
import type { Dossier } from '#schemas/dossier.upsert.v1';
import type { Operation } from '#schemas/operations';
import { connectTo } from '../../adapters/soap-ministry/simulator/connect.ts';
import { wireCaseOf } from '../../src/cli/adapter/kept-case.ts';
import { settingsOfCase } from '../../src/cli/adapter/settings-of-case.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import type { WireRecord } from '../../src/kit/http/exchange.ts';
import type { Outgoing, Sender } from '../../src/kit/sender.ts';
import { parseHttpText } from '../../src/kit/testing/contract/http-text.ts';
import { playReplies } from '../../src/kit/testing/contract/scripted-server.ts';
import { playCase } from '../../src/kit/testing/contract/wire-cases.ts';
import {
  type TestConnection,
  type TestConnectionOptions,
  testConnection,
} from '../../src/kit/testing/test-connection.ts';
import { ADAPTERS_DIR, loadAdapters } from '../../src/parties/load-adapters.ts';

const SECRET = 'mat-khau-cua-thu-nghiem';
const CONNECT: Readonly<Record<string, (url: string, means: TestConnectionOptions) => TestConnection>> = {
  'one-stop': (url, means) => testConnection({ baseUrl: url, token: SECRET }, means),
  'webhook-subscriber': (url, means) =>
    testConnection(
      { url: `${url}/webhooks/lienthong`, secrets: ['whsec_c2ltdWxhdGVkLXN1YnNjcmliZXItb2YtdGVzdHM='] },
      means,
    ),
  'national-portal': (url, means) =>
    testConnection({ adapterUrl: url, username: 'sim', password: SECRET, dstcode: 'VN:GOV:x', madonvi: 'H60' }, means),
  'civil-status': (url, means) => {
    const gateway = { tokenUrl: `${url}/token`, baseUrl: url, consumerKey: 'khoa', consumerSecret: SECRET };
    return testConnection({ ...gateway, lgspAccessToken: SECRET, maTinh: '08', maDonVi: '02269' }, means);
  },
  'soap-ministry': connectTo('transport'),
};

/** The people of the fixtures, as real ones. */
const PEOPLE: readonly (readonly [string, string])[] = [
  ['001099000001', '014099887766'],
  ['0900000001', '0912776655'],
  ['Nguyễn Văn A', 'Lường Thị Ánh Nguyệt'],
  ['NGUYỄN VĂN A', 'LƯỜNG THỊ ÁNH NGUYỆT'],
];
const CANARIES = ['14099887766', '912776655', 'Lường', 'LƯỜNG', 'Nguyệt', SECRET, 'c2ltdWxhdGVk'];

const folder = mkdtempSync(join(tmpdir(), 'lienthong-kept-cases-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const adapters = await loadAdapters();

describe.each(Object.entries(CONNECT))(
  'an attempt at a partner of %s becomes a case that plays, without its people',
  (name, connect) => {
    const cases = join(ADAPTERS_DIR, name, 'fixtures', 'cases');
    const { adapter } = adapters.get(name) as { adapter: Adapter };

    test.each(readdirSync(cases).filter((one) => canBeKept(join(cases, one))))('%s', async (one) => {
      await adapter.load?.();
      const { outgoing, outcome, wire, settings, at } = await attempted(join(cases, one));
      const attempt = {
        number: 2,
        at,
        tookMs: 0,
        outcome: outcome.kind,
        reason: outcome.reason ?? null,
        detail: null,
        words: null,
        hasWire: wire.length > 0,
        wire: () => (wire.length > 0 ? JSON.stringify(wire) : undefined),
      };
      const before = { ...attempt, number: 1, outcome: outgoing.doubt ? 'unknown' : 'unavailable' };
      const delivery = {
        id: 1,
        party: name,
        operation: outgoing.operation,
        code: outgoing.record.code,
        version: 1,
        messageId: '',
        state: 'due' as const,
        createdAt: at,
        isOnItsWay: false,
        behind: null,
        attempts: 2,
        doubt: false,
        causeKey: null,
        outcome: null,
        reason: null,
        detail: null,
        words: null,
        settledAt: null,
        replayedAt: null,
        reference: outcome.reference ?? null,
      };
      const { files } = wireCaseOf({
        delivery,
        attempts: [before, attempt],
        attempt,
        outgoing,
        known: outgoing.known,
        settings: settingsOfCase(settings, adapter.settings),
      });
      const text = Object.values(files).join('\n');
      expect(CANARIES.filter((canary) => text.includes(canary))).toEqual([]);
      const made = mkdtempSync(join(folder, 'case-'));
      for (const [file, content] of Object.entries(files)) writeFileSync(join(made, file), content);
      await playCase({ folder: made, adapter, connect }, expect, made);
    });

    /** Plays a case of the adapter with real people in it, and stores what the hub stores. */
    async function attempted(one: string) {
      const read = (file: string): string => withPeople(readFileSync(join(one, file), 'utf8'));
      const replies = parseHttpText(read('reply.http'));
      const server = await playReplies(replies);
      const held = JSON.parse(read('message.json').replaceAll('{{url}}', server.url));
      const nowMs = Date.parse(held.now ?? '2025-08-13T10:00:00+07:00');
      const wire: WireRecord[] = [];
      const connection = connect(server.url, {
        ...held,
        now: () => nowMs,
        totalMs: 700,
        record: (call) => wire.push(call),
      });
      const { record } = readItem(held.operation, held.items[0].record) as RecordItem;
      const outgoing = {
        id: 'lienthong-1',
        code: record.code,
        doubt: false,
        known: false,
        ...held.items[0],
        ...(held.operation === 'dossier.upsert.v1' && { dossier: record as Dossier }),
        operation: held.operation,
        record,
      } as Outgoing;
      const sender = adapter.send?.[held.operation as Operation] as unknown as Sender<unknown>;
      const outcomes = await sender.send(connection, [outgoing]);
      const outcome = keepingDoubt(outgoing, outcomes[0] as Outcome);
      // The hub stores neither logins nor hidden values: a person writes them, as the command says.
      const isHidden = (text: string): boolean => text.startsWith('(not kept') || text.includes('***');
      const whole = wire.map((call, at) => ({
        ...call,
        request: isHidden(call.request) ? (server.received[at]?.body ?? '') : call.request,
        reply: isHidden(call.reply) && call.status ? (replies[at]?.body ?? '') : call.reply,
      }));
      connection.close();
      server.close();
      const at = new Date(nowMs).toISOString();
      return { outgoing, outcome: outcome as Told, wire: whole, settings: connection.settings, at };
    }
  },
);

interface Told {
  readonly kind: string;
  readonly reason?: string;
  readonly reference?: string;
}

/** One item, every call as often as it was made, and no setting that the adapter's test has and the case removes. */
function canBeKept(one: string): boolean {
  const { items = [], settings = {} } = JSON.parse(readFileSync(join(one, 'message.json'), 'utf8'));
  const isRepeated = /^!(?:reset|timeout)/m.test(readFileSync(join(one, 'reply.http'), 'utf8'));
  return items.length === 1 && !isRepeated && !Object.values(settings).includes(null);
}

function withPeople(text: string): string {
  return PEOPLE.reduce((whole, [from, to]) => whole.replaceAll(from, to), text);
}
