import { auditSubject } from '#core/identifiers/audit-subject';
import { cleanCode } from '#core/identifiers/identifiers';
import { writeAgency, writeField, writeListed } from '#mappings/national-portal/dictionaries';
import { writeDossier } from '#mappings/national-portal/dossier-writing';
import { writeProcedure } from '#mappings/national-portal/procedure-writing';
import { writeProgress } from '#mappings/national-portal/progress';
import { say } from '#messages/message';
import type { Agency } from '#schemas/agency.upsert.v1';
import type { Service } from '#schemas/service.upsert.v1';
import { mapYielding } from '../../../concurrency/yielding.ts';
import type { KeyEntry } from '../../../config/config.ts';
import type { AppContext } from '../../app-context.ts';
import { requireOneOf, requireScopes } from '../../auth.ts';
import { Refusal } from '../../problem.ts';
import { argumentOf, type Call, DIALECT } from './items.ts';
import { answersToQuestion, type QuestionListContext, questionsForParty, questionsOfParty } from './question-lists.ts';

export type QuestionContext = Pick<AppContext, 'index' | 'audit' | 'catalogue' | 'originals'> & QuestionListContext;

/** The number of entries in memory at once. A service may be a megabyte. */
const A_PAGE = 100;

type Question = (hub: QuestionContext, given: Call, key: KeyEntry) => Promise<readonly unknown[]>;

/** The services that query the hub. Each returns the entries of `result`. */
export const QUESTIONS: Readonly<Record<string, Question>> = {
  TraCuuHoSo: lookUp,
  LayDanhSachTTHC: ofCatalogue((hub) => all(hub, 'service', writeListed)),
  LayThuTuc: ofCatalogue(procedure),
  LayDanhMucCoQuan: ofCatalogue((hub) => all(hub, 'agency', writeAgency)),
  LayDanhMucLinhVuc: ofCatalogue((hub) => all(hub, 'field', writeField)),
  LayDanhSachHoiDapGuiTuDVCQG: questionsForParty,
  LayDanhSachHoiDapBoCoQuan: questionsOfParty,
  LayNoiDungTraLoiTheoCauHoi: answersToQuestion,
};

/** Catalogue services also accept dossier:write, because the portal's dialect has only one permission. */
function ofCatalogue(question: Question): Question {
  return (hub, given, key) => {
    requireOneOf(key, 'catalogue:read', 'dossier:write');
    return question(hub, given, key);
  };
}

/**
 * A party reads its own dossiers in full (IndexReader.toldBy), and the audit records each read. It
 * learns nothing of others.
 */
async function lookUp(hub: QuestionContext, given: Call, key: KeyEntry): Promise<readonly unknown[]> {
  requireScopes(key, 'dossier:write');
  const code = cleanCode(argumentOf(given, 'mahoso', 'MaHoSo'));
  if (code === '')
    throw new Refusal(
      'bad-request',
      say('of-place', { path: 'mahoso', problem: say('missing', { expected: say('a-dossier-code') }) }),
    );
  const { party = '' } = key;
  const told = await hub.index.toldBy(code, party);
  if (!told) return [];
  const { record, steps } = told;
  const subject = auditSubject('dossier', record.code);
  await hub.audit.write({ actor: key.id, action: 'dossier.read-personal', subject, why: 'TraCuuHoSo' });
  const service = (await hub.catalogue.one('service', record.serviceCode))?.record as Service | undefined;
  const agency = (await hub.catalogue.one('agency', record.agencyCode))?.record as Agency | undefined;
  const original = await hub.originals.last(DIALECT, record.code, party);
  const item = writeDossier(record, { code: record.code, service, agency, original });
  return [{ ...item, TienDoXuLy: steps.map((step) => writeProgress(step, { code: record.code })) }];
}

async function procedure(hub: QuestionContext, given: Call): Promise<readonly unknown[]> {
  const code = cleanCode(argumentOf(given, 'maTTHC', 'MaTTHC'));
  if (code === '')
    throw new Refusal(
      'bad-request',
      say('of-place', { path: 'maTTHC', problem: say('missing', { expected: say('a-procedure-code') }) }),
    );
  const entry = await hub.catalogue.one('service', code);
  return entry ? [writeProcedure(entry.record as Service)] : [];
}

/** All entries in force, written a few at a time. */
async function all<Entry>(
  { catalogue }: QuestionContext,
  kind: 'service' | 'agency' | 'field',
  write: (entry: Entry) => unknown,
): Promise<readonly unknown[]> {
  const written: unknown[] = [];
  for (let after: string | undefined; ; ) {
    const page = await catalogue.list(kind, { inForce: true }, A_PAGE, after);
    written.push(...(await mapYielding(page, ({ record }) => write(JSON.parse(record)))));
    if (!page.isCut && page.length < A_PAGE) return written;
    after = page.at(-1)?.key;
  }
}
