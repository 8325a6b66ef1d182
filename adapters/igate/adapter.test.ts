import { contractTest, testConnection } from '#kit/testing';
import adapter from './adapter.ts';
import { SIMULATOR_CLIENT } from './simulator.ts';

await contractTest({
  folder: import.meta.dirname,
  adapter,
  connect: (url, means) =>
    testConnection(
      {
        baseUrl: url,
        tokenUrl: `${url}/auth/realms/digo/protocol/openid-connect/token`,
        ...SIMULATOR_CLIENT,
        startAt: '2025-08-01T00:00:00+07:00',
        statuses: { '4': 'resolved' },
        endsProcesses: true,
      },
      means,
    ),
  // iGate takes only the end of a dossier. A contract begins with dossiers that are not ended.
  sample({ record, ...outgoing }) {
    const begins = (record as { abstract?: string }).abstract === 'bắt đầu';
    return { ...outgoing, record: begins ? record : { ...record, status: 'resolved' } } as typeof outgoing & {
      record: never;
    };
  },
  sendsLike: { 'dossier.upsert.v1': 'dossier.progress.v1' },
});
