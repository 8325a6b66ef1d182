import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { NO_CODES } from '#core/identifiers/codes';
import { type LoadedAdapter, loadAdapters } from '../../parties/load-adapters.ts';
import { createParty } from '../../parties/party.ts';
import { tryPush } from './try-push.ts';

const folder = mkdtempSync(join(tmpdir(), 'lienthong-try-push-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Of the example of a province, and of other systems that are not in it. Nothing listens at any of these addresses. */
const PROVINCE = JSON.parse(readFileSync('docs/operate/province.config.json', 'utf8')).parties as Record<string, Entry>;
const LGSP = { tokenUrl: 'https://lgsp.tinh.example/token', consumerKey: 'h60', consumerSecret: 'bi-mat-cua-phep-thu' };
const PARTIES: Record<string, Entry> = {
  ...PROVINCE,
  igate: {
    adapter: 'igate',
    settings: {
      baseUrl: 'https://igate.tinh.example',
      tokenUrl: LGSP.tokenUrl,
      clientId: 'h60',
      clientSecret: LGSP.consumerSecret,
      endsProcesses: true,
    },
  },
  'criminal-record': {
    adapter: 'rest-ministry',
    settings: JSON.parse(readFileSync('adapters/rest-ministry/parties/criminal-record.json', 'utf8')),
  },
  papers: {
    adapter: 'rest-ministry',
    settings: {
      system: 'papers',
      baseUrl: 'https://giayto.tinh.example',
      push: {
        dossiers: {
          operation: 'POST papers',
          body: 'multipart',
          request: { code: 'code', tep: { each: 'record.documents', from: 'file', as: 'file' } },
          reference: 'receipt',
        },
      },
    },
  },
  opencps: { adapter: 'opencps-bus', settings: { baseUrl: 'https://truc.tinh.example', ...LGSP } },
};
interface Entry {
  readonly adapter: string;
  readonly settings: object;
}

const DOSSIER = {
  code: 'H60.01-250812-0035',
  serviceCode: '1.003618',
  serviceName: 'Cấp giấy chứng nhận',
  fieldCode: 'G09-YT01',
  fieldName: 'Y tế',
  agencyCode: 'H60.01',
  agencyName: 'Sở Y tế',
  status: 'resolved',
  statusAt: '2025-08-12T08:15:00+07:00',
  receivedAt: '2025-08-12T08:15:00+07:00',
  applicant: { kind: 'citizen', name: 'Nguyễn Văn A' },
};
const STEP = {
  code: DOSSIER.code,
  at: DOSSIER.statusAt,
  status: 'processing',
  actor: 'Trần Thị B',
  content: 'Thẩm định',
};

const ORDER = {
  code: 'BC-0001',
  state: 'registered',
  stateAt: DOSSIER.statusAt,
  dossierCode: DOSSIER.code,
  direction: 'return',
  receiver: { name: 'Nguyễn Văn A', address: 'Số 1, phường Minh Xuân', phone: '0900000001' },
};
const PAYMENT = {
  code: 'TT0001',
  state: 'requested',
  stateAt: DOSSIER.statusAt,
  dossierCode: DOSSIER.code,
  amountVnd: 50_000,
  payer: { name: 'Nguyễn Văn A' },
};

const adapters = await loadAdapters();

async function tried(id: string, record: object) {
  const { adapter: name, settings } = PARTIES[id] as Entry;
  const { adapter } = adapters.get(name) as LoadedAdapter;
  const codes = { at: () => NO_CODES, now: () => NO_CODES };
  const party = createParty({ id, title: id, adapter, authoritative: false, settings, codes, nowMs: Date.now });
  const path = join(folder, `${id}.json`);
  writeFileSync(path, JSON.stringify(record));
  try {
    return await tryPush(party, path);
  } finally {
    party.close();
  }
}

test.each([
  ['one-stop', DOSSIER, /^PUT https:\/\/motcua\.tinh\.example\/lien-thong\/dossiers\/H60/],
  ['one-stop', STEP, /^POST https:\/\/motcua\.tinh\.example\/lien-thong\/dossiers\/H60.*\/progress/],
  [
    'national-portal',
    DOSSIER,
    /if the partner has it already:\nPOST http:\/\/10\.0\.0\.5:8080\/mapi\/g\n[\s\S]*"session":"\*\*\*"[\s\S]*DongBoHoSoMC/,
  ],
  ['health', { ...DOSSIER, status: 'received' }, /^POST https:\/\/lgsp\.tinh\.example\/dichvuhoso/],
  ['agriculture', DOSSIER, /if the partner has it already:\nPUT /],
  ['construction', { ...DOSSIER, status: 'received' }, /^POST https:\/\/dvc\.xaydung\.example\/DichVuHoSo\.asmx/],
  ['portal', DOSSIER, /^POST https:\/\/dichvucong\.tinh\.example\/webhooks\/lien-thong\n[\s\S]*dossier\.changed/],
  ['igate', DOSSIER, /^GET https:\/\/igate\.tinh\.example\/.*search/],
  ['opencps', DOSSIER, /^POST https:\/\/truc\.tinh\.example\/Document\/SyncDocument/],
  ['opencps', STEP, /^POST https:\/\/truc\.tinh\.example\/Document\/UpdateDocumentTraces/],
  [
    'civil-status',
    { ...DOSSIER, serviceCode: '1.001193', status: 'received' },
    /^POST https:\/\/lgsp\.tinh\.example\/hotich\/1\.0\/dangKyHoTich\n/,
  ],
  ['vnpost', ORDER, /^POST https:\/\/hcc\.buudien\.example\/order\n[\s\S]*"CustomerCode":"KH-H60"/],
  [
    'vnpost',
    { ...ORDER, state: 'cancelled' },
    /^nothing would be sent: the post never[\s\S]*has it already:\nPOST .*\/cancel\n/,
  ],
  [
    'payment-platform',
    PAYMENT,
    /^POST https:\/\/thanhtoan\.example\/init\n[\s\S]*^without a value: .*MaTTHC[\s\S]*the file has no dossier/m,
  ],
] as const)('a trial shows the request of %s, with no login and no secret', async (id, record, shown) => {
  const { text, failed } = await tried(id, record);
  expect(text).toMatch(shown);
  expect([failed, text.endsWith('nothing was sent')]).toEqual([false, true]);
  expect(text).not.toMatch(/\/token$|bi-mat|\$\{/m);
});

test('a trial names what has no value in the request', async () => {
  const { text } = await tried('agriculture', DOSSIER);
  expect(text).toMatch(/^without a value: .*summary \(record\.abstract\)/m);
});

test('a trial of a status with a request of its own names what that request lacks', async () => {
  const { text } = await tried('criminal-record', { ...DOSSIER, status: 'refused' });
  expect(text).toMatch(/^without a value: .*lyDoTuChoi \(record\.note\)/m);
});

test('a trial shows a file by its reference', async () => {
  const file = `sha256:${'a'.repeat(64)}`;
  const record = { ...DOSSIER, documents: [{ id: '1', name: 'Đơn', file }] };
  const inJson = await tried('opencps', record);
  expect(inJson.text).toContain(`"Base64":"(base64 of ${file})"`);
  const inForm = await tried('papers', record);
  expect(inForm.text).toContain(`(bytes of ${file})`);
  expect([inJson.failed, inForm.failed]).toEqual([false, false]);
});

test('a trial says why a record would not be sent', async () => {
  const { receivedAt: _, ...unreceived } = { ...DOSSIER, serviceCode: '1.001193', status: 'received' };
  const { text, failed } = await tried('civil-status', unreceived);
  expect([text.split('\n')[0], failed]).toEqual([
    'nothing would be sent: the ministry takes a dossier only after its receipt, and this one has no receivedAt',
    true,
  ]);
});

test('a file of another kind is refused, with what the party takes', async () => {
  await expect(tried('portal', { code: DOSSIER.code })).rejects.toThrow(
    /expected dossier\.upsert\.v1 or .*\/serviceCode/,
  );
});
