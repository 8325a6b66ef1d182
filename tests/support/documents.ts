import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { filesUnder } from './source-files.ts';

export const ROOT = join(import.meta.dirname, '..', '..');

export interface Block {
  /** The words after the three backticks: `json config`. */
  readonly info: string;
  readonly text: string;
}

/** A Markdown page of the repository. */
export interface Page {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly blocks: readonly Block[];
  /** The text without code blocks. */
  readonly prose: string;
}

/** Reads pages by path, and all pages under a folder. Leaves out a page that does not exist yet. */
export function pagesOf(...paths: readonly string[]): readonly Page[] {
  return filesOf(...paths)
    .filter((path) => path.endsWith('.md'))
    .map(readPage);
}

/** Files by path, and all files under a folder, sorted. */
export function filesOf(...paths: readonly string[]): readonly string[] {
  return paths
    .filter((path) => existsSync(join(ROOT, path)))
    .flatMap((path) =>
      statSync(join(ROOT, path)).isDirectory()
        ? filesUnder(join(ROOT, path)).map((name) => posix.join(path, name))
        : [path],
    )
    .sort();
}

export function readPage(path: string): Page {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const blocks = [...text.matchAll(FENCE)].map(([, , info = '', inner = '']) => ({ info: info.trim(), text: inner }));
  return { path, text, lines: text.trimEnd().split('\n').length, blocks, prose: text.replace(FENCE, '') };
}

const FENCE = /^( *)```([^\n]*)\n([\s\S]*?)^ *```$/gm;

/** Code within lines. */
export function inlineCode({ prose }: Page): readonly string[] {
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
}

/** All lines of code: blocks, with continued lines joined, and code within lines. */
export function codeLines(page: Page): readonly string[] {
  const inBlocks = page.blocks.flatMap(({ text }) => text.replace(/\\\n\s*/g, ' ').split('\n'));
  return [...inBlocks, ...inlineCode(page)];
}

/** Targets of links and pictures that lead into the repository, from its root. */
export function localLinks({ path, prose }: Page): readonly { readonly file: string; readonly anchor: string }[] {
  return [...prose.replace(/`[^`\n]+`/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [file = '', anchor = ''] = target.split('#');
      return { file: file === '' ? path : posix.normalize(posix.join(dirname(path), file)), anchor };
    });
}

/** The anchors of a page's headings, as GitHub builds them. */
export function anchorsOf({ prose }: Page): ReadonlySet<string> {
  const headings = [...prose.matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

/** The first cells of the table that follows a heading. */
export function firstColumn(page: Page, heading: string): readonly string[] {
  return tableAfter(page, heading).rows.flatMap(([first = '']) => /^`([^`]+)`/.exec(first)?.[1] ?? []);
}

export interface Table {
  readonly columns: readonly string[];
  /** Their cells, as written. */
  readonly rows: readonly (readonly string[])[];
}

/** The first table after a heading. */
export function tableAfter({ text }: Page, heading: string): Table {
  const table = /(?:^\|.*\n)+/m.exec(from(text, heading))?.[0] ?? '';
  const [columns = [], , ...rows] = table
    .trimEnd()
    .split('\n')
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return { columns, rows };
}

/** The items of the first list after a heading, without their bullets or numbers. */
export function listAfter({ text }: Page, heading: string): readonly string[] {
  const list = /(?:^(?:- |\d+\. ).*\n(?: .*\n)*)+/m.exec(from(text, heading))?.[0] ?? '';
  return list
    .split(/^(?:- |\d+\. )/m)
    .slice(1)
    .map((item) => item.trim().replace(/\s+/g, ' '));
}

function from(text: string, heading: string): string {
  return text.slice(text.indexOf(`\n${heading}\n`));
}

/** Prose as sentences: each list item, heading and table cell ends one. Code counts as one word. */
export function sentencesOf({ prose }: Page): readonly string[] {
  const plain = prose
    .replace(/<[^>\n]+>/g, '')
    .replace(/`[^`\n]+`/g, 'code')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1');
  const paragraphs: string[] = [];
  let isOpen = false;
  for (const line of plain.split('\n')) {
    const text = line.trim();
    if (text.startsWith('|')) paragraphs.push(...text.split('|'));
    else if (isOpen && text !== '' && !/^(?:[-*#>]|\d+\.) /.test(text)) paragraphs.push(`${paragraphs.pop()} ${text}`);
    else paragraphs.push(text.replace(/^(?:[-*#>]+|\d+\.) /, ''));
    isOpen = text !== '' && !text.startsWith('|') && !text.startsWith('#');
  }
  return paragraphs
    .flatMap((paragraph) => paragraph.split(/(?<=[.!?])\s+/))
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

/** Words between blanks that have a letter or a digit. */
export function wordCount(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
}
