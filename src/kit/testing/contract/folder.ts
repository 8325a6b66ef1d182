import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Compile } from 'typebox/compile';
import { startSimulator } from '../simulator/simulator.ts';
import type { Subject, Vitest } from './subject.ts';

const MANIFEST = ['name', 'title', 'description', 'kit', 'protocol', 'authoritative', 'sends', 'pulls'];

/** Declares the rules for an adapter's folder: its documentation exists and is true. */
export function folderRules(subject: Subject, { describe, test, expect }: Vitest): void {
  const { folder, adapter } = subject;
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');

  describe('the folder', () => {
    test('its manifest agrees with the code', () => {
      const manifest = JSON.parse(read('manifest.json')) as Record<string, unknown>;
      const { callbacks = [], asks, ...always } = manifest;
      expect(asks).toBe(adapter.asks ? true : undefined);
      expect(Object.keys(always).sort()).toEqual([...MANIFEST].sort());
      expect(manifest).toMatchObject({ name: basename(folder), kit: '1' });
      const named = adapter.callbacksBy ? undefined : Object.keys(adapter.callbacks ?? {});
      expect(callbacks === true).toBe(named === undefined);
      const declared = [manifest.sends, manifest.pulls, callbacks === true ? [] : callbacks];
      expect(declared.map((names) => [...(names as string[])].sort())).toEqual([
        Object.keys(adapter.send ?? {}).sort(),
        Object.keys(adapter.pull ?? {}).sort(),
        (named ?? []).sort(),
      ]);
    });

    test('its README documents each setting', () => {
      expect(existsSync(join(folder, 'README.md'))).toBe(true);
      const text = read('README.md');
      const settings = Object.keys((adapter.settings as { properties?: object }).properties ?? {});
      expect(settings.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
    });

    test('the settings of its tests are valid, and unknown ones are refused', () => {
      const check = Compile(adapter.settings);
      const connection = subject.connect('http://127.0.0.1:9', {});
      // The errors name their places. `connect` may not have the newest settings yet.
      expect(check.Errors(connection.settings)).toEqual([]);
      expect(check.Check({ ...(connection.settings as object), thisIsNoSetting: true })).toBe(false);
      connection.close();
    });

    test('its simulator starts, and ends', async () => {
      const partner = await startSimulator(subject.simulator);
      const reply = await fetch(`${partner.url}/__simulator/ledger`);
      expect(await reply.json()).toMatchObject({ count: 0, repeats: 0, entries: [] });
      await partner.close();
    });
  });
}
