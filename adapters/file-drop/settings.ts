import Type from 'typebox';
import { secretText, settingCodes, settingFields, settingName, settingPlace, settingText } from '#ministry';
import { closed, oneOf } from '#schemas/parts';

const optional = Type.Optional;
const Titles = Type.Union([settingText, Type.Array(settingText, { minItems: 1, description: 'a list of headings' })]);
const whole = (minimum: number, maximum: number, of: string) =>
  optional(Type.Integer({ minimum, maximum, description: `${of}, from ${minimum} to ${maximum}` }));
const texts = (of: string) => optional(Type.Array(settingText, { maxItems: 50, description: `a list of ${of}` }));

/** A column by the headings that it may have. Case, marks and blanks of a heading do not matter. */
const Column = Type.Union([
  Titles,
  closed({
    titles: Titles,
    /** A table without the column is read too. */
    optional: optional(Type.Boolean()),
    /** Whole numbers are texts here, such as a house number. Codes with leading zeros would lose them. */
    numbers: optional(Type.Boolean()),
  }),
]);
export type Column = Type.Static<typeof Column>;

const List = closed({
  /** The files of this list, such as `ho-so-*.xlsx`. */
  files: texts('names with * for any characters'),
  /** The sheets that are read. By default every visible sheet with the headings. */
  sheets: texts('names of sheets'),
  columns: optional(
    Type.Record(Type.String({ pattern: '^[A-Za-z][A-Za-z0-9]{0,39}$' }), Column, {
      additionalProperties: false,
      description: 'an object of headings by names of letters and digits',
    }),
  ),
  /** The first words of a row of totals. */
  totals: texts('words'),
  encoding: optional(oneOf(['utf-8', 'utf-16le', 'utf-16be', 'windows-1258', 'windows-1252'])),
  /** The path of the records in an XML file. */
  records: optional(settingPlace),
  fields: settingFields,
  /** The event times are derived from dates of the record. Steps with the real time take precedence. */
  inferred: optional(Type.Boolean()),
});
export type List = Type.Static<typeof List>;

const Folder = closed({ kind: Type.Literal('folder'), path: settingText });
const Sftp = closed({
  kind: Type.Literal('sftp'),
  host: Type.String({ pattern: '^[A-Za-z0-9.:-]{1,253}$', description: 'a host name or an address' }),
  port: whole(1, 65_535, 'a port'),
  username: settingText,
  password: optional(secretText),
  privateKey: optional(secretText),
  passphrase: optional(secretText),
  hostKey: Type.String({
    pattern: '^SHA256:[A-Za-z0-9+/]{43}=?$',
    description: 'the fingerprint of the host key as ssh-keygen -lf prints it, such as SHA256:…',
  }),
  path: settingText,
});

export const Settings = closed({
  system: settingName,
  /** Absent while the settings are only tried. */
  place: optional(Type.Union([Folder, Sftp])),
  /** A file is complete when it has not changed for so long. */
  stableS: whole(0, 86_400, 'a number of seconds'),
  /** A file is complete when another one with its name and this ending exists, such as `.ok`. */
  marker: optional(Type.String({ pattern: '^\\.[A-Za-z0-9]{1,20}$', description: 'an ending such as .ok' })),
  /** One invalid row refuses the whole file. */
  wholeOrNothing: optional(Type.Boolean()),
  maxMiB: whole(1, 50, 'a number of MiB'),
  maxRows: whole(1, 50_000, 'a number of rows'),
  keepDays: whole(1, 3_650, 'a number of days'),
  codes: optional(settingCodes),
  pull: closed({ dossiers: optional(List), progress: optional(List) }),
  timeoutS: whole(1, 600, 'a number of seconds'),
});
export type Settings = Type.Static<typeof Settings>;

export type ListName = keyof Settings['pull'];
export const LIST_NAMES: readonly ListName[] = ['dossiers', 'progress'];
export const OPERATIONS = { dossiers: 'dossier.upsert.v1', progress: 'dossier.progress.v1' } as const;
