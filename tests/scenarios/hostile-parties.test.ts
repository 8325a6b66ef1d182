import { afterAll, beforeAll, describe, expect } from 'vitest';
import { formatLocal } from '#core/dates/dates';
import { readItem } from '#core/dossier/item';
import { Applicant, Dossier } from '#schemas/dossier.upsert.v1';
import fileDrop from '../../adapters/file-drop/adapter.ts';
import { attachment } from '../../src/http/upload.ts';
import { ALL_KINDS } from '../../src/kinds/all-kinds.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { casesOf, inDepth, sampled, test } from '../support/depth.ts';
import { dossier, type Partner, progress, type TestHub, testHub, testPartner } from '../support/hub.ts';
import { basic, bearer, lookUp, readBy, secretOf, sessionOf } from '../support/party-doors.ts';
import { envelope, sendSoap } from '../support/soap.ts';

describe('two one-stop systems, two ministries, the national portal and an office, each hostile to each other', () => {
  const OWNS = {
    'one-stop': 'H60.01',
    other: 'H22.05',
    health: 'G09.20',
    land: 'G14.03',
    national: 'G22.99',
    office: 'H31.07',
  } as const;
  type Name = keyof typeof OWNS;
  const NAMES = Object.keys(OWNS) as Name[];
  const SERVICE = '1.013225';
  const personOf = (party: Name) => {
    const phone = `09${String(NAMES.indexOf(party) + 1).repeat(4)}${NAMES.indexOf(party)}${NAMES.indexOf(party)}77`;
    return { name: `Phạm Văn ${party.replace('-', ' ')}`, phone };
  };

  const national = testPartner();
  /** A ministry's adapter that takes callbacks; any call counts as the ministry's own. */
  const calledBack = (): Partner => {
    const partner = testPartner();
    const read = (body: Uint8Array) =>
      JSON.parse(Buffer.from(body).toString()).map((one: object) => readItem('dossier.progress.v1', one));
    const reply = () => ({ status: 200, body: '', mediaType: 'text/plain' });
    const step = { check: () => undefined, read, reply };
    return {
      ...partner,
      adapter: {
        ...partner.adapter,
        callbacks: { step, 'grouped/step': step },
      } as Partner['adapter'],
    };
  };

  let hub: TestHub;
  beforeAll(async () => {
    hub = await testHub({
      partners: {
        health: calledBack(),
        land: calledBack(),
        national,
        office: { sent: [], script: [], adapter: fileDrop as Adapter },
      },
      entries: Object.fromEntries(
        NAMES.map((name) => [
          name,
          { owns: { codes: [`${OWNS[name].slice(0, 4)}`] }, settings: name === 'office' ? OF_FILES : {} },
        ]),
      ),
      routes: [
        { from: 'one-stop', operation: 'dossier.upsert.v1', to: ['health'], services: ['1.000009'] },
        { from: 'one-stop', operation: 'dossier.upsert.v1', to: ['national'] },
      ],
      keys: ['health', 'land', 'national', 'office'].map((id) => ({
        id,
        secret: secretOf(id),
        scopes: ['dossier:write'],
        party: id,
      })),
    });
  });
  afterAll(() => hub.close());

  const recordOf = (party: Name, code: string, given: object = {}) =>
    dossier({
      code,
      agencyCode: code.slice(0, code.indexOf('-')),
      serviceCode: SERVICE,
      applicant: personOf(party),
      ...given,
    });

  /** An attacker's message about a victim's dossier; `taken` is another dossier of the victim. */
  interface Target {
    readonly attacker: Name;
    readonly victim: Name;
    readonly code: string;
    readonly taken: string;
    readonly fresh: string;
  }
  const LATER = { status: 'returned', statusAt: '2025-08-14T09:00:00+07:00' };
  const RECORDS: Readonly<Record<string, (target: Target) => object>> = {
    'every other member, later': ({ attacker, code }) => recordOf(attacker, code, { ...ALTERED, ...LATER }),
    'every other member, at the same moment': ({ attacker, code }) =>
      recordOf(attacker, code, { ...ALTERED, status: 'resolved' }),
    'every other member, far ahead': ({ attacker, code }) =>
      recordOf(attacker, code, { ...ALTERED, ...LATER, statusAt: '2099-01-01T00:00:00+07:00' }),
    'the victim’s code in another spelling': ({ attacker, code }) =>
      recordOf(attacker, code, { ...LATER, code: ` ${code.toLowerCase()}\u200b` }),
    'aliases of the victim': ({ attacker, victim, code, fresh }) =>
      recordOf(attacker, fresh, { aliases: [{ party: victim, code }] }),
    'an alias that is the victim’s code': ({ attacker, code, fresh }) =>
      recordOf(attacker, fresh, { aliases: [{ party: attacker, code }] }),
    'one of the victim’s codes for another': ({ attacker, code, taken }) =>
      recordOf(attacker, code, { aliases: [{ party: attacker, code: taken }] }),
  };
  const STEPS: Readonly<Record<string, (target: Target) => object>> = {
    'an earlier step': ({ code }) => progress({ code, status: 'submitted', at: '2025-08-11T09:00:00+07:00' }),
    'a last step': ({ code }) => progress({ code, status: 'returned', at: '2025-08-14T10:00:00+07:00' }),
    'a step of the same moment': ({ code }) => progress({ code, status: 'resolved', at: '2025-08-12T08:15:00+07:00' }),
    'a step far ahead': ({ code }) => progress({ code, status: 'returned', at: '2099-01-01T00:00:00+07:00' }),
  };

  /** Each door that takes records or steps, by its route. */
  interface Door {
    readonly claims: Readonly<Record<string, (target: Target) => object>>;
    readonly send: (party: Name, item: object) => Promise<unknown>;
    /** Parties with this door; all when absent. */
    readonly only?: readonly Name[];
  }
  const rest = (what: string) => (party: Name, item: object) =>
    hub.request('POST', `/api/v1/parties/${party}/${what}`, undefined, item, bearer(party));
  const dialect = (service: string, write: (item: never) => object) => async (party: Name, item: object) => {
    return hub.request('POST', '/mapi/g', undefined, {
      session: await sessionOf(hub, party),
      madonvi: 'H60',
      service,
      isUpdating: 'True',
      data: [write(item as never)],
    });
  };
  const soap = (operation: string, element: string) => (party: Name, item: object) =>
    sendSoap(hub, envelope(`<h:${operation}>${xmlOf(element, item)}</h:${operation}>`), {
      party,
      key: null,
      headers: basic(party),
    });
  // The tables of the office have no aliases.
  const FILE_CLAIMS = Object.fromEntries(Object.entries(RECORDS).slice(0, 4));
  const file = async (party: Name, item: object) => {
    const reply = await hub.hub.app.request(`/api/v1/parties/${party}/drops`, {
      method: 'POST',
      headers: { ...bearer(party), 'Content-Disposition': attachment('hồ sơ.csv') },
      body: tableOf(item as ReturnType<typeof dossier>),
    });
    expect(await reply.json()).toMatchObject({ read: 1, counts: { invalid: 0 } });
  };
  const DOORS: Readonly<Record<string, readonly Door[]>> = {
    'post /api/v1/parties/{party}/drops': [{ claims: FILE_CLAIMS, only: ['office'], send: file }],
    'post /api/v1/parties/{party}/dossiers': [{ claims: RECORDS, send: rest('dossiers') }],
    'post /api/v1/parties/{party}/progress': [{ claims: STEPS, send: rest('progress') }],
    'post /mapi/g': [
      { claims: RECORDS, send: dialect('DongBoHoSoMC', nationalRecord) },
      { claims: STEPS, send: dialect('CapNhatTienDoHoSoMC', nationalStep) },
    ],
    'post /soap/v1/{party}': [
      { claims: RECORDS, send: soap('PushDossiers', 'dossier') },
      { claims: STEPS, send: soap('PushProgress', 'progress') },
    ],
    'post /callbacks/{party}/{name}': ['step', 'grouped/step'].map((name) => ({
      claims: STEPS,
      only: ['health', 'land'],
      send: (party, item) => hub.request('POST', `/callbacks/${party}/${name}`, undefined, [item]),
    })),
  };

  interface Route {
    readonly 'x-scopes'?: readonly string[];
  }
  const routeTable = async (): Promise<readonly (readonly [path: string, Readonly<Record<string, Route>>])[]> =>
    Object.entries(((await (await hub.request('GET', '/openapi.json')).json()) as { paths: object }).paths);

  test('every door for dossiers or steps is attacked below', async () => {
    const paths = await routeTable();
    // A scope of their own admits records of other kinds: kinds.test.ts has their owners.
    const isOfKind = ({ 'x-scopes': scopes = [] }: Route): boolean =>
      ALL_KINDS.some(({ scope }) => scopes.includes(scope));
    const doors = paths.flatMap(([path, { post }]) =>
      post &&
      !isOfKind(post) &&
      !path.startsWith('/api/v1/ops') &&
      path !== '/mapi/login' &&
      // It changes no dossier: asks.test.ts has what a key may ask.
      path !== '/api/v1/parties/{party}/ask/{question}' &&
      // files.test.ts has which files a party may read and name.
      !/\/files(?:\/|$)/.test(path) &&
      !path.startsWith('/api/public')
        ? [`post ${path}`]
        : [],
    );
    expect(doors.sort()).toEqual(Object.keys(DOORS).sort());
  });

  const PAIRS = NAMES.flatMap((attacker) =>
    NAMES.filter((victim) => victim !== attacker).map((victim) => [attacker, victim] as const),
  );
  /** Together they have every door: a ministry has callbacks, the office has files. */
  const SAMPLE: Partial<Record<Name, Name>> = { land: 'national', office: 'one-stop' };
  let serial = 0;
  const codeFor = (party: Name) => `${OWNS[party]}-250812-${String(++serial).padStart(4, '0')}`;
  const ATTACKS = casesOf(PAIRS, ([attacker, victim]) => SAMPLE[attacker] === victim);
  const VICTIMS = NAMES.map((attacker) => ({
    attacker,
    victims: ATTACKS.flatMap(([one, victim]) => (one === attacker ? [victim] : [])),
  }));
  sampled.each(VICTIMS.filter(({ victims }) => victims.length > 0))(
    '$attacker reads, joins, changes and hides nothing of $victims',
    async ({ attacker, victims }) => {
      const doors = Object.values(DOORS)
        .flat()
        .filter(({ only }) => only === undefined || only.includes(attacker));
      for (const isFirst of [true, false]) {
        // Each claim at each door is about dossiers of its own.
        const attacked = victims.map((victim) => ({
          victim,
          alone: codeFor(victim),
          attacks: doors.map(({ claims, send }) =>
            Object.values(claims).map((claim) => {
              const target = {
                attacker,
                victim,
                code: codeFor(victim),
                taken: codeFor(victim),
                fresh: codeFor(attacker),
              };
              return { target, send: () => send(attacker, claim(target)) };
            }),
          ),
        }));
        const owned = attacked.map(({ victim, alone, attacks }) => {
          const codes = attacks.flat().flatMap(({ target: { code, taken } }) => [code, taken]);
          return { victim, alone, codes, first: attacks.map(([one]) => (one as NonNullable<typeof one>).target.code) };
        });
        const own = () =>
          Promise.all(
            owned.map(({ victim, alone, codes }) =>
              rest('dossiers')(
                victim,
                [alone, ...codes].map((code) => recordOf(victim, code)),
              ),
            ),
          );
        if (!isFirst) await own();
        for (const at of doors.keys())
          await Promise.all(attacked.flatMap(({ attacks }) => (attacks[at] ?? []).map(({ send }) => send())));
        if (isFirst) await own();
        // Waiting items of the dossiers are applied by now, and partners have what they are to receive.
        await hub.deliver();
        for (const { victim, alone, codes, first } of owned)
          await expectUnharmed(attacker, victim, { alone, codes, first });
      }
    },
  );

  /** @param given codes of the victim: one that nobody attacked, all others, and the first at each door */
  async function expectUnharmed(
    attacker: Name,
    victim: Name,
    {
      alone,
      codes,
      first,
    }: { readonly alone: string; readonly codes: readonly string[]; readonly first: readonly string[] },
  ): Promise<void> {
    const shown = async (code: string) => (await hub.read(`/api/v1/dossiers/${code}`, 'personal')).body;
    const unharmed = await shown(alone);
    expect(unharmed).toMatchObject({ status: 'received', applicant: personOf(victim) });
    expect(await Promise.all(codes.map(shown))).toEqual(codes.map((code) => ({ ...unharmed, code })));
    const told = national.sent.filter(({ code }) => codes.includes(code));
    expect(JSON.stringify(told)).not.toContain(personOf(attacker).phone);
    for (const code of first) {
      const [owner, stranger] = await Promise.all([victim, attacker].map((one) => readBy(hub, one, code)));
      expect(owner).toContain(personOf(victim).phone);
      expect(stranger).not.toContain(personOf(victim).phone);
      expect(stranger).not.toContain(personOf(victim).name);
    }
    // A wrong proof is slow, so one of each phase is enough.
    const [looked] = first as [string];
    expect(await lookUp(hub, looked, personOf(victim).phone.slice(-4))).toBe(200);
    expect(await lookUp(hub, looked, personOf(attacker).phone.slice(-4))).toBe(404);
  }

  sampled.each(ATTACKS)(
    'no documented route lets %s into the doors of %s, or shows it a dossier',
    async (attacker, victim) => {
      const code = codeFor(victim);
      const pushed = await rest('dossiers')(victim, recordOf(victim, code));
      const { receipt } = (await pushed.json()) as { receipt: string };
      const routes = (await routeTable()).flatMap(([path, methods]) =>
        Object.entries(methods).flatMap(([method, route]) =>
          (path.includes('{party}') ? [victim, attacker] : [victim]).map((party) => ({ path, method, route, party })),
        ),
      );
      expect(routes.length).toBeGreaterThan(150);
      for (const { path, method, route, party } of routes) {
        const url = path
          .replace('{party}', party)
          .replace('{receipt}', receipt)
          .replaceAll(/\{\w+\}/g, code);
        const body = method === 'post' ? recordOf(attacker, code) : undefined;
        const reply = await hub.request(method.toUpperCase(), url, undefined, body, bearer(attacker));
        const text = await reply.text();
        for (const canary of Object.values(personOf(victim)))
          expect([url, text]).toEqual([url, expect.not.stringContaining(canary)]);
        if (!route['x-scopes'] || party !== victim) continue;
        // A key opens no door of another party, and none without its scope. Files of others do not exist for it.
        const isItsOwn = !path.includes('{party}') && route['x-scopes'].some((one) => scopesOf(attacker).includes(one));
        if (isItsOwn) expect([url, text]).toEqual([url, expect.not.stringContaining(code)]);
        else expect([method, url, reply.status]).toEqual([method, url, path.includes('{hash}') ? 404 : 403]);
      }
    },
  );

  test('their valid messages still count: a ministry reports on a dossier routed to it', async () => {
    const code = `${OWNS['one-stop']}-250812-9001`;
    await rest('dossiers')('one-stop', recordOf('one-stop', code, { serviceCode: '1.000009' }));
    await rest('progress')('health', progress({ code }));
    await rest('progress')('land', progress({ code, status: 'resolved', at: '2025-08-14T10:00:00+07:00' }));
    expect((await hub.read(`/api/v1/dossiers/${code}`)).body.status).toBe('processing');
  });

  inDepth('afterwards the index can be rebuilt from the messages alone', async () => {
    expect((await hub.hub.rebuild()).differences).toEqual([]);
  });
});

/** testHub gives these two parties the scopes of all kinds. */
function scopesOf(party: string): readonly string[] {
  const hasAll = party === 'one-stop' || party === 'other';
  return ['dossier:write', ...(hasAll ? ALL_KINDS.map(({ scope }) => scope) : [])];
}

/** Another value for each member that a record may have, except its code, aliases and status. */
const ALTERED: Required<Omit<Dossier, 'code' | 'aliases' | 'status' | 'statusAt' | 'applicant'>> = {
  serviceCode: '1.000009',
  serviceName: 'Thủ tục khác',
  fieldCode: 'G15-HT01',
  fieldName: 'Lĩnh vực khác',
  agencyCode: 'H60.99',
  agencyName: 'Sở khác',
  channel: 'post',
  submittedAt: '2025-08-10T08:00:00+07:00',
  receivedAt: '2025-08-10T09:00:00+07:00',
  dueAt: '2025-08-29T17:00:00+07:00',
  finishedAt: '2025-08-14T08:00:00+07:00',
  returnedAt: '2025-08-14T09:00:00+07:00',
  refusedAt: '2025-08-14T10:00:00+07:00',
  abstract: 'Nội dung khác',
  processingUnit: 'Phòng khác',
  note: 'Ghi chú khác',
  resultDelivery: 'post',
  filedAt: 'province',
  parentCode: 'H60.99-250812-9999',
  documents: [{ id: 'khac', name: 'Giấy tờ khác' }],
  fees: [{ name: 'Phí khác', amountVnd: 1_000 }],
  onlinePayment: 'offline',
  supplements: [{ id: 'khac', requestedBy: 'Người khác', content: 'Bổ sung khác' }],
  results: [{ code: 'KQ-KHAC', name: 'Kết quả khác' }],
  databases: ['khac'],
};

const COLUMNS = ['code', 'serviceCode', 'agencyCode', 'name', 'phone', 'channel', 'status', 'statusAt'] as const;
/** How the office's tables are read: each column is named like its member. */
const OF_FILES = {
  system: 'office',
  codes: { status: Object.fromEntries(['received', 'resolved', 'returned'].map((one) => [one, one])) },
  pull: {
    dossiers: {
      columns: Object.fromEntries(COLUMNS.map((name) => [name, name])),
      fields: {
        ...Object.fromEntries(['code', 'serviceCode', 'agencyCode', 'channel', 'statusAt'].map((name) => [name, name])),
        'applicant.name': 'name',
        'applicant.phone': 'phone',
        status: { from: 'status', codes: 'status' },
      },
    },
  },
};

/** A dossier as a table of one row. */
function tableOf({ applicant, ...record }: ReturnType<typeof dossier>): string {
  const values: Readonly<Record<string, unknown>> = { ...record, ...(applicant as object) };
  return `${COLUMNS.join(',')}\n${COLUMNS.map((name) => values[name]).join(',')}\n`;
}

/** An item as elements, in the order of its members, which is that of the WSDL. */
function xmlOf(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => xmlOf(name, one)).join('');
  if (typeof value !== 'object' || value === null) return `<h:${name}>${String(value)}</h:${name}>`;
  const order =
    name === 'dossier'
      ? Object.keys(Dossier.properties)
      : name === 'applicant'
        ? Object.keys(Applicant.properties)
        : Object.keys(value);
  const members = order
    .filter((member) => member in value)
    .map((member) => [member, (value as Record<string, unknown>)[member]] as const);
  return `<h:${name}>${members.map(([member, one]) => xmlOf(member, one)).join('')}</h:${name}>`;
}

/** A dossier in the national portal's dialect; its aliases as the receipt number, the only one that the dialect has. */
function nationalRecord(item: ReturnType<typeof dossier>): object {
  const { applicant, aliases, statusAt, status } = item as {
    applicant: { name: string; phone: string };
    aliases?: { code: string }[];
    statusAt: string;
    status: string;
  };
  const at = formatLocal('yyyyMMddHHmmss', statusAt);
  return {
    MaHoSo: item.code,
    MaTTHC: item.serviceCode,
    KenhThucHien: '2',
    ChuHoSo: applicant.name,
    LoaiDoiTuong: '1',
    SoDienThoai: applicant.phone,
    TrichYeuHoSo: 'Thử nghiệm',
    NgayNopHoSo: '20250812080000',
    NgayTiepNhan: '20250812081500',
    TrangThaiHoSo: status === 'received' ? '2' : '10',
    ...(status !== 'received' && { NgayTra: at }),
    DonViXuLy: 'Sở thử nghiệm',
    HinhThuc: '0',
    ...(aliases?.[0] && { SoBienNhan: aliases[0].code }),
  };
}

function nationalStep({ code, at, status, actor, content }: Record<string, string>): object {
  const TrangThai = status === 'returned' ? '10' : '9';
  return {
    MaHoSo: code,
    NguoiXuLy: actor,
    ThoiDiemXuLy: formatLocal('yyyyMMddHHmmss', at as string),
    NoiDungXuLy: content,
    TrangThai,
  };
}
