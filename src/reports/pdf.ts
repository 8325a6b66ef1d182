import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type HeadCell, placeHeadings } from '#core/statistics/report-head';
import type { AddressOf } from './links.ts';
import { openingLines, widthsOf } from './opening.ts';
import type { Cell, Report } from './report.ts';

/** The part of pdfmake 0.3 that reports use. The package has no types of its own. */
interface Pdfmake {
  addFonts(fonts: Readonly<Record<string, Readonly<Record<string, string>>>>): void;
  setUrlAccessPolicy(isAllowed: (url: string) => boolean): void;
  setLocalAccessPolicy(isAllowed: (path: string) => boolean): void;
  createPdf(document: object): { getBuffer(): Promise<Uint8Array> };
}
type PdfContent = Readonly<Record<string, unknown>>;

const load = createRequire(import.meta.url);
const FONT = 'Tinos';
const SIZE = 9;
/** Points of a landscape A4 page between its margins. */
const PAGE_WIDTH = 842 - 2 * 36;
const PADDING = 6;

/** A report as a PDF with fonts for Vietnamese inside. The head rows repeat on each page. */
export async function reportPdf(report: Report, addressOf: AddressOf): Promise<Uint8Array> {
  const pdfmake = load('pdfmake') as Pdfmake;
  pdfmake.addFonts({ [FONT]: fontFiles() });
  // Nothing but the fonts is ever read.
  pdfmake.setUrlAccessPolicy(() => false);
  pdfmake.setLocalAccessPolicy((path: string) => path.startsWith(fontFolder()));
  let isAlone = false;
  // Called for each part, once the pages are laid out. It moves nothing.
  const pageBreakBefore = ({ headlineLevel, pageNumbers = [], pages }: Placed): boolean => {
    if (headlineLevel === LAST_ROW && Math.max(...pageNumbers) < pages) isAlone = true;
    return false;
  };
  const whole = await pdfmake.createPdf({ ...documentOf(report, addressOf), pageBreakBefore }).getBuffer();
  if (!isAlone || report.rows.length <= ROWS_WITH_CLOSING) return whole;
  return pdfmake.createPdf(documentOf(report, addressOf, ROWS_WITH_CLOSING)).getBuffer();
}

/** A signature never stands on a page without lines of its report: these go with it. */
const ROWS_WITH_CLOSING = 2;
/** Marks the cells of the last row. An `id` would have to be unique. */
const LAST_ROW = 1;

/** A part of a document, laid out. */
interface Placed {
  readonly headlineLevel?: number;
  readonly pageNumbers?: readonly number[];
  /** How many the document has. */
  readonly pages: number;
}

/** An OFL font with the metrics of Times New Roman. */
function fontFolder(): string {
  return dirname(load.resolve('@expo-google-fonts/tinos/package.json'));
}

function fontFiles() {
  const file = (style: string): string => join(fontFolder(), style, `Tinos_${style}.ttf`);
  return {
    normal: file('400Regular'),
    bold: file('700Bold'),
    italics: file('400Regular_Italic'),
    bolditalics: file('700Bold_Italic'),
  };
}

const STYLES = {
  bold: { bold: true },
  italic: { italics: true },
  title: { bold: true, fontSize: 13, margin: [0, 6, 0, 2] },
  plain: {},
} as const;

/** @param apart how many of the last rows begin a new page with the closing */
function documentOf(report: Report, addressOf: AddressOf, apart = 0): object {
  const rows = report.rows.map((row, at) =>
    row.cells.map((cell, column) =>
      bodyCell(cell, {
        bold: row.isTotal ?? false,
        link: addressOf(row, column),
        headlineLevel: at === report.rows.length - 1 ? LAST_ROW : undefined,
      }),
    ),
  );
  return {
    info: { title: report.title },
    pageSize: 'A4',
    pageOrientation: 'landscape',
    pageMargins: [36, 36, 36, 40],
    defaultStyle: { font: FONT, fontSize: SIZE },
    footer: (page: number, pages: number) => ({ text: `Trang ${page}/${pages}`, alignment: 'center', fontSize: 8 }),
    content: [
      ...openingLines(report).map(({ text, style }): PdfContent => ({ text, alignment: 'center', ...STYLES[style] })),
      tableOf(report, rows.slice(0, rows.length - apart)),
      apart > 0 ? { ...tableOf(report, rows.slice(-apart)), pageBreak: 'before' } : '',
      {
        unbreakable: true,
        stack: [
          ...report.notes.map((text): PdfContent => ({ text, italics: true })),
          signatureBlock(report.signatures),
        ],
      },
    ],
  };
}

function tableOf({ head, ...report }: Report, rows: readonly (readonly PdfContent[])[]): PdfContent {
  const widths = widthsOf({ head, ...report });
  const characters = widths.reduce((sum, one) => sum + one, 0);
  const free = PAGE_WIDTH - widths.length * PADDING;
  return {
    margin: [0, 8, 0, 6],
    table: {
      headerRows: head.length,
      dontBreakRows: true,
      widths: widths.map((one) => (one * free) / characters),
      body: [...headRows(head, widths.length), ...rows],
    },
    layout: { paddingLeft: () => 3, paddingRight: () => 3, hLineWidth: () => 0.5, vLineWidth: () => 0.5 },
  };
}

/** Each heading at its place; a covered cell is empty. */
function headRows(head: readonly (readonly HeadCell[])[], width: number): PdfContent[][] {
  const rows: PdfContent[][] = head.map(() => Array.from({ length: width }, () => ({ text: '' })));
  for (const { text, row, column, columns: colSpan, rows: rowSpan } of placeHeadings(head))
    (rows[row] as PdfContent[])[column] = { text, bold: true, alignment: 'center', colSpan, rowSpan };
  return rows;
}

const NUMBERS = new Intl.NumberFormat('vi-VN', { maximumFractionDigits: 2 });

interface CellStyle {
  readonly bold: boolean;
  readonly link: string | undefined;
  readonly headlineLevel: number | undefined;
}

function bodyCell(cell: Cell, style: CellStyle): PdfContent {
  return typeof cell === 'number'
    ? { ...style, text: NUMBERS.format(cell), alignment: 'right' }
    : { ...style, text: cell ?? '' };
}

function signatureBlock(signatures: readonly string[]): PdfContent {
  return {
    margin: [0, 12, 0, 0],
    columns: signatures.map((title) => ({
      stack: [
        { text: title.toUpperCase(), bold: true },
        { text: '(Ký, ghi rõ họ tên)', italics: true },
      ],
      alignment: 'center',
    })),
  };
}
