import {
  type CodesOf,
  cleanCode,
  fold,
  type Item,
  inEnglish,
  isDossierCode,
  type Problem,
  parseInstant,
  problem,
  readItem,
  received,
  say,
  storedWords,
  unmappedCause,
} from '#kit';
import type { Dossier, Status } from '#schemas/dossier.upsert.v1';
import { AGENCY_CODE, FIELD_CODE } from '#schemas/parts';
import { feesOf } from './fees.ts';
import { type Settings, STATUSES_ENTERED, type StatusFound, statusOf } from './settings.ts';
import { firstText, idIn, nameIn, type Row, rowsIn } from './shapes.ts';
import { stepsOf, tasksOf } from './tasks.ts';

/** Changed dossiers as iGate gave them: rows of the list, and what was asked for beside it. */
export interface Changed {
  readonly content: readonly Row[];
  readonly details: Readonly<Record<string, unknown>>;
  readonly fees: readonly Row[];
  /** Why a dossier has no detail, by its id, as stored words. */
  readonly lacking?: Readonly<Record<string, string>>;
}

const OPERATION = 'dossier.upsert.v1';

/** Each dossier: its acceptance, then as it is now, then its steps. */
export function itemsOf(
  { content, details, fees, lacking = {} }: Changed,
  settings: Settings,
  codes: CodesOf,
): readonly Item[] {
  return content.flatMap((listed) => {
    const id = idIn(listed) ?? '';
    const row = { ...listed, ...(details[id] as Row | undefined) };
    const own = fees.filter(({ dossier }) => idIn(dossier) === id);
    const found = statusOf(settings, codes, {
      dossier: idIn(row.dossierStatus),
      task: idIn(row.dossierTaskStatus),
    });
    const code = cleanCode(firstText(row, 'code') ?? '');
    const whole =
      found && !('status' in found)
        ? unknownStatus(code, found)
        : dossierItem(row, own, settings, { code, status: found?.status, at: statusAtOf(row) });
    const dossier = withoutDetail(whole, lacking[id]);
    const accepted = dossier.kind === 'invalid' ? [] : acceptanceOf(row, code, settings);
    return [...accepted, dossier, ...stepsOf(row, code)];
  });
}

/** Warns that a dossier was read from the list alone. */
function withoutDetail(item: Item, why: string | undefined): Item {
  if (why === undefined || item.kind !== 'record') return item;
  return { ...item, warnings: [...item.warnings, { path: '/detail', ...inEnglish(storedWords(why)) }] };
}

/** The acceptance of a dossier. iGate goes from new to processing, and only the date says that it was accepted between. */
function acceptanceOf(row: Row, code: string, settings: Settings): readonly Item[] {
  const acceptedAt = parseInstant(firstText(row, 'acceptedDate') ?? '');
  const nowAt = parseInstant(statusAtOf(row) ?? '');
  if (acceptedAt === undefined || nowAt === undefined || acceptedAt >= nowAt) return [];
  const record = {
    code,
    serviceCode: firstText(row, 'procedure.code'),
    agencyCode: agencyOf(row, settings).agency?.code,
    status: 'received',
    statusAt: acceptedAt,
    submittedAt: firstText(row, 'appliedDate', 'applied_date'),
    receivedAt: acceptedAt,
  };
  return [readItem(OPERATION, record)];
}

interface Standing {
  readonly code: string;
  readonly status: Status | undefined;
  readonly at: string | undefined;
}

function dossierItem(row: Row, fees: readonly Row[], settings: Settings, { code, status, at }: Standing): Item {
  const { agency, unit } = agencyOf(row, settings);
  const paid = feesOf([...rowsIn(row.dossierFee), ...fees], settings);
  const national = nationalCodeOf(row, code);
  const field = fieldOf(row);
  const record = {
    code,
    serviceCode: firstText(row, 'procedure.code'),
    serviceName: nameIn((row.procedure as Row | undefined)?.translate) ?? nameIn(row.procedure),
    fieldCode: field.code,
    fieldName: field.name,
    agencyCode: agency?.code,
    agencyName: agency?.name,
    channel: channelOf(row, settings),
    status,
    statusAt: at,
    submittedAt: firstText(row, 'appliedDate', 'applied_date'),
    receivedAt: firstText(row, 'acceptedDate'),
    dueAt: firstText(row, 'appointmentDate', 'dueDate'),
    finishedAt: firstText(row, 'completedDate'),
    returnedAt: firstText(row, 'returnedDate'),
    applicant: applicantOf(row),
    processingUnit: unit,
    resultDelivery: settings.deliveries?.[idIn(row.dossierReceivingKind) ?? ''],
    documents: filesOf(row),
    fees: paid.fees,
  };
  const item = readItem(OPERATION, record, firstText(row, 'updatedDate') === undefined);
  if (paid.problems.length > 0)
    return { kind: 'invalid', code, problems: [...(item.kind === 'invalid' ? item.problems : []), ...paid.problems] };
  return item.kind === 'record'
    ? { ...item, receiptNumber: national.code, warnings: [...item.warnings, ...field.warnings, ...national.warnings] }
    : item;
}

/** The moment at which the dossier stood so: its last change, otherwise the latest moment that it names. */
function statusAtOf(row: Row): string | undefined {
  const changed = firstText(row, 'updatedDate');
  if (changed !== undefined) return changed;
  const named = [
    ...tasksOf(row).flatMap((task) => [firstText(task, 'updatedDate'), firstText(task, 'createdDate')]),
    ...['returnedDate', 'completedDate', 'acceptedDate', 'appliedDate', 'applied_date'].map((name) =>
      firstText(row, name),
    ),
  ];
  return named
    .flatMap((text) => parseInstant(text ?? '') ?? [])
    .sort()
    .at(-1);
}

function unknownStatus(code: string, { table, id }: Exclude<StatusFound, { status: Status }>): Item {
  const words = say('no-table-entry', { table, got: received(id) });
  return {
    kind: 'waiting',
    operation: OPERATION,
    code,
    cause: unmappedCause(table, id, words),
    problems: [{ path: table === STATUSES_ENTERED ? '/dossierStatus' : '/dossierTaskStatus', ...inEnglish(words) }],
  };
}

const isFieldCode = new RegExp(FIELD_CODE);

interface Named {
  readonly code?: string;
  readonly name?: string | undefined;
}

/** The field of the procedure. A code that only iGate knows names no field, and refuses no dossier. */
function fieldOf(row: Row): Named & { readonly warnings: readonly Problem[] } {
  const [sector] = rowsIn((row.procedure as Row | undefined)?.sector);
  const name = nameIn(sector?.translate) ?? nameIn(sector);
  const given = firstText(sector, 'code');
  if (given === undefined) return { name, warnings: [] };
  const code = cleanCode(given);
  if (isFieldCode.test(code)) return { code, name, warnings: [] };
  const expected = say('schema.field-code');
  return { name, warnings: [problem('/procedure/sector/code', 'unexpected', { got: received(given), expected })] };
}

const isAgencyCode = new RegExp(AGENCY_CODE);

/** The nearest agency with a national code, from the dossier's own up to the top, and the unit that works on it. */
function agencyOf(row: Row, { agencies = {} }: Settings) {
  const [own] = rowsIn(row.agency);
  const line = own === undefined ? [] : [own, ...rowsIn(own.parent), ...rowsIn(own.ancestors)];
  const named = line.map((one) => {
    const code = firstText(one, 'code') ?? '';
    return { code: agencies[idIn(one) ?? ''] ?? agencies[code] ?? cleanCode(code), name: nameIn(one) };
  });
  const agency = named.find(({ code }) => isAgencyCode.test(code)) ?? named[0];
  return { agency, unit: nameIn(own) };
}

const CHANNEL_NAMES: Readonly<Record<string, Dossier['channel']>> = {
  'truc tiep': 'counter',
  'truc tuyen': 'online',
  'buu chinh cong ich': 'post',
};

function channelOf({ applyMethod }: Row, { channels = {} }: Settings): Dossier['channel'] {
  return channels[idIn(applyMethod) ?? ''] ?? CHANNEL_NAMES[fold(nameIn(applyMethod) ?? '')];
}

/** The owner of the dossier. The form decides which members there are. */
function applicantOf(row: Row): object | undefined {
  const text = (...paths: readonly string[]): string | undefined => firstText(row, ...paths);
  const name = text('applicant.data.ownerFullname', 'applicant.data.fullname', 'applicant.name', 'accepter.fullname');
  if (name === undefined) return undefined;
  const places = ['address', 'village.label', 'district.label', 'province.label'];
  return {
    name,
    identityNumber: text('applicant.data.identityNumber', 'applicant.identityNumber'),
    phone: text('applicant.data.phoneNumber'),
    email: text('applicant.data.email'),
    address: places.flatMap((place) => text(`applicant.data.${place}`) ?? []).join(', '),
  };
}

/** A row without a list of files, or with null for it, says nothing of them: known files stay. */
function filesOf({ dossierFormFile }: Row): readonly object[] | undefined {
  if (dossierFormFile === undefined || dossierFormFile === null) return undefined;
  return rowsIn(dossierFormFile).flatMap(({ file, formName, procedureForm }) =>
    rowsIn(file).map((one) => ({
      id: idIn(one),
      name: nameIn(formName) ?? nameIn(procedureForm) ?? firstText(one, 'filename'),
      url: /^https?:/.test(firstText(one, 'downloadURL') ?? '') ? firstText(one, 'downloadURL') : undefined,
    })),
  );
}

/**
 * The code at the national portal. It names the dossier for people who search, and joins nothing: only the portal itself may
 * say which dossier it means. Some clients write the word `undefined` into it.
 */
function nationalCodeOf(row: Row, own: string): { readonly code?: string; readonly warnings: readonly Problem[] } {
  const given = firstText(row, 'nationCode');
  const code = cleanCode(given ?? '');
  if (given === undefined || code === own) return { warnings: [] };
  if (isDossierCode(code)) return { code, warnings: [] };
  const expected = say('dossier-code-with-date');
  return { warnings: [problem('/nationCode', 'unexpected', { got: received(given), expected })] };
}
