import { TCVN3, VNI } from '#core/vietnamese/legacy-encodings';

/** A Vietnamese text as offices wrote it before Unicode, in Latin-1 letters. Letters that the encoding lacks stay. */
export function inOldEncoding(text: string, encoding: 'tcvn3' | 'vni'): string {
  const table = encoding === 'tcvn3' ? TCVN3 : VNI;
  const old = new Map([...table].map(([letters, letter]) => [letter, letters]));
  return [...text.normalize('NFC')].map((letter) => old.get(letter) ?? letter).join('');
}
