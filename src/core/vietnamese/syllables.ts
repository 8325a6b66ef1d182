/**
 * The written form of Vietnamese syllables: onset + rhyme, the tone on the right vowel, and only sắc or nặng before the
 * stops c, ch, p, t. It tells words from the remains of an old encoding. It is not a dictionary.
 */

/** Whether a word is a correctly written Vietnamese syllable, in any case (NFC). */
export function isSyllable(word: string): boolean {
  return fits(word.toLowerCase(), RHYMES);
}

/**
 * Whether a word is a syllable, or lacks only its tone before a stop (`viêc` for `việc`), the most usual typing error.
 */
export function isAlmostSyllable(word: string): boolean {
  const lower = word.toLowerCase();
  return fits(lower, RHYMES) || fits(lower, TONELESS);
}

/** Whether a word of plain Latin letters can be a syllable without its marks (`Nguyen`). */
export function isPlainSyllable(word: string): boolean {
  return fits(word.toLowerCase(), PLAIN);
}

/** All 2,516 words of small plain Latin letters for which isPlainSyllable holds. */
export function plainSyllables(): ReadonlySet<string> {
  known ??= allPlainSyllables();
  return known;
}

let known: ReadonlySet<string> | undefined;

function allPlainSyllables(): ReadonlySet<string> {
  // After gi the rhyme may have lost its own i: `gieng` is gi and ieng.
  const rhymes = [...PLAIN].flatMap((rhyme) => (rhyme.startsWith('i') ? [rhyme, rhyme.slice(1)] : [rhyme]));
  const words = PLAIN_ONSETS.flatMap((onset) => rhymes.map((rhyme) => onset + rhyme));
  return new Set(words.filter((word) => word !== '' && isPlainSyllable(word)));
}

const PLAIN_ONSETS = ['', 'ngh', 'ng', 'nh', 'gh', 'gi', 'qu', 'ch', 'kh', 'ph', 'th', 'tr', ...'bcdghklmnprstvx'];

const ONSET = /^(?:ngh|ng|nh|gh|gi|qu|ch|kh|ph|th|tr|[bcdđghklmnprstvx])?/;
const FRONT = /^[eèéẻẽẹêềếểễệiìíỉĩịyỳýỷỹỵ]/;
const ROUNDED = /^[oòóỏõọuùúủũụưừứửữự]/;

function fits(word: string, rhymes: ReadonlySet<string>): boolean {
  const onset = (ONSET.exec(word) as RegExpExecArray)[0];
  const rhyme = word.slice(onset.length);
  if (onset === 'gi') return rhymes.has(rhyme) || rhymes.has(`i${rhyme}`);
  if (!rhymes.has(rhyme)) return false;
  if (/^[yỳýỷỹỵ]/.test(rhyme))
    return rhyme.length > 1 ? /^(?:qu)?$/.test(onset) : !/^(?:c|ch|g|gh|kh|ng|ngh|nh|ph|tr)$/.test(onset);
  if (onset === 'qu') return !ROUNDED.test(rhyme);
  if (onset === 'c' || onset === 'ng') return !FRONT.test(rhyme);
  if (onset === 'g') return !FRONT.test(rhyme) || /^[ìíỉĩị]/.test(rhyme);
  if (onset === 'gh' || onset === 'ngh') return FRONT.test(rhyme);
  return onset !== 'k' || FRONT.test(rhyme) || /^[aàáảãạăằắẳẵặ]/.test(rhyme);
}

/** Without tones. `ăk` is here for Đắk Lắk, and `k` before `a` above for Bắc Kạn. */
const BASE_RHYMES = `
  a ac ach ai am an ang anh ao ap at au ay ăc ăk ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
  e ec em en eng eo ep et ê êch êm ên ênh êp êt êu
  i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu y ych ynh yt yêm yên yêng yêt yêu
  o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oc oe oem oen oeo oet oi om on ong ooc
  oong op ot ô ôc ôi ôm ôn ông ôông ôp ôt ơ ơi ơm ơn ơp ơt
  u ua uân uâng uât uây uc uê uêch uên uênh uêt ui um un ung uơ uôc uôi uôm uôn uông uôt up ut uy uya uych uyn
  uynh uyp uyt uyu uyên uyêt ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu`
  .trim()
  .split(/\s+/);

const SAC_AND_NANG = ['\u0301', '\u0323'];
const ALL_TONES = ['', '\u0300', '\u0301', '\u0303', '\u0309', '\u0323'];
const STOP = /(?:ch|[ckpt])$/;

/** Loan words in oong and ooc have no other tones. VNI's `Khoâng`, read as TCVN3, would be `Khoõng`. */
const NEVER = /o[ỏõọ]/;

const RHYMES = new Set(
  BASE_RHYMES.flatMap((rhyme) =>
    (STOP.test(rhyme) ? SAC_AND_NANG : ALL_TONES).flatMap((tone) => toned(rhyme, tone)),
  ).filter((rhyme) => !NEVER.test(rhyme)),
);
const TONELESS = new Set(BASE_RHYMES.filter((rhyme) => STOP.test(rhyme)));
const PLAIN = new Set(BASE_RHYMES.map((rhyme) => rhyme.normalize('NFD').replace(/[\u0300-\u036f]/g, '')));

function toned(rhyme: string, tone: string): string[] {
  return tonePlaces(rhyme).map((at) => (rhyme.slice(0, at + 1) + tone + rhyme.slice(at + 1)).normalize('NFC'));
}

/** Both spelling schools are correct: hòa and hoà, khỏe and khoẻ, thúy and thuý. */
function tonePlaces(rhyme: string): number[] {
  const marked = Math.max(...[...'ăâêôơư'].map((vowel) => rhyme.lastIndexOf(vowel)));
  if (marked >= 0) return [marked];
  const vowels = (/^[aeiouy]+/.exec(rhyme) as RegExpExecArray)[0].length;
  if (vowels < rhyme.length) return [vowels - 1];
  if (vowels === 2) return /^(?:oa|oe|uy)$/.test(rhyme) ? [0, 1] : [0];
  return [vowels === 3 ? 1 : 0];
}
