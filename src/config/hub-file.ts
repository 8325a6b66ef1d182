import Type from 'typebox';
import { DAYS } from '#core/dates/windows';
import { SHAREABLE } from '#core/dossier/ownership';
import { EN } from '#messages/en';
import { AGENCY_CODE, closed, FIELD_CODE, oneOf, SERVICE_CODE } from '#schemas/parts';
import { RatingPayload } from '#schemas/rating-payload';
import { ALL_KINDS } from '../kinds/all-kinds.ts';
import { ENDED_STATES } from './retention.ts';

const FIXED_SCOPES = [
  'dossier:write',
  'index:read',
  'index:personal',
  'catalogue:read',
  'register:ask',
  'ops:read',
  'ops:body',
  'ops:replay',
  'ops:configure',
  'ops:erase',
] as const;
/** `${string}:write` pushes a kind of record. */
export type Scope = (typeof FIXED_SCOPES)[number] | `${string}:write`;
export const SCOPES: readonly Scope[] = [...FIXED_SCOPES, ...ALL_KINDS.map(({ scope }) => scope)];

export const ID = '^[a-z0-9][a-z0-9._-]{0,62}$';
export const ID_MEANS = EN['schema.hub-id'];
const Id = Type.String({ pattern: ID, description: ID_MEANS });

const TimeOfDay = Type.String({
  pattern: '^(?:[01][0-9]|2[0-3]):[0-5][0-9]$',
  description: 'a time of the day such as 22:00',
});

const Day = Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', description: 'a date such as 2026-02-16' });

const Key = closed({
  /** HTTP Basic ends the user name at the first colon (RFC 7617). */
  id: Type.String({ pattern: '^[^:]{1,100}$', description: 'a user name of at most 100 characters, without a colon' }),
  secret: Type.String({ minLength: 8, writeOnly: true, description: 'a secret of at least 8 characters' }),
  scopes: Type.Array(oneOf([...SCOPES]), { description: 'a list of scopes' }),
  party: Type.Optional(Id),
  /** Who holds the key, in any spelling. Two keys of one person cannot approve each other's changes. */
  person: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      pattern: '\\S',
      description: 'a name or staff number of 1 to 100 characters',
    }),
  ),
  /**
   * Whether the hub limits what one person sends by this key. Default: yes, unless the key may push dossiers, as that of a
   * system that synchronises.
   */
  limitsPersons: Type.Optional(Type.Boolean({ description: 'true or false' })),
  /** The registers, or questions of registers, that this key may ask. Default: all. */
  asks: Type.Optional(
    Type.Array(
      Type.String({
        pattern: '^[a-z0-9][a-z0-9._-]{0,62}(?:/[a-z][a-z0-9-]{0,39})?$',
        description: 'a party such as population, or a question such as population/person',
      }),
    ),
  ),
  /** Verifies this key's SOAP signatures, and identifies its client by mutual TLS. */
  certificate: Type.Optional(
    Type.String({
      pattern: '^(?:-----BEGIN CERTIFICATE-----|[0-9A-Fa-f]{2}(?::?[0-9A-Fa-f]{2}){31}$)',
      description: 'a certificate in PEM, or its SHA-256 fingerprint',
    }),
  ),
});

const PEM_MEANS = EN['schema.pem'];
const Pem = Type.String({ minLength: 1, description: PEM_MEANS });

const Members = Type.Array(oneOf(SHAREABLE), {
  description: 'a list of members of a dossier such as ["status", "results"]',
});

const PartyEntry = closed({
  adapter: Id,
  /** The name of the system for officers. Without it, the title of the adapter. */
  title: Type.Optional(
    Type.String({ minLength: 1, maxLength: 80, pattern: '\\S', description: 'a name of 1 to 80 characters' }),
  ),
  settings: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'an object of settings' })),
  /** True: authoritative for its own dossiers. Members: authoritative for these members of every dossier. */
  authoritative: Type.Optional(
    Type.Union([Type.Boolean(), Members], { description: 'true, false or a list of members of a dossier' }),
  ),
  /** The codes of the party's own dossiers: see core/dossier/ownership.ts. */
  owns: Type.Optional(
    closed({
      codes: Type.Optional(
        Type.Array(
          Type.String({
            pattern: '^[0-9A-Z][0-9A-Z./-]{0,59}$',
            description: 'a prefix of dossier codes such as H60.',
          }),
        ),
      ),
      agencies: Type.Optional(
        Type.Array(Type.String({ pattern: AGENCY_CODE, description: 'an agency code such as H60.01' })),
      ),
      services: Type.Optional(Type.Array(Type.String({ pattern: SERVICE_CODE, description: 'a procedure code' }))),
    }),
  ),
  /** What the party may change in dossiers of another party, and which records it may begin about them. */
  may: Type.Optional(
    Type.Array(oneOf([...SHAREABLE, ...ALL_KINDS.map(({ operation }) => operation)]), {
      description: 'a list of members of a dossier and operations of records such as ["status", "rating.upsert.v1"]',
    }),
  ),
  /** The party sends its own dossiers to these parties without the hub, so the hub does not. */
  sendsItself: Type.Optional(Type.Array(Id, { minItems: 1, description: 'a list of at least one party' })),
  pull: Type.Optional(
    Type.Record(Type.String(), Type.String({ description: 'a cron schedule such as */15 * * * *' }), {
      description: 'an object of cron schedules by what is pulled',
    }),
  ),
  /** The hub fetches files from addresses under these, and from no other. */
  files: Type.Optional(
    closed({
      from: Type.Array(
        Type.String({
          pattern: '^https?://[^/?#@\\s]+/(?:[^?#\\s]*/)?$',
          description: 'an address that ends in a slash such as https://host/files/',
        }),
        { minItems: 1, description: 'a list of addresses such as https://host/files/' },
      ),
    }),
  ),
  budget: Type.Optional(
    closed({
      callsPerSecond: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'a number of calls a second' })),
      concurrency: Type.Optional(Type.Integer({ minimum: 1, description: 'a whole number of dossiers at once' })),
    }),
  ),
  maintenance: Type.Optional(
    Type.Array(closed({ from: TimeOfDay, to: TimeOfDay, days: Type.Optional(Type.Array(oneOf(DAYS))) })),
  ),
  /** Trusted authorities instead of the system's, and the client certificate for the party (mutual TLS). */
  tls: Type.Optional(
    closed({
      ca: Type.Optional(Pem),
      certificate: Type.Optional(Pem),
      key: Type.Optional(Type.String({ minLength: 1, writeOnly: true, description: PEM_MEANS })),
    }),
  ),
  /** The scheduled comparison; `lienthong reconcile` compares at any time. */
  reconcile: Type.Optional(
    Type.Union(
      [
        closed({
          schedule: Type.Optional(Type.String({ description: 'a cron schedule such as 0 30 3 * * *' })),
          sample: Type.Optional(
            Type.Union([Type.Integer({ minimum: 1, description: 'a whole number' }), Type.Literal('all')], {
              description: 'a whole number of dossiers, at least 1, or "all"',
            }),
          ),
        }),
        Type.Literal(false),
      ],
      { description: 'schedule and sample, or false' },
    ),
  ),
});

const HOST = '(?:[A-Za-z0-9.-]+|\\[[0-9A-Fa-f:]+\\])(?::[0-9]{1,5})?';
const SCANNER = `^(?:clamd:(?://${HOST}|/.+)|icap://${HOST}/[A-Za-z0-9._/-]*)$`;
const SCANNER_MEANS =
  'an address such as clamd://127.0.0.1:3310, clamd:/run/clamav/clamd.ctl or icap://127.0.0.1:1344/avscan';

const Alerts = closed({
  webhook: Type.String({ pattern: '^https?://', description: 'an address such as https://…' }),
  /** Signs the alerts by the Standard Webhooks specification. */
  secret: Type.String({ minLength: 24, writeOnly: true, description: 'a secret of at least 24 characters' }),
});

const RouteEntry = closed({
  from: Id,
  operation: Type.String({ description: 'an operation such as dossier.upsert.v1' }),
  to: Type.Array(Id, { minItems: 1, description: 'a list of at least one party' }),
  services: Type.Optional(Type.Array(Type.String({ pattern: SERVICE_CODE, description: 'a procedure code' }))),
  fields: Type.Optional(Type.Array(Type.String({ pattern: FIELD_CODE, description: 'a field code' }))),
  /** Of a hundred dossiers, those from `from` to before `to`. */
  share: Type.Optional(
    closed({
      from: Type.Integer({ minimum: 0, maximum: 99, description: 'a whole number from 0 to 99' }),
      to: Type.Integer({ minimum: 1, maximum: 100, description: 'a whole number from 1 to 100' }),
    }),
  ),
});

const WorkingDays = Type.Integer({ minimum: 1, maximum: 250, description: 'a whole number of working days' });

const STILL_AFTER_DAYS = Object.fromEntries(
  ALL_KINDS.filter(({ stillAfterDays }) => stillAfterDays).map(({ name }) => [name, Type.Optional(WorkingDays)]),
);

/** By the kinds of record that have a deadline. */
const DEADLINES = Object.fromEntries(
  ALL_KINDS.filter(({ deadline }) => deadline).map(({ name }) => [
    name,
    Type.Optional(
      closed({
        workingDays: Type.Optional(WorkingDays),
        /** With the agencies below each. The nearest agency decides. */
        agencies: Type.Optional(Type.Record(Type.String({ pattern: AGENCY_CODE }), WorkingDays)),
      }),
    ),
  ]),
);

const Months = Type.Integer({ minimum: 1, maximum: 1200, description: 'a whole number of months' });

/** By what is over: months after the state, personal data ends. */
const PERSONAL_DATA_MONTHS = Object.fromEntries(
  Object.entries(ENDED_STATES).map(([kind, states]) => [
    kind,
    Type.Optional(closed(Object.fromEntries(states.map((state) => [state, Type.Optional(Months)])))),
  ]),
);

const BUCKET = '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$';

/** A store that speaks S3, such as MinIO or Ceph. */
const FileStore = closed({
  endpoint: Type.String({
    pattern: '^https?://[^/?#\\s]+(?:/[^?#\\s]*)?$',
    description: 'an address such as https://s3.example, without the bucket',
  }),
  bucket: Type.String({
    pattern: BUCKET,
    description: 'the name of a bucket, of 3 to 63 lower-case letters and digits',
  }),
  /** Replaces us-east-1, which stores without regions accept. */
  region: Type.Optional(Type.String({ pattern: '^[a-z0-9-]{1,40}$', description: 'a region such as us-east-1' })),
  accessKeyId: Type.String({ minLength: 1, description: 'the id of an access key' }),
  secretAccessKey: Type.String({ minLength: 8, writeOnly: true, description: 'a secret of at least 8 characters' }),
  /** Begins the name of each object. */
  prefix: Type.Optional(
    Type.String({ pattern: '^[A-Za-z0-9._/-]{1,100}$', description: 'letters, digits and ./_- such as lienthong/' }),
  ),
});

/** Files that pass through the hub. Without this member it stores none. */
const FilesEntry = closed({
  /** The virus scanner. False: files are passed on unscanned. */
  scan: Type.Union([Type.Literal(false), Type.String({ pattern: SCANNER, description: SCANNER_MEANS })], {
    description: `false, or ${SCANNER_MEANS}`,
  }),
  maxBytes: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 4 * 1024 ** 3, description: 'a whole number of bytes, at most 4294967296' }),
  ),
  /** Replaces the usual types. */
  types: Type.Optional(
    Type.Array(Type.String({ pattern: '^[a-z]+/[a-z0-9.+-]+$', description: 'a media type such as application/pdf' }), {
      minItems: 1,
      description: 'a list of media types such as application/pdf',
    }),
  ),
  /** The most bytes that one party may have here. */
  partyBytes: Type.Optional(Type.Integer({ minimum: 1, description: 'a whole number of bytes' })),
  /** Where the bytes lie. Without it in HUB_DATA_DIR. */
  store: Type.Optional(FileStore),
  /** How long the address of a file works. */
  linkMinutes: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1_440, description: 'a whole number of minutes from 1 to 1440' }),
  ),
});

/** The schema of HUB_CONFIG. */
export const HubFile = closed({
  province: Type.Optional(
    closed({
      code: Type.String({ pattern: AGENCY_CODE, description: 'a province code such as H60' }),
      name: Type.String({ minLength: 1, description: 'a name' }),
      timezone: Type.Optional(oneOf(['Asia/Ho_Chi_Minh'])),
      /** Replaces 07:00–11:30 and 13:30–17:00 from Monday to Friday. */
      officeHours: Type.Optional(
        Type.Array(
          closed({
            from: TimeOfDay,
            to: TimeOfDay,
            days: Type.Optional(
              Type.Array(oneOf(DAYS), { minItems: 1, description: 'a list of days such as ["monday"]' }),
            ),
          }),
          { minItems: 1, description: 'a list of office hours such as [{"from": "07:30", "to": "11:30"}]' },
        ),
      ),
      /** In addition to the holidays and exchanged days of the whole country. */
      daysOff: Type.Optional(Type.Array(Day)),
      workdays: Type.Optional(Type.Array(Day)),
      /** The day of the month on which a quarter or a year of reports begins. */
      reportingDay: Type.Optional(
        Type.Integer({ minimum: 1, maximum: 28, description: 'a day of the month from 1 to 28' }),
      ),
    }),
  ),
  keys: Type.Optional(Type.Array(Key)),
  parties: Type.Optional(Type.Record(Type.String(), PartyEntry)),
  routes: Type.Optional(Type.Array(RouteEntry)),
  alerts: Type.Optional(Alerts),
  files: Type.Optional(FilesEntry),
  /** The trusted proxies in front of the hub: it believes them the client's address and TLS. */
  proxies: Type.Optional(Type.Array(Type.String({ minLength: 1, description: EN['schema.proxy'] }))),
  /** The header in which those proxies give the client's certificate. They must set or remove it at each request. */
  clientCertificateHeader: Type.Optional(
    Type.String({ pattern: '^[A-Za-z][A-Za-z0-9-]{0,99}$', description: 'the name of a header such as Client-Cert' }),
  ),
  /** Facts that the dialect of the national portal needs, and that it has not published or the hub cannot know. */
  portalDialect: Type.Optional(
    closed({
      /** The account to which citizens pay, for `dptracuuthanhtoanhs`. */
      account: Type.Optional(
        closed({
          number: Type.String({ minLength: 1, maxLength: 50, description: 'the number of an account' }),
          name: Type.String({ minLength: 1, maxLength: 200, description: 'the holder of the account' }),
          bank: Type.String({ minLength: 1, maxLength: 50, description: 'the code of a bank' }),
        }),
      ),
      /** The form of `DongBoDanhGia`. */
      ratings: Type.Optional(RatingPayload),
    }),
  ),
  retentionMonths: Type.Optional(Type.Integer({ minimum: 1, description: 'a whole number of months' })),
  retention: Type.Optional(
    closed({
      /** Bodies of messages and the calls of deliveries. Their results stay. */
      bodiesMonths: Type.Optional(Months),
      personalDataMonths: Type.Optional(closed(PERSONAL_DATA_MONTHS)),
      /** Officers and dossiers of questions to registers. Their counts stay. */
      asksMonths: Type.Optional(Months),
    }),
  ),
  /** Replaces the days in which records of a kind are due. */
  deadlines: Type.Optional(closed(DEADLINES)),
  /** Working days without a new state after which operators look at an open record. */
  stillAfterDays: Type.Optional(closed(STILL_AFTER_DAYS)),
  /** Questions, petitions and ratings of one person in an hour, by the public pages and keys of portals together. */
  personLimitPerHour: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100_000, description: 'a whole number from 1 to 100000' }),
  ),
  /** Questions to registers of one officer in an hour. */
  askLimitPerHour: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100_000, description: 'a whole number from 1 to 100000' }),
  ),
});
export type HubFile = Type.Static<typeof HubFile>;
export type KeyEntry = Type.Static<typeof Key>;
