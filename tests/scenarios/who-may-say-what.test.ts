import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Scope } from '../../src/config/config.ts';
import { ALL_KINDS } from '../../src/kinds/all-kinds.ts';
import { listAfter, readPage, tableAfter } from '../support/documents.ts';
import { dossier, type PushReply, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import type { Json } from '../support/json.ts';
import { question, rating } from '../support/kinds.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';
import { bearer, lookUp, readBy, secretOf } from '../support/party-doors.ts';

/** The rules that operators read. Each row below is looked up here by its words, and played at the doors of a hub. */
const PAGE = readPage('docs/concepts/who-may-say-what.md');
const OWNERS = '## Who owns a dossier';
const CLAIMS = "## What a party may say of another party's dossier";
const RECORDS = '## Records that name a dossier';
const READS = '## What a party may read in full';

type Settings = Readonly<Record<string, { readonly adapter?: string } & Readonly<Record<string, unknown>>>>;
/** The example of the page. */
const EXAMPLE: Settings = JSON.parse(PAGE.blocks.find(({ info }) => info === 'json config')?.text ?? '').parties;

/** Parties with the rules that the example lacks. */
const MORE: Settings = {
  commune: { owns: { codes: ['H60.05'] } },
  'one-service': { owns: { services: ['1.777777'] } },
  'by-route': {},
  'authoritative-list': { authoritative: ['status', 'results'] },
  'may-note': { may: ['note'] },
  'authoritative-note': { authoritative: ['note'] },
  'may-rate': { may: ['rating.upsert.v1'] },
};

const OWN = { name: 'Lê Thị Chủ Nhân', phone: '0911223344' };
const FOREIGN = { name: 'Kẻ Mạo Danh', phone: '0977665544' };
const LATER = '2025-08-14T09:00:00+07:00';

/** A hub with these parties. Those on the adapter `one-stop` are authoritative, and the others report by pulls. */
function openHub(parties: Settings): Promise<TestHub> {
  const pull = { results: { next: async () => ({ bodies: [], checkpoint: 0, more: false }) } as never };
  const names = Object.keys(parties).filter((name) => name !== 'one-stop');
  const scopes: Scope[] = ['dossier:write', ...ALL_KINDS.map(({ scope }) => scope)];
  return testHub({
    partners: Object.fromEntries(names.map((name) => [name, testPartner({ any: true, pull })])),
    entries: Object.fromEntries(
      Object.entries(parties).map(([name, entry]) => [
        name,
        { ...entry, adapter: entry.adapter === 'one-stop' ? 'door' : name },
      ]),
    ),
    routes: [
      { from: 'one-stop', operation: 'dossier.upsert.v1', to: ['by-route', 'national-portal'] },
      { from: 'one-stop', operation: 'question.upsert.v1', to: ['by-route'] },
    ],
    keys: [...OPERATOR_KEYS, ...names.map((id) => ({ id, secret: secretOf(id), scopes, party: id }))],
  });
}

let serial = 0;
/** A new dossier code of an agency. */
const codeIn = (agency: string): string => `${agency}-250812-${String(++serial).padStart(4, '0')}`;
const pathsOf = ({ warnings = [] }: Result): readonly string[] =>
  warnings.filter(({ code }) => code === 'not-owner').map(({ path }) => path);
type Result = PushReply['results'][number];

function doorsOf(hub: () => TestHub) {
  const send = async (party: string, item: object, what = 'dossiers'): Promise<Result> => {
    const reply = await hub().request('POST', `/api/v1/parties/${party}/${what}`, undefined, item, bearer(party));
    const [result] = ((await reply.json()) as { results: Result[] }).results;
    return result as Result;
  };
  const read = async (path: string, key = 'personal') => (await hub().read(`/api/v1/${path}`, key)).body;
  return {
    send,
    shown: (code: string): Promise<Json> => read(`dossiers/${code}`),
    isKnown: async (code: string) => (await hub().read(`/api/v1/dossiers/${code}`)).status === 200,
    history: async (code: string): Promise<Json[]> => (await read(`dossiers/${code}/history`)).items,
    read,
    /** Expects that an item waits, since its sender may not say it. */
    async expectWaits(party: string, item: object, path: string, what?: string): Promise<void> {
      expect(await send(party, item, what)).toMatchObject({
        outcome: 'quarantined',
        problems: [{ path, code: 'not-owner' }],
      });
    },
  };
}

/** Whether each party's word is a claim. */
const claimsIn = (history: readonly Json[]): object =>
  Object.fromEntries(history.map(({ party, claim = false }) => [party, claim]));

type Plays = Readonly<Record<string, (...given: never[]) => Promise<void>>>;

/** The play of these words. */
function playOf<One>(plays: Readonly<Record<string, One>>, words: string): One {
  const play = plays[words];
  if (!play) throw new Error(`${PAGE.path} says "${words}", and no test plays it`);
  return play;
}

describe('who may say what, as the page says', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await openHub({ ...EXAMPLE, ...MORE });
  });
  afterAll(() => hub.close());
  const { send, shown, isKnown, history, read, expectWaits } = doorsOf(() => hub);

  /** Expects that only this party can begin a dossier. */
  const expectOwner = async (owner: string, given: Record<string, unknown>): Promise<void> => {
    await expectWaits('other', dossier(given), '/code');
    expect((await send(owner, dossier(given))).outcome).toBe('accepted');
  };
  /** Expects that the only authoritative party takes over what another one began. */
  async function expectTakenOverIn(parties: Settings): Promise<void> {
    const single = await openHub(parties);
    try {
      const doors = doorsOf(() => single);
      const code = codeIn('K01');
      expect((await doors.send('other', dossier({ code, applicant: FOREIGN }))).outcome).toBe('accepted');
      expect(await doors.shown(code)).toMatchObject({ applicant: FOREIGN });
      expect((await doors.send('one-stop', dossier({ code, applicant: OWN }))).outcome).toBe('accepted');
      expect(await doors.shown(code)).toMatchObject({ applicant: OWN, freshness: { party: 'one-stop' } });
      expect(claimsIn(await doors.history(code))).toEqual({ other: true, 'one-stop': false });
    } finally {
      await single.close();
    }
  }
  const ONE_SERVICE = { serviceCode: '1.777777' };

  const owners: Plays = {
    'Does a party own a prefix of the dossier code (`owns.codes`)? The longest prefix decides.': async () => {
      await expectOwner('one-stop', { code: codeIn('H60.01') });
      await expectOwner('commune', { code: codeIn('H60.05.02') });
    },
    'Does a party own the agency (`owns.agencies`, with the agencies below it)? The hub takes the agency from the dossier code, `H60.01` of `H60.01-250812-0035`. It takes `agencyCode` only where the code names no agency.':
      async () => {
        await expectOwner('one-stop', { code: codeIn('000.00.01.H60'), agencyCode: 'K01' });
        await expectOwner('one-stop', { code: '03706/2025/07906', agencyCode: '000.07.01.H60' });
        const elsewhere = dossier({ code: codeIn('000.00.01.K01'), agencyCode: '000.00.01.H60' });
        expect((await send('other', elsewhere)).outcome).toBe('accepted');
      },
    'Does a party own the service (`owns.services`)?': () =>
      expectOwner('one-service', { code: codeIn('K01'), ...ONE_SERVICE }),
    'Is exactly one party authoritative (`authoritative: true`, as every party on the adapter `one-stop` is)? It owns the rest.':
      async () => {
        const { 'one-stop-ha-giang': _, ...oneAuthority } = EXAMPLE;
        await expectTakenOverIn({ ...oneAuthority, 'by-route': {} });
        // The example has two.
        const code = codeIn('K01');
        await send('other', dossier({ code, applicant: FOREIGN }));
        await send('one-stop', dossier({ code, applicant: OWN }));
        expect(await shown(code)).toMatchObject({ applicant: FOREIGN });
      },
    'Otherwise the first party that sends the dossier owns it for the time being.': async () => {
      const code = codeIn('K01');
      await send('other', dossier({ code, applicant: OWN }));
      expect(pathsOf(await send('health', dossier({ code, applicant: FOREIGN, statusAt: LATER })))).toEqual([
        '/applicant',
      ]);
      expect(await shown(code)).toMatchObject({ applicant: OWN });
    },
  };
  test.each(listAfter(PAGE, OWNERS))('the owner: %s', (words) => playOf(owners, words)());

  const situations: Plays = {
    'A party that owns the code by questions 1 to 3 has not sent the dossier yet, and another party does | The item waits in quarantine (`not-owner`). The hub applies it as a claim when the owner sends the dossier.':
      async () => {
        for (const [owner, given] of [
          ['health', { code: codeIn('G09.20') }],
          ['one-stop', { code: codeIn('000.00.01.H60') }],
          ['one-service', { code: codeIn('K01'), ...ONE_SERVICE }],
        ] as const) {
          await expectWaits('other', dossier({ ...given, applicant: FOREIGN }), '/code');
          expect(await isKnown(given.code)).toBe(false);
          await send(owner, dossier({ ...given, applicant: OWN }));
          await expect.poll(async () => claimsIn(await history(given.code))).toEqual({ other: true, [owner]: false });
          expect(await shown(given.code)).toMatchObject({ applicant: OWN, freshness: { party: owner } });
        }
      },
    'Nobody owns the code by questions 1 to 3 | The first party begins the dossier. A party that is entitled by question 4 takes it over with its first record.':
      () => expectTakenOverIn({ 'one-stop': EXAMPLE['one-stop'] ?? {}, 'by-route': {}, 'national-portal': {} }),
    'The owner takes a dossier over | What the former owner said becomes a claim.': async () => {
      await expectTakenOverIn({ 'one-stop': EXAMPLE['one-stop'] ?? {}, 'by-route': {}, 'national-portal': {} });
      // Agencies and services are the word of their sender, so no party takes over by them.
      const code = codeIn('K01');
      await send('other', dossier({ code, applicant: FOREIGN }));
      await send('one-service', dossier({ code, applicant: OWN, ...ONE_SERVICE }));
      expect(claimsIn(await history(code))).toEqual({ other: false, 'one-service': true });
    },
  };
  const rows = (heading: string): readonly string[] => tableAfter(PAGE, heading).rows.map((row) => row.join(' | '));
  test.each(rows(OWNERS))('%s', (words) => playOf(situations, words)());

  interface Ruled {
    readonly party: string;
    /** The members that the party's rule names. */
    readonly names: readonly string[];
  }
  const BOTH = ['status', 'results'];
  const COLUMNS: Readonly<Record<string, readonly Ruled[]>> = {
    'without a rule': [
      { party: 'one-stop-ha-giang', names: [] },
      // A route sends it the dossiers, and an empty list replaces the rule of the route.
      { party: 'national-portal', names: [] },
    ],
    'with a rule': [
      { party: 'health', names: BOTH },
      { party: 'authoritative-list', names: BOTH },
      { party: 'by-route', names: BOTH },
      { party: 'may-note', names: ['note'] },
      { party: 'authoritative-note', names: ['note'] },
    ],
  };

  /** What a party said of a dossier of one-stop. */
  interface Said {
    readonly code: string;
    readonly party: string;
    /** Members that it said, or paths of a step. */
    readonly said: Readonly<Record<string, unknown>>;
    readonly before: Json;
    readonly result: Result;
  }
  async function saying(party: string, said: Record<string, unknown>, what = 'dossiers'): Promise<Said> {
    const code = codeIn('H60.01');
    await send('one-stop', dossier({ code, applicant: OWN, channel: 'online' }));
    const before = await shown(code);
    const record = dossier({ code, applicant: OWN, channel: 'online', statusAt: LATER, ...said });
    const item = what === 'dossiers' ? record : progress({ code, at: LATER, ...said });
    return { code, party, said, before, result: await send(party, item, what) };
  }
  const ownAlias = () => `BN-${++serial}`;
  const statements: Readonly<Record<string, (party: string) => readonly Promise<Said>[]>> = {
    'status, in a record or a step': (party) => [
      saying(party, { status: 'processing' }),
      saying(party, { status: 'processing' }, 'progress'),
    ],
    'other members, such as `results`': (party) => [saying(party, { results: [{ name: 'Giấy phép' }] })],
    applicant: (party) => [saying(party, { applicant: FOREIGN })],
    'alias for itself': (party) => [saying(party, { aliases: [{ party, code: ownAlias() }] })],
    'alias for another party, or a code that another party owns': (party) => [
      saying(party, { aliases: [{ party: 'one-stop', code: ownAlias() }] }),
      saying(party, { aliases: [{ party, code: codeIn('H60.05') }] }),
    ],
    'alias that is the code of another dossier': (party) => [
      (async () => {
        const taken = codeIn('K01');
        await send('other', dossier({ code: taken }));
        return saying(party, { aliases: [{ party, code: taken }] });
      })(),
    ],
  };

  async function expectClaim({ code, party, said, before, result }: Said, { names }: Ruled): Promise<void> {
    expect(result.outcome).toBe('accepted');
    expect(pathsOf(result)).toEqual(expect.arrayContaining(Object.keys(said).map((member) => `/${member}`)));
    const after = await shown(code);
    for (const member of Object.keys(said)) expect([member, after[member]]).toEqual([member, before[member]]);
    const told = (await history(code)).find((one) => one.party === party);
    expect(told).toMatchObject({ movedStatus: false });
    if (names.length > 0) return;
    expect(told).toMatchObject({ claim: true });
    expect(after).toEqual(before);
  }
  async function expectChange({ code, said, result }: Said): Promise<void> {
    expect([result.outcome, pathsOf(result)]).toEqual(['accepted', []]);
    expect(await shown(code)).toMatchObject(said);
  }
  const expectByRule = (member: string) => (one: Said, rule: Ruled) =>
    rule.names.includes(member) ? expectChange(one) : expectClaim(one, rule);
  async function expectNoAlias({ code, said }: Said): Promise<void> {
    for (const alias of said.aliases as Json[]) expect(await isKnown(alias.code)).toBe(false);
    expect((await shown(code)).aliases).toBeUndefined();
  }

  const effects: Readonly<Record<string, (one: Said, rule: Ruled) => Promise<void>>> = {
    'kept in the history as a claim': expectClaim,
    'kept as a claim': expectClaim,
    'changes the dossier if the rule names `status`': expectByRule('status'),
    'change the dossier if the rule names them': expectByRule('results'),
    'never changes the dossier: the proofs of the public look-up come from the owner': async (one, rule) => {
      await expectClaim(one, rule);
      expect(await Promise.all(['3344', '5544'].map((proof) => lookUp(hub, one.code, proof)))).toEqual([200, 404]);
    },
    'left out of the index': expectNoAlias,
    kept: async ({ code, said }) => {
      for (const alias of said.aliases as Json[]) expect((await shown(alias.code)).code).toBe(code);
    },
    'left out, with a warning': async (one) => {
      expect(pathsOf(one.result)).toEqual(['/aliases/0']);
      await expectNoAlias(one);
    },
    'waits in quarantine (`code-conflict`)': async ({ code, before, result }) => {
      expect(result.outcome).toBe('quarantined');
      const { items } = (await operatorOf(hub).get('quarantine?kind=code-conflict')).body;
      expect(items.map(({ key }: Json) => key).join()).toContain(code);
      expect(await shown(code)).toEqual(before);
    },
  };
  const { columns, rows: claimRows } = tableAfter(PAGE, CLAIMS);
  const cells = claimRows.flatMap(([statement = '', ...words]) =>
    words.map((effect, at) => [statement, columns[at + 1] ?? '', effect] as const),
  );
  test.each(cells)('%s, %s: %s', async (statement, column, effect) => {
    for (const rule of playOf(COLUMNS, column))
      for (const said of playOf(statements, statement)(rule.party)) await playOf(effects, effect)(await said, rule);
  });

  const rated = async (code = codeIn('H60.01')): Promise<Json> => {
    await send('one-stop', dossier({ code, applicant: OWN, status: 'resolved', finishedAt: LATER, statusAt: LATER }));
    return rating({ dossierCode: code });
  };
  const conditions: Readonly<Record<string, readonly string[]>> = {
    'It owns the dossier.': ['one-stop'],
    'A route sends it the dossier (`dossier.upsert.v1` from the owner).': ['by-route', 'national-portal'],
    'Its `may` or `authoritative` names a member of dossiers.': ['health', 'authoritative-note'],
    'Its `may` names the operation, such as `"rating.upsert.v1"`.': ['may-rate'],
  };
  test.each(listAfter(PAGE, RECORDS))('a party begins a record about a dossier: %s', async (words) => {
    for (const party of playOf(conditions, words))
      expect([party, (await send(party, await rated(), 'ratings')).outcome]).toEqual([party, 'accepted']);
  });
  test('a party begins no record about a dossier if none of these is true', async () => {
    for (const party of ['one-stop-ha-giang', 'commune', 'other'])
      await expectWaits(party, await rated(), '/dossierCode', 'ratings');
  });

  const stateOf = async (code: string) => (await read(`questions/${code}`)).state;
  const records: Plays = {
    'A party owns the code of a new record by `owns.codes`, and another party sends it | The record waits in quarantine (`not-owner`). The hub applies it as a claim when the owner has sent the record.':
      async () => {
        const code = `G09-HD-${++serial}`;
        const asked = question({ code });
        await expectWaits('one-stop', { ...asked, content: 'Của bên khác?' }, '/code', 'questions');
        expect((await send('health', asked, 'questions')).outcome).toBe('accepted');
        const kept = async () => (await operatorOf(hub).get(`records/question/${code}`)).body.history;
        await expect
          .poll(async () => (await kept()).map(({ party }: Json) => party).sort())
          .toEqual(['health', 'one-stop']);
        expect(await read(`questions/${code}`)).toMatchObject({ content: asked.content });
      },
    'Another party sends a record that exists | It may change shared members if a route of the owner names that party. The rest is a claim. See [records](records.md#ownership).':
      async () => {
        for (const [party, counts] of [
          ['by-route', true],
          ['health', false],
        ] as const) {
          const code = `H60-HD-${++serial}`;
          await send('one-stop', question({ code }), 'questions');
          const answers = [{ at: '2025-08-21T08:00:00+07:00', content: 'Trong 5 ngày.' }];
          const said = { code, state: 'answered', stateAt: '2025-08-21T08:00:00+07:00', answers, content: 'Khác?' };
          const paths = pathsOf(await send(party, question(said), 'questions'));
          expect(paths).toContain('/content');
          expect(paths.includes('/answers')).toBe(!counts);
          expect(await read(`questions/${code}`)).toMatchObject({
            content: question().content,
            state: counts ? 'answered' : 'received',
          });
        }
      },
    "A citizen asks or rates on the hub's pages, or an officer answers | The hub itself speaks. These rules do not apply.":
      async () => {
        const { dossierCode } = await rated();
        const body = { proof: OWN.phone.slice(-4), level: 'satisfied' };
        const reply = await hub.request('POST', `/api/public/dossiers/${dossierCode}/rating`, undefined, body);
        expect([reply.status, await reply.json()]).toMatchObject([201, { outcome: 'accepted' }]);
        const code = `G09-HD-${++serial}`;
        await send('health', question({ code }), 'questions');
        const operator = operatorOf(hub);
        const { version } = (await operator.get(`records/question/${code}`)).body;
        const order = { order: 'answer', text: 'Trong 5 ngày.', version, why: 'theo yêu cầu' };
        expect((await operator.post(`records/question/${code}/orders`, order)).status).toBe(200);
        expect(await stateOf(code)).toBe('answered');
      },
  };
  test.each(rows(RECORDS))('%s', (words) => playOf(records, words)());

  /** The owner, `health` and Hà Giang spoke of it. The steps of `health` count. */
  async function spokenOf(): Promise<string> {
    const code = codeIn('H60.01');
    const claim = progress({ code, at: '2025-08-16T09:00:00+07:00', content: 'Bước không tính' });
    const said = [
      await send('one-stop', dossier({ code, applicant: OWN })),
      await send('health', dossier({ code, applicant: FOREIGN, statusAt: LATER })),
      await send('health', progress({ code, at: '2025-08-15T09:00:00+07:00', content: 'Bước được tính' }), 'progress'),
      await send('one-stop-ha-giang', claim, 'progress'),
    ];
    expect(said.map(({ outcome }) => outcome)).toEqual(said.map(() => 'accepted'));
    return code;
  }
  const readers: Plays = {
    'owner | the dossier as the index has it, with the applicant that the owner named, and the steps that are no claims':
      async () => {
        const seen = await readBy(hub, 'one-stop', await spokenOf());
        expect(seen).toContain(OWN.phone);
        expect(seen).toContain('Bước được tính');
        for (const other of [FOREIGN.phone, 'Bước không tính']) expect(seen).not.toContain(other);
      },
    'party that sent a record of its own | what it sent, and nothing of others': async () => {
      const seen = await readBy(hub, 'health', await spokenOf());
      expect(seen).toContain(FOREIGN.phone);
      for (const other of [...Object.values(OWN), 'Bước không tính']) expect(seen).not.toContain(other);
    },
    'any other party | nothing: the dossier is unknown to it': async () => {
      const code = await spokenOf();
      for (const party of ['national-portal', 'one-stop-ha-giang', 'other']) {
        // An unknown dossier with a code of the same length.
        const unknown = codeIn('H60.01');
        const [seen, none] = await Promise.all([code, unknown].map((one) => readBy(hub, party, one)));
        expect(seen?.replaceAll(code, unknown)).toBe(none);
      }
    },
  };
  test.each(rows(READS))('%s', (words) => playOf(readers, words)());

  test('a person whom only a claim names is hidden in the texts of the owner, and a rebuild finds the same', async () => {
    const code = codeIn('H60.01');
    await send('one-stop', dossier({ code, applicant: OWN, abstract: `Khai sinh cho con của ${FOREIGN.name}` }));
    await send('other', dossier({ code, applicant: FOREIGN, statusAt: LATER }));
    const { body } = await hub.read(`/api/v1/dossiers/${code}`);
    expect(JSON.stringify(body)).not.toContain(FOREIGN.name);
    expect(body.applicant.name).toBe('L* T** C** N***');
    expect(await hub.hub.rebuild()).toMatchObject({ identical: true, found: 0 });
  });

  test('every play is on the page, and every table of the page is played', () => {
    const played = [owners, situations, conditions, records, readers].flatMap((plays) => Object.keys(plays));
    const onPage = [OWNERS, RECORDS].flatMap((heading) => listAfter(PAGE, heading));
    expect([...onPage, ...[OWNERS, RECORDS, READS].flatMap(rows)].sort()).toEqual(played.sort());
    expect(new Set(cells.map(([statement]) => statement))).toEqual(new Set(Object.keys(statements)));
    expect(new Set(cells.map(([, column]) => column))).toEqual(new Set(Object.keys(COLUMNS)));
    expect(new Set(cells.map(([, , effect]) => effect))).toEqual(new Set(Object.keys(effects)));
    // The last one is that of the upgrade, in ownership.test.ts.
    const headers = PAGE.prose.match(/^\|.*\|\n\|(?:-+\|)+$/gm) ?? [];
    expect(headers).toHaveLength([OWNERS, CLAIMS, RECORDS, READS, '## Upgrading'].length);
  });
});
