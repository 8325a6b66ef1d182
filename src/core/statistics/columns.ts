/** The groupings: each line of a statistic is one agency, one field, and so on. */
export const GROUPS = ['agency', 'field', 'service', 'month', 'channel'] as const;
export type Group = (typeof GROUPS)[number];

/** The numbers of a line, such as `received.online`. The totals are `resolved` and `pending`. */
export const COLUMNS = [
  'received',
  'received.online',
  'received.direct',
  'received.carriedOver',
  'resolved',
  'resolved.early',
  'resolved.onTime',
  'resolved.late',
  'pending',
  'pending.withinTerm',
  'pending.late',
] as const;
export type Column = (typeof COLUMNS)[number];

/** The key for the line without a key. No code is equal to it. */
export const KEYLESS = '-';

/** The levels of the agencies of a province. Districts ended in July 2025 and stay in the statistics before. */
export const AGENCY_LEVELS = ['province', 'district', 'commune'] as const;
export type AgencyLevel = (typeof AGENCY_LEVELS)[number];
