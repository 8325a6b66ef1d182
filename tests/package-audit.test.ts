import { expect, test } from 'vitest';

const { findingsIn } = await import(new URL('../scripts/package/audit.mjs', import.meta.url).href);

const COMPONENTS = {
  components: [
    { name: 'one', version: '1.2.3' },
    { group: '@two', name: 'three', version: '2.0.0' },
  ],
};
const advisory = (range: string) => ({
  id: 7,
  severity: 'high',
  title: 'x',
  url: 'https://a.example/7',
  vulnerable_versions: range,
});

test('an advisory concerns the versions in its range, and no other', () => {
  const known = {
    one: [advisory('<1.2.4'), advisory('<1.2.3')],
    '@two/three': [advisory('>=1.0.0 <3.0.0')],
    four: [advisory('*')],
  };
  expect(findingsIn(COMPONENTS, known)).toEqual([
    { package: 'one', version: '1.2.3', ...advisory('<1.2.4') },
    { package: '@two/three', version: '2.0.0', ...advisory('>=1.0.0 <3.0.0') },
  ]);
});

test('an advisory without a range of versions fails the report', () => {
  expect(() => findingsIn(COMPONENTS, { one: [advisory('all of them')] }, 'a.json')).toThrow(
    'a.json: one 7: got vulnerable_versions "all of them", expected a range such as <1.2.3',
  );
});
