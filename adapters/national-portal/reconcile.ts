import { type Comparison, jsonObject, type Outgoing, type Reconciler } from '#kit';
import { differences, valueAt } from '#mappings/national-portal/differences';
import { readDossier } from '#mappings/national-portal/dossier';
import type { Portal } from './client.ts';
import { prepare } from './dossiers.ts';
import { lookUp } from './lookup.ts';
import { compareQuestion } from './reconcile-questions.ts';
import { dialectOf, type Settings } from './settings.ts';

/** Compares the portal's answer to `TraCuuHoSo`, and its questions and answers, with what the hub would send. */
export const reconcile: Reconciler<Settings> = {
  async compare(portal: Portal, item: Outgoing<'dossier.upsert.v1'>): Promise<Comparison> {
    const prepared = await prepare(portal, item);
    if ('outcome' in prepared) return { kind: 'failed', outcome: prepared.outcome };
    const seen = await lookUp(portal, item.code, item.record);
    if (seen.kind === 'failed') return seen;
    if (seen.kind === 'absent') return seen;
    const paths = differences(seen.record, prepared.body);
    return {
      kind: 'found',
      differences: paths.map((path) => ({
        path,
        ours: valueAt(prepared.body, path),
        theirs: valueAt(seen.record, path),
      })),
      // An answer without a status confirms only the existence. It has nothing to import.
      answer:
        seen.record.TrangThaiHoSo === undefined
          ? undefined
          : { body: Buffer.from(JSON.stringify(seen.record)), mediaType: 'application/json' },
    };
  },
  records: ['question.upsert.v1'],
  compareRecord: (portal, item) => compareQuestion(portal, item as Outgoing<'question.upsert.v1'>),
  read(body, settings, codes) {
    const record = jsonObject(body) ?? {};
    return [readDossier(record, { madonvi: settings.madonvi, codes: dialectOf(settings, codes).codes })];
  },
};
