import { Progress } from '#schemas/dossier.progress.v1';
import { Dossier } from '#schemas/dossier.upsert.v1';
import type { SchemaNode } from '../explain.ts';
import { maskApplicant } from './masking.ts';
import { createMentions, type Mentions } from './mentions.ts';

/** How the members of a record are masked: free texts, addresses that open a file, and members with members. */
export interface Plan {
  readonly written: readonly string[];
  readonly opening: readonly string[];
  readonly nested: readonly (readonly [string, Plan])[];
}

/** For all members but the applicant, whose members have their own masks. */
const OF_DOSSIER = planOf(Dossier as unknown as SchemaNode);
const OF_STEP = planOf(Progress as unknown as SchemaNode);
/** Names of offices and services. An address may name the same commune. */
const UNITS: ReadonlySet<string> = new Set(['serviceName', 'fieldName', 'agencyName', 'processingUnit', 'unit']);

/**
 * Derived from the schema, so that a new member is masked too. Free text may be in every member that is no closed list,
 * no instant and no code of a fixed form.
 */
export function planOf({ properties = {} }: SchemaNode, people: readonly string[] = ['applicant']): Plan {
  const plan = { written: [] as string[], opening: [] as string[], nested: [] as [string, Plan][] };
  for (const [name, schema] of Object.entries(properties)) {
    if (people.includes(name)) continue;
    const node = schema.items ?? schema;
    if (name === 'url' || name === 'file' || name.endsWith('Url')) plan.opening.push(name);
    else if (node.properties) plan.nested.push([name, planOf(node)]);
    else if (mayBeWritten(node)) plan.written.push(name);
  }
  return plan;
}

/** Whether a member may hold free text. Any code of another system may be a name. */
export function mayBeWritten({ type, clean, enum: values, pattern }: SchemaNode): boolean {
  const isFree = pattern === undefined || pattern === '^[^\\s]+$';
  return type === 'string' && values === undefined && clean !== 'instant' && isFree;
}

/** Some systems identify a file by its address. */
function isAddress(id: unknown): boolean {
  return typeof id === 'string' && id.includes('://');
}

/** All texts of a dossier that may mention its applicant. */
export function writtenTexts(record: Dossier): readonly string[] {
  const texts: string[] = [];
  collect(record, OF_DOSSIER, texts);
  return texts;
}

function collect(record: object, plan: Plan, texts: string[]): void {
  const members = record as Readonly<Record<string, unknown>>;
  for (const name of plan.written) {
    const value = members[name];
    if (typeof value === 'string') texts.push(value);
    else if (Array.isArray(value)) texts.push(...(value as string[]));
  }
  for (const [name, inner] of plan.nested)
    for (const one of (members[name] as readonly object[] | undefined) ?? []) collect(one, inner, texts);
}

/**
 * A dossier for readers without the scope for personal data: the applicant masked, also inside texts, and without
 * addresses of documents and results.
 */
export function maskedDossier(record: Dossier, people: Mentions): Dossier {
  const masked = maskedBy(record, OF_DOSSIER, people) as Dossier;
  if (record.applicant) masked.applicant = maskApplicant(record.applicant);
  return masked;
}

/**
 * The members of a newer record, without those that a reader got masked and sent back. Such a member is the mask of the
 * known one, which stays, with the addresses of its documents.
 */
export function withoutMasksOf(known: Dossier, newer: Dossier): Partial<Dossier> {
  if (!known.applicant || !wasReadMasked(newer)) return {};
  const masked = maskedDossier(known, createMentions([known.applicant]));
  const members = [...OF_DOSSIER.written, ...OF_DOSSIER.nested.map(([name]) => name)] as (keyof Dossier)[];
  const untold = members.filter((name) => newer[name] !== undefined && isEqual(newer[name], masked[name]));
  return Object.fromEntries(untold.map((name) => [name, known[name]]));
}

/** Nearly no record has asterisks, and other records are not parsed. */
function wasReadMasked({ applicant, abstract, note }: Dossier): boolean {
  return [...Object.values(applicant ?? {}), abstract, note].some((text) => text?.includes('*'));
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** A step, masked in the same way. */
export function maskedStep<Step extends object>(step: Step, people: Mentions): Step {
  return maskedBy(step, OF_STEP, people) as Step;
}

/** A record masked by its plan, without the members that name people. */
export function maskedBy(record: object, { written, opening, nested }: Plan, people: Mentions): object {
  const masked: Record<string, unknown> = { ...record };
  for (const name of opening) delete masked[name];
  if (opening.length > 0 && isAddress(masked.id)) delete masked.id;
  for (const name of written) {
    const value = masked[name];
    const shown = (text: string): string => people.mask(text, UNITS.has(name));
    if (typeof value === 'string') masked[name] = shown(value);
    else if (Array.isArray(value)) masked[name] = value.map((one) => shown(one as string));
  }
  for (const [name, plan] of nested)
    if (Array.isArray(masked[name]))
      masked[name] = (masked[name] as object[]).map((one) => maskedBy(one, plan, people));
  return masked;
}
