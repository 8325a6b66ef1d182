import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { reportPdf } from './pdf.ts';
import { type Report, SIGNATURES } from './report.ts';

const hasPdftotext = spawnSync('pdftotext', ['-v']).status === 0;

const reportOf = (lines: number, signatures: Report['signatures']): Report => ({
  title: 'BÁO CÁO',
  period: { name: '2025-Q3', from: '2025-06-15', to: '2025-09-14' },
  reportedBy: 'Tỉnh Tuyên Quang',
  widths: [6, 30],
  head: [[{ text: 'STT' }, { text: 'Cơ quan' }]],
  rows: Array.from({ length: lines }, (_, at) => ({ cells: [at + 1, `Cơ quan số ${at + 1}`] })),
  notes: ['Cách tính đúng hạn: theo ngày.'],
  signatures,
});

async function pagesOf(report: Report): Promise<readonly string[]> {
  const pdf = await reportPdf(report, () => undefined);
  const text = spawnSync('pdftotext', ['-layout', '-', '-'], { input: pdf }).stdout.toString().normalize('NFC');
  return text.split('\f').filter((page) => page.trim() !== '');
}

test.skipIf(!hasPdftotext)(
  'a signature and a note stand below lines of their report, with its head, however many lines it has',
  async () => {
    for (const signatures of [SIGNATURES, []])
      for (let lines = 24; lines <= 32; lines++) {
        const pages = await pagesOf(reportOf(lines, signatures));
        const last = pages.at(-1) ?? '';
        expect([lines, last.includes('Cách tính đúng hạn')]).toEqual([lines, true]);
        expect([lines, last.includes(`Cơ quan số ${lines}`)]).toEqual([lines, true]);
        expect([lines, pages.every((page) => page.includes('STT'))]).toEqual([lines, true]);
        const named = pages.join('').match(/Cơ quan số \d+/g);
        expect(named).toEqual(Array.from({ length: lines }, (_, at) => `Cơ quan số ${at + 1}`));
      }
  },
);
