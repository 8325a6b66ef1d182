import { expect, test } from 'vitest';
import { databaseHosts, databaseName } from './database-hosts.ts';

test.each([
  ['postgres://hub:a,b@db-1/hub', ['postgres://hub:a,b@db-1/hub']],
  [
    'postgres://hub:a@db-1:5432,db-2:5433/hub?sslmode=require',
    ['postgres://hub:a@db-1:5432/hub?sslmode=require', 'postgres://hub:a@db-2:5433/hub?sslmode=require'],
  ],
  [
    'postgresql://db-1, [2001:db8::1]:5433/hub?target_session_attrs=read-write',
    ['postgresql://db-1/hub', 'postgresql://[2001:db8::1]:5433/hub'],
  ],
  ['postgres://a,b/hub?target_session_attrs=any&x=1', ['postgres://a/hub?x=1', 'postgres://b/hub?x=1']],
  ['postgresql:///hub?host=/run/postgresql', ['postgresql:///hub?host=/run/postgresql']],
])('%s names its hosts', (url, hosts) => {
  expect(databaseHosts(url)).toEqual(hosts);
});

test('the name of a database has no secret', () => {
  expect(databaseName('postgres://hub:pass-word@db-1:5433/hub?password=x')).toBe('db-1:5433/hub');
});
