import { setTimeout as sleep } from 'node:timers/promises';
import { WSSecurity } from 'soap';
import { parseInstant, parseLocal } from '#core/dates';
import type { Status } from '#schemas/dossier.upsert.v1';
import construction from '../../../adapters/soap-ministry/parties/construction.json' with { type: 'json' };
import transport from '../../../adapters/soap-ministry/parties/transport.json' with { type: 'json' };
import { nodesAt, readXml, textAt } from '../../kit/xml.ts';
import type { HistoryEntry } from './check-index.ts';
import type { Filed } from './filing.ts';
import { type Finding, finding } from './finding.ts';
import type { AskHub } from './hub-client.ts';
import { MINISTRY_PASSWORD, type Ministries } from './ministries.ts';
import { untilAcknowledged } from './persistence.ts';
import { atOnce } from './reading.ts';
import { call, soapClient } from './soap-client.ts';

/** Where a filed dossier stands, by the ministry's own words. */
export interface Standing {
  readonly code: string;
  readonly status: Status;
  readonly at: string;
}

interface Step {
  readonly status: Status;
  readonly at: string;
}

export interface MinistryCheck {
  readonly findings: readonly Finding[];
  readonly standings: readonly Standing[];
}

const LOOK_MS = 1_000;

/** Hold what the hub pulled against what the ministries say, until it fits or in vain for a while. */
export async function checkMinistries(
  means: {
    readonly ask: AskHub;
    readonly portalKey: string;
    readonly ministries: Ministries;
    readonly signal: AbortSignal;
  },
  filed: readonly Filed[],
  limitMs: number,
): Promise<MinistryCheck> {
  for (const until = performance.now() + limitMs; ; ) {
    const check = await compare(means, filed);
    const isSettled = check.findings.length === 0 && check.standings.every(({ status }) => status === 'resolved');
    if (isSettled || performance.now() > until) return check;
    await sleep(LOOK_MS, undefined, { signal: means.signal });
  }
}

async function compare(
  { ask, portalKey, ministries, signal }: Parameters<typeof checkMinistries>[0],
  filed: readonly Filed[],
): Promise<MinistryCheck> {
  const steps = await untilAcknowledged(
    () => askSteps(ministries, filed, signal),
    signal,
    () => undefined,
  );
  const found = await atOnce(filed, async ({ ministry, code }) => {
    const theirs = steps.get(code) ?? [];
    const last = theirs.at(-1);
    if (!last)
      return { findings: [finding('wrong', `${code}: the ministry itself does not know it`, ministry)], standings: [] };
    const path = `/api/v1/dossiers/${encodeURIComponent(code)}`;
    const held = await ask({ method: 'GET', path, key: portalKey }).catch(() => undefined);
    const history =
      held && (await ask({ method: 'GET', path: `${path}/history`, key: portalKey }).catch(() => undefined));
    const standings = [{ code, ...last }];
    // Not there yet, or a hub that was killed and answers for nothing at the moment: it is looked at again.
    if (held?.status !== 200 || history?.status !== 200)
      return { findings: [finding('lost', `${code}: filed with ${ministry}, and not in the index`)], standings };
    const ours = held.body as { readonly status: string; readonly statusAt: string };
    const told = (history.body as { readonly items: readonly HistoryEntry[] }).items.filter(
      ({ actor, party }) => actor !== undefined && party === ministry,
    );
    return { findings: [...standingFaults(code, ours, last), ...stepFaults(code, told, theirs)], standings };
  });
  return {
    findings: found.flatMap(({ findings }) => findings),
    standings: found.flatMap(({ standings }) => standings),
  };
}

function standingFaults(
  code: string,
  ours: { readonly status: string; readonly statusAt: string },
  last: Step,
): readonly Finding[] {
  if (ours.status === last.status && ours.statusAt === last.at) return [];
  return [
    finding(
      'wrong',
      `${code}: the index says ${ours.status} since ${ours.statusAt}, expected ${last.status} since ${last.at}`,
    ),
  ];
}

/** Each step of the ministry's is in the history once, and no other. */
function stepFaults(code: string, told: readonly HistoryEntry[], theirs: readonly Step[]): readonly Finding[] {
  const names = told.map(({ at, status }) => `${status} at ${at}`);
  const lacking = theirs.map(({ at, status }) => `${status} at ${at}`).filter((name) => !names.includes(name));
  return [
    ...lacking.map((name) => finding('lost', `${code}: its history lacks the ministry's step ${name}`)),
    ...(names.length > theirs.length
      ? [finding('invented', `${code}: its history has more steps than the ministry told`)]
      : []),
  ];
}

/** Ask the ministries themselves, without the hub: the steps of each dossier, in order. */
async function askSteps(
  ministries: Ministries,
  filed: readonly Filed[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly Step[]>> {
  const builder = await soapClient(ministries.construction.wsdl, { signal });
  const login = await call<{ DangNhapResult: string }>(
    builder,
    'DangNhap',
    { tenDangNhap: 'demo', matKhau: 'demo' },
    signal,
  );
  const phien = textAt(readXml(login.DangNhapResult), 'KetQua.Phien');
  const carrier = await soapClient(ministries.transport.wsdl, { signal, version: '1.2' });
  const entries = await atOnce(filed, async ({ ministry, code: maHoSo }) => {
    if (ministry === 'construction') {
      const { TraCuuTienDoResult: text } = await call<{ TraCuuTienDoResult: string }>(
        builder,
        'TraCuuTienDo',
        { phien, maHoSo },
        signal,
      );
      return [maHoSo, nodesAt(readXml(text), 'KetQua.DanhSach.TienDo').map(constructionStep)] as const;
    }
    carrier.setSecurity(new WSSecurity('demo', MINISTRY_PASSWORD, { passwordType: 'PasswordDigest' }));
    const reply = await call<{ return: { tienDo?: readonly object[] } }>(carrier, 'xemTienDo', { maHoSo }, signal);
    return [maHoSo, (reply.return.tienDo ?? []).map(transportStep)] as const;
  });
  return new Map(entries);
}

function constructionStep(step: unknown): Step {
  const at = parseLocal('dd/MM/yyyy HH:mm:ss', textAt(step, 'ThoiDiem') ?? '') as { readonly instant: string };
  const statuses: Readonly<Record<string, string>> = construction.codes.status;
  return { status: statuses[textAt(step, 'TrangThai') ?? ''] as Status, at: at.instant };
}

function transportStep(step: object): Step {
  // node-soap makes a Date of it, which is the same moment.
  const { trangThai, thoiDiem } = step as { readonly trangThai: string; readonly thoiDiem: string | Date };
  const statuses: Readonly<Record<string, string>> = transport.codes.status;
  const text = thoiDiem instanceof Date ? thoiDiem.toISOString() : thoiDiem;
  return { status: statuses[trangThai] as Status, at: parseInstant(text) as string };
}
