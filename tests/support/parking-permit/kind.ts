import Type from 'typebox';
import { problem } from '#core/problem';
import { defineKind } from '#core/records/kind';
import type { Operation } from '#schemas/operations';
import { AgencyCode, AnyCode, closed, DossierCode, Instant, oneOf, Prose } from '#schemas/parts';
import { Person } from '#schemas/people';

const STATES = ['asked', 'held', 'granted', 'ended'] as const;

const ParkingPermit = closed(
  {
    code: AnyCode,
    state: oneOf(STATES),
    stateAt: Instant,
    agencyCode: Type.Optional(AgencyCode),
    dossierCode: Type.Optional(DossierCode),
    dueAt: Type.Optional(Instant),
    driver: Type.Optional(Person),
    plate: Type.Optional(AnyCode),
    note: Type.Optional(Prose),
  },
  { title: 'ParkingPermit', $id: 'parking-permit.v1' },
);

/** A kind of record that no part of the hub knows. */
export const parkingPermit = defineKind<Type.Static<typeof ParkingPermit>>({
  name: 'parking-permit',
  path: 'parking-permits',
  operation: 'parking-permit.upsert.v1' as Operation,
  scope: 'parking:write',
  schema: ParkingPermit,
  names: { en: ['parking permit', 'parking permits'], vi: ['giấy đỗ xe', 'giấy đỗ xe'] },
  states: STATES,
  finalStates: ['ended'],
  mayFollow: (from) => from !== 'ended',
  people: ['driver'],
  citizenTexts: ['note'],
  shared: ['note'],
  searched: ({ code, driver, plate }, { note }) => ({ codes: [code, plate], names: [driver?.name], texts: [note] }),
  uniqueBy: ({ plate = '' }) => plate,
  problems: (_, { rival }) =>
    rival ? [problem('/plate', 'quoted-text', { said: `has the permit ${rival.code}` })] : [],
  holds: ({ note }) => (note?.includes('xe tang') ? problem('/note', 'quoted-text', { said: 'is a tank' }) : undefined),
  deadline: { workingDays: 2, from: ({ stateAt }) => stateAt },
});
