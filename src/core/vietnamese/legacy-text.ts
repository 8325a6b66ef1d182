import { TCVN3, TCVN3_LIKELY_WORDS, VNI, VNI_LIKELY_WORDS } from './legacy-encodings.ts';
import { readMojibake } from './mojibake.ts';
import { isAlmostSyllable, isPlainSyllable, isSyllable } from './syllables.ts';

export type Inspection =
  | { readonly text: string; readonly verdict: 'clean' }
  | {
      readonly text: string;
      readonly verdict: 'repaired' | 'doubtful';
      readonly kind: 'mojibake' | 'tcvn3' | 'vni';
    };

/** The slow half of inspectText, for NFC text with anything that correct Vietnamese does not have. */
export function inspectUnusual(text: string): Inspection {
  const mojibake = readMojibake(text);
  if (mojibake === 'doubtful') return { text, verdict: 'doubtful', kind: 'mojibake' };
  if (mojibake !== undefined) return { text: mojibake.repaired, verdict: 'repaired', kind: 'mojibake' };
  return inspectOldLetters(text) ?? { text, verdict: 'clean' };
}

function inspectOldLetters(text: string): Inspection | undefined {
  const found = [tcvn3, vni].map((letters) => ({ letters, verdict: assess(text, letters) }));
  const repaired = found.filter(({ verdict }) => verdict === 'repaired');
  const suspect = repaired[0] ?? found.find(({ verdict }) => verdict === 'doubtful');
  if (suspect === undefined) return undefined;
  const { kind } = suspect.letters;
  if (repaired.length !== 1) return { text, verdict: 'doubtful', kind };
  return { text: decode(text, suspect.letters), verdict: 'repaired', kind };
}

/**
 * A field has one encoding as a whole, unless a program added a label (`Tên: NguyÔn V¨n An`). So one certain word
 * decides for its phrase and for unlikely words. No other word may contradict it, or be correct unchanged. Words that
 * are also foreign names (`Mü`, `Loïc`) must support one another.
 */
function assess(text: string, letters: OldLetters): 'repaired' | 'doubtful' | undefined {
  const count = { certain: 0, likely: 0, either: 0, open: 0, against: 0, torn: 0, plain: 0, foreign: 0, neutral: 0 };
  const quoted = text.includes('»');
  // Words repeat. Without the cache 750 KB blocked the hub for a second.
  const known = new Map<string, Standing>();
  const standingOfKnown = (word: string): Standing => {
    const standing = known.get(word) ?? standingOf(word, letters, quoted);
    known.set(word, standing);
    return standing;
  };
  for (const phrase of text.split(PHRASE_END))
    for (const standing of standingsOf(phrase, standingOfKnown)) count[standing]++;
  if (count.certain + count.torn > 0)
    return count.certain > 0 && count.against + count.torn + count.open === 0 ? 'repaired' : 'doubtful';
  if (count.likely === 0 || count.against + count.foreign > 0) return undefined;
  const signs = lettersOfLikelyWords(text, letters);
  if (signs > 1 && signs > count.either + count.open) return 'repaired';
  return signs > 1 || count.either + count.open + count.plain > 0 ? 'doubtful' : undefined;
}

/** A word between two certain ones in one phrase has their encoding. */
function standingsOf(phrase: string, standingIn: (word: string) => Standing): Standing[] {
  const standings = (phrase.match(WORD) ?? []).map(standingIn);
  const first = standings.indexOf('certain');
  const last = standings.lastIndexOf('certain');
  return standings.map((standing, at) =>
    standing === 'open' && at > first && at < last && first >= 0 ? 'either' : standing,
  );
}

/** Counts repeated words (`cê-cê`) once. */
function lettersOfLikelyWords(text: string, letters: OldLetters): number {
  let count = 0;
  for (const word of new Set(text.match(WORD)))
    if (standingOf(word, letters, false) === 'likely') count += (word.match(letters.letter) ?? []).length;
  return count;
}

type Standing = 'certain' | 'likely' | 'either' | 'open' | 'against' | 'torn' | 'plain' | 'foreign' | 'neutral';

function standingOf(word: string, letters: OldLetters, quoted: boolean): Standing {
  if (IS_PLAIN.test(word)) return standingOfPlain(word);
  if (/[0-9]/.test(word)) return standingOfPieces(word.split(/[0-9]+/), letters);
  if (SIGN.test(word)) return LETTER_ALONE.test(word) && !quoted ? 'neutral' : 'against';
  const decoded = decodeWord(word, letters);
  if (decoded === word) return 'neutral';
  const isWord = word.length === 1 || ETH_FOR_D.test(word) || (isAlmostSyllable(word) && !CAPITAL_WITHIN.test(word));
  if (isWord) return decoded ? standingOfWord(word, letters) : 'against';
  if (decoded === undefined) return letters.isTorn(word) ? 'torn' : 'against';
  const isOther = decodeWord(word, letters.kind === 'vni' ? tcvn3 : vni) !== undefined;
  return letters.isUnlikeLatin(word) && !isOther ? 'certain' : 'likely';
}

const SIGN = /^[¡-¿×÷]$/;
/** Signs that are whole words in TCVN3 (ô tô, à, ư) and that no text uses as signs. */
const LETTER_ALONE = /^[¡¤¦¨ª-¬\u00adµ¶¸]$/;
/** Many programs turned Đ into eth (`NÐ-CP`). Read as TCVN3 it would be é. */
const ETH_FOR_D = /^[B-DF-HJ-NP-TVX]+Ð[B-DF-HJ-NP-TVX]*$/;
const CAPITAL_WITHIN = /[a-z][À-Þ]|[A-Z][À-Þ][a-z]/;

function standingOfPlain(word: string): Standing {
  if (isPlainSyllable(word)) return 'plain';
  return /[0-9]/.test(word) || word === word.toUpperCase() ? 'neutral' : 'foreign';
}

/** For a word that is valid both unchanged and in the encoding. */
function standingOfWord(word: string, letters: OldLetters): Standing {
  return isSyllable(word) && word.length > 1 && !letters.likelyWords.has(word.toLowerCase()) ? 'open' : 'either';
}

/** Beside a digit a sign may be a real sign (`50µm`, `2×3`). Such words prove nothing, but must be decodable. */
function standingOfPieces(pieces: readonly string[], letters: OldLetters): Standing {
  return pieces.every((piece) => IS_PLAIN.test(piece) || decodeWord(piece, letters)) ? 'neutral' : 'against';
}

/** The word in Unicode. Undefined unless it becomes a complete syllable or an abbreviation such as QĐ. */
function decodeWord(word: string, letters: OldLetters): string | undefined {
  if (word.length > LONGEST_WORD || !letters.whole.test(word)) return undefined;
  if (letters.kind === 'vni' && /[a-z][À-Þ]/.test(word)) return undefined; // VNI has capitals of its own
  const decoded = decode(word, letters);
  return isSyllable(decoded) || ABBREVIATION.test(decoded) ? decoded : undefined;
}

function decode(text: string, letters: OldLetters): string {
  return text.replace(letters.letter, (old) => letters.table.get(old) as string);
}

/** `Nghöôõng` has nine letters. The bound is for texts that are one endless word. */
const LONGEST_WORD = 16;
const ABBREVIATION = /^[B-DF-HJ-NP-TVX]*Đ[B-DĐF-HJ-NP-TVX]*$/;

/** One of the two letter encodings before Unicode, and how to recognise its words. */
interface OldLetters {
  readonly kind: 'tcvn3' | 'vni';
  readonly table: ReadonlyMap<string, string>;
  /** Words that are also syllables unchanged, but are far more likely in this encoding in official texts. */
  readonly likelyWords: ReadonlySet<string>;
  readonly letter: RegExp;
  readonly whole: RegExp;
  /** Whether no language has such a word. Called for words that are a syllable in the encoding. */
  readonly isUnlikeLatin: (word: string) => boolean;
  /** Whether no language has such a word. Called for words that are no syllable in the encoding. */
  readonly isTorn: (word: string) => boolean;
}

const tcvn3: OldLetters = {
  kind: 'tcvn3',
  table: TCVN3,
  likelyWords: TCVN3_LIKELY_WORDS,
  ...expressions(TCVN3),
  isUnlikeLatin: (word) => (TCVN3_ONLY.test(word) && !SIGN_IN_USE.test(word)) || VIETNAMESE_ONSET.test(word),
  isTorn: (word) => TCVN3_TORN.test(word) || lostSoftHyphen(word),
};

const SIGNS = '¡-¨ª¬®µ¶¸¹¼-¾';
/**
 * A sign within a word, a capital after a small letter, or a letter after a consonant that elsewhere follows a vowel.
 */
const TCVN3_ONLY =
  /[¡-¬\u00ad®µ-¹»-¾×÷]|[a-z][Æ-Þ]|[A-Z][Æ-Þ][a-z]|[b-df-hj-np-tv-zB-DF-HJ-NP-TV-Z®](?:[ïñß]|ç[b-df-hj-np-tv-zi])/;
/**
 * Words that are also units, signs before a word or number, or Spanish abbreviations (`µm`, `N·m`, `§a`, `Mª`, `Dña`).
 */
const SIGN_IN_USE = /^µ[A-Za-z]$|^[A-Za-z][·×÷][A-Za-z]$|^§[a-z]$|^[MD]ª$|^Dña$|^[¡-£¥©¼-¾][a-z]+$/;
const TCVN3_TORN = new RegExp(`[A-Za-zÀ-ÿ][${SIGNS}][a-z]|^[§®¨¬][a-zß-ÿ]|[a-z][Æ-Þ](?:[a-z]|$)`);

/** No European word begins like this. */
const VIETNAMESE_ONSET = /^ng/i;

/** Programs drop the soft hyphen, which is ư in TCVN3: `Trường` becomes `Trêng`. */
function lostSoftHyphen(word: string): boolean {
  return /[êëìíî]/.test(word) && decodeWord(word.replace(/(?=[êëìíî])/, '\u00ad'), tcvn3) !== undefined;
}

const vni: OldLetters = {
  kind: 'vni',
  table: VNI,
  likelyWords: VNI_LIKELY_WORDS,
  ...expressions(VNI),
  isUnlikeLatin: (word) => VNI_ONLY.test(word) || VIETNAMESE_ONSET.test(word),
  isTorn: (word) => VNI_ONLY.test(word) && VNI_SYLLABLE.test(word),
};

/**
 * Vowel pairs that no language has in one syllable. French, Spanish and Nordic names have the other pairs (`Loïc`,
 * `Raúl`).
 */
const VNI_ONLY =
  /a[âàåãûõøùê]|e[âåõù]|eû(?!t)|e[àãø][b-df-hj-np-tv-z]|o[âåãõø]|u[ùøûõ]|y[õûù]|yø[b-df-hj-np-tv-z]|[ôö][ùøûõï]/i;
const VNI_SYLLABLE = /^(?:ngh?|[cknpt]h|g[hi]|tr|[b-dghk-nprstvxñ])?[aeiouyà-öø-ü]+(?:c|ch|m|n|ng|nh|p|t)?$/i;

function expressions(table: ReadonlyMap<string, string>): Pick<OldLetters, 'letter' | 'whole'> {
  const letters = [...table.keys()].sort((a, b) => b.length - a.length).join('|');
  return { letter: new RegExp(letters, 'g'), whole: new RegExp(`^(?:${letters}|[A-Za-z])+$`) };
}

const IS_PLAIN = /^[^\u0080-\uffff]*$/;
const PHRASE_END = /[,;:.()/|\n\u2010-\u2015-]+/;
/** A run of letters, digits and signs that are letters in TCVN3. */
const WORD = /[\u0300-\u036fA-Za-z0-9¡-¬\u00ad®µ-¹»-¾À-\u024f\u1e00-\u1eff]+/g;
