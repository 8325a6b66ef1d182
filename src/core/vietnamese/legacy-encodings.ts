/**
 * The letter tables of encodings that Vietnamese offices used before Unicode, as their text looks in Latin-1 or
 * Windows-1252, and the table of Windows-1252.
 */

/** Windows-1252 from byte 80 to 9F. Its five undefined bytes pass as C1 controls in most programs. */
export const WINDOWS_1252: ReadonlyMap<string, number> = new Map(
  [...'€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'].map((character, at) => [character, 0x80 + at]),
);

/**
 * TCVN 5712:1993 VN3 (fonts .VnTime): one byte per letter. It has no capitals with tones. The font .VnTimeH shows small
 * letters as capitals.
 */
export const TCVN3: ReadonlyMap<string, string> = table(`
  ¡Ă ¢Â £Ê ¤Ô ¥Ơ ¦Ư §Đ ¨ă ©â ªê «ô ¬ơ \u00adư ®đ
  µà ¶ả ·ã ¸á ¹ạ »ằ ¼ẳ ½ẵ ¾ắ Æặ Çầ Èẩ Éẫ Êấ Ëậ
  Ìè Îẻ Ïẽ Ðé Ñẹ Òề Óể Ôễ Õế Öệ ×ì Øỉ Üĩ Ýí Þị
  ßò áỏ âõ ãó äọ åồ æổ çỗ èố éộ êờ ëở ìỡ íớ îợ
  ïù ñủ òũ óú ôụ õừ öử ÷ữ øứ ùự úỳ ûỷ üỹ ýý þỵ`);

/**
 * VNI Windows (fonts VNI-Times): a letter and a mark after it. Capitals have capital marks. Nine letters are one byte.
 */
export const VNI: ReadonlyMap<string, string> = withCapitals(
  table(`
  aùá aøà aûả aõã aïạ aââ aáấ aàầ aåẩ aãẫ aäậ aêă aéắ aèằ aúẳ aüẵ aëặ
  eùé eøè eûẻ eõẽ eïẹ eâê eáế eàề eåể eãễ eäệ
  ìì íí æỉ óĩ òị
  oùó oøò oûỏ oõõ oïọ oâô oáố oàồ oåổ oãỗ oäộ ôơ ôùớ ôøờ ôûở ôõỡ ôïợ
  uùú uøù uûủ uõũ uïụ öư öùứ öøừ öûử öõữ öïự
  yùý yøỳ yûỷ yõỹ îỵ ñđ`),
);

/**
 * có số một hộ bộ vụ phụ thụ trụ dụng tự sự dự… in TCVN3. They also look like syllables that official texts hardly use.
 */
export const TCVN3_LIKELY_WORDS: ReadonlySet<string> = words(`
  cã nã nãi khã phã tãm xãm gãi sè bè tè cè phè hé bé mét lé hép cét réng léc méc téc giê tê chê nhê bê thê
  lín líp sím khíp vò còng cò lò mò dòng tó phó chó thó tró chóng lóc thóc phóc xóc nói vô phô thô trô dông côm
  tõ tõng trõ dõng chõng tù sù dù cù râ vâ bá hái khái nhá má`);

/** thị chị trị vị sĩ Sơn sơ nơi hơn hồ Hồng số cố bố phố tố in VNI. */
export const VNI_LIKELY_WORDS: ReadonlySet<string> = words(`
  thò chò trò vò só sôn sô nôi hôn hoà hoàng soá coá boá phoá toá`);

function words(list: string): ReadonlySet<string> {
  return new Set(list.trim().split(/\s+/));
}

/** Each word of the list: the old letter, then its Unicode letter. */
function table(words: string): ReadonlyMap<string, string> {
  return new Map(
    words
      .trim()
      .split(/[ \n]+/)
      .map((word) => [word.slice(0, -1), word.slice(-1)]),
  );
}

function withCapitals(small: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const capitals = [...small].map(([old, letter]) => [old.toUpperCase(), letter.toUpperCase()] as const);
  return new Map([...small, ...capitals]);
}
