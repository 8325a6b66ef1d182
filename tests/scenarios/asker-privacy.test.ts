import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import portalAdapter from '../../adapters/national-portal/adapter.ts';
import { SAMPLES } from '../../adapters/national-portal/simulator/catalogue.ts';
import { nationalPortal } from '../../adapters/national-portal/simulator/portal.ts';
import subscriberAdapter from '../../adapters/webhook-subscriber/adapter.ts';
import { SIMULATOR_PATH, SIMULATOR_SECRET, webhookSubscriber } from '../../adapters/webhook-subscriber/simulator.ts';
import type { Adapter } from '../../src/kit/adapter.ts';
import { type Simulator, startSimulator } from '../../src/kit/testing/simulator/simulator.ts';
import { makePullsDue } from '../../src/ledger/pulls.ts';
import { canariesIn, PERSON, SPELLINGS } from '../support/canaries.ts';
import { type TestHub, testHub } from '../support/hub.ts';
import { petition, question } from '../support/kinds.ts';
import { OPERATOR_KEYS, operatorOf } from '../support/operator.ts';

const PLACES = ['one-stop', 'citizens', 'officers', 'portal'];
const KINDS = ['question.upsert.v1', 'petition.upsert.v1'];
const ASKER = { name: PERSON.name, address: PERSON.address, phone: PERSON.phone, email: PERSON.email };
const at = (time: string): string => `2025-08-21T${time}:00+07:00`;

/** What an asker writes of themselves, in many spellings. */
const WRITTEN = Object.values(SPELLINGS)
  .map((spell) => Object.values(ASKER).map(spell).join(' ; '))
  .join('\n');
const CONTENT = `Hỏi về hộ chiếu. ${WRITTEN}`.slice(0, 9_000);

/** The setup of the demo: a real subscriber, the real national portal adapter, and all who send and answer questions. */
describe('an asker’s data', () => {
  let hub: TestHub;
  let subscriber: Simulator;
  let portal: Simulator;
  const received: string[] = [];
  const codes: Record<string, string> = {};

  beforeAll(async () => {
    const clock = { now: () => hub.clock.nowMs };
    const definition = webhookSubscriber();
    subscriber = await startSimulator(
      {
        ...definition,
        routes: definition.routes.map((route) => ({
          ...route,
          handle(request, context) {
            received.push(JSON.stringify([request.path, request.headers, request.body.toString()]));
            return route.handle(request, context);
          },
        })),
      },
      clock,
    );
    const entry = {
      HOIDAPID: 5101,
      MALINHVUC: 'G03-GD10',
      MADONVI: 'H60.01',
      NOIDUNG: CONTENT.slice(0, 3_000),
      HOVATEN: ASKER.name,
      THUDIENTU: ASKER.email,
      SODIENTHOAI: ASKER.phone,
      DIACHI: ASKER.address,
    };
    const answers = [{ TRALOIID: 700, NOIDUNGTRALOI: `Kính gửi ${ASKER.name}, trong 5 ngày.` }];
    const questions = [{ list: 'sent' as const, entry, answers }];
    portal = await startSimulator(nationalPortal({ catalogue: SAMPLES, questions }));
    hub = await testHub({
      logLevel: 'debug',
      partners: {
        web: { sent: [], script: [], adapter: subscriberAdapter as unknown as Adapter },
        portal: { sent: [], script: [], adapter: portalAdapter as unknown as Adapter },
      },
      entries: {
        web: { settings: { url: `${subscriber.url}${SIMULATOR_PATH}`, secrets: [SIMULATOR_SECRET] } },
        portal: {
          settings: { adapterUrl: portal.url, username: 'sim', password: 'sim', dstcode: 'VN:TEST', madonvi: 'H60' },
        },
      },
      routes: PLACES.flatMap((from) => KINDS.map((operation) => ({ from, operation, to: ['web'] }))),
      keys: [...OPERATOR_KEYS],
    });
    await askEverywhere();
  }, 60_000);
  afterAll(async () => {
    await hub.close();
    await Promise.all([subscriber.close(), portal.close()]);
  });

  /** A question by each way, answered and published; one question held; one petition. */
  async function askEverywhere(): Promise<void> {
    const { pipeline, database } = hub.hub;
    for (const name of ['catalogue', 'questions']) {
      await makePullsDue(database, 'portal', [name], hub.clock.nowMs);
      await pipeline.pull('portal', name);
    }
    const ask = (content: string) =>
      hub.request('POST', '/api/public/questions', undefined, { content, asker: ASKER, agencyCode: 'H60.01' });
    codes.citizens = ((await (await ask(CONTENT.slice(0, 3_000))).json()) as { code: string }).code;
    await ask(`Tôi tố cáo cán bộ. ${WRITTEN}`.slice(0, 3_000));
    const text = `Kính gửi ông/bà ${ASKER.name} (${ASKER.phone}), trong 5 ngày.`;
    const operator = operatorOf(hub);
    const { version } = (await operator.get(`records/question/${codes.citizens}`)).body;
    const order = { order: 'answer', version, text, why: 'công văn 12' };
    expect((await operator.post(`records/question/${codes.citizens}/orders`, order)).status).toBe(200);
    const answers = [{ at: at('09:00'), content: text }];
    const given = { asker: ASKER, content: CONTENT, agencyCode: 'H60.01', answers };
    codes['one-stop'] = 'CH-1';
    const published = question({ code: 'CH-1', state: 'published', stateAt: at('09:00'), ...given });
    await hub.push(published, { what: 'questions' });
    await hub.push(petition({ code: 'PA-1', sender: ASKER, content: CONTENT }), { what: 'petitions' });
    await hub.deliver();
    await hub.deliver();
  }

  test('is in no webhook event, for every sender and every answering party', () => {
    const taken = subscriber.ledger.entries().map(({ content }) => content as { type: string; data: { code: string } });
    expect(new Set(taken.map(({ type }) => type))).toEqual(new Set(['question.changed', 'petition.changed']));
    const named = taken.map(({ data }) => data.code);
    expect(named).toEqual(expect.arrayContaining([codes.citizens, 'CH-1', 'PA-1', 'DVCQG-HD-5101']));
    expect(Object.keys(taken[0]?.data ?? {}).sort()).toEqual(['code', 'state', 'stateAt']);
    expect(received.flatMap((text) => canariesIn(text))).toEqual([]);
  });

  test('a held question sends no webhook event', async () => {
    const held = (await hub.read('/api/v1/questions?state=held')).body.items as { code: string }[];
    expect(held).toHaveLength(1);
    expect(received.join('\n')).not.toContain(held[0]?.code);
  });

  test('is in no public answer: the list, its search, and the asker’s own page', async () => {
    const list = await (await hub.request('GET', '/api/public/questions?limit=200')).text();
    expect(JSON.parse(list).items.map(({ code }: { code: string }) => code)).toEqual(
      expect.arrayContaining(['CH-1', 'DVCQG-HD-5101']),
    );
    const own = await (await hub.request('GET', `/api/public/questions/${codes.citizens}?proof=1645`)).text();
    expect(JSON.parse(own)).toMatchObject({ code: codes.citizens });
    const pages = await Promise.all(
      ['/questions', '/questions/CH-1', '/questions?q=hộ chiếu', '/?lang=en'].map(async (path) =>
        (await hub.request('GET', path)).text(),
      ),
    );
    expect([list, own, ...pages].flatMap((text) => canariesIn(text))).toEqual([]);
    const found = await (await hub.request('GET', `/api/public/questions?q=${encodeURIComponent(PERSON.name)}`)).text();
    expect(JSON.parse(found).items).toEqual([]);
  });

  test.each(['messages', 'deliveries'])(
    'is in none of the %s that an operator without index:personal opens',
    async (list) => {
      const operator = operatorOf(hub);
      const { items } = (await operator.get(`${list}?limit=200`)).body as { items: { id: string }[] };
      const opened = await Promise.all(items.map(({ id }) => operator.get(`${list}/${id}`)));
      const texts = opened.map(({ body }) => JSON.stringify(body));
      expect(
        texts.filter((text) => text.includes(list === 'messages' ? '"body":{' : '"wire":[{')).length,
      ).toBeGreaterThan(3);
      expect(texts.filter((text) => canariesIn(text).length > 0).map((text) => [canariesIn(text), text])).toEqual([]);
    },
  );

  test('is in no line of the log at the level debug', () => {
    expect(hub.logLines).not.toEqual([]);
    expect(canariesIn(JSON.stringify(hub.logLines))).toEqual([]);
  });
});
