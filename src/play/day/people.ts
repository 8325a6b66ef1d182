import type { Dice } from './dice.ts';

const SURNAMES = 'Nguyễn Trần Lê Phạm Hoàng Vũ Đặng Bùi Đỗ Ma Lục Hà Nông Triệu Lý'.split(' ');
/** Surnames of officers. No applicant has one, because the hub masks an officer with an applicant's name. */
const OFFICER_SURNAMES = 'Chu Dương Đinh Quách Tạ Vi'.split(' ');
const MIDDLES = 'Văn Thị Minh Thu Đức Ngọc Quang Hữu Thanh Xuân'.split(' ');
const NAMES = 'An Bình Cường Dũng Giang Hạnh Hương Khánh Lan Long Nga Phúc Quyên Sơn Thảo Tuấn Vân Yến'.split(' ');
const OFFICES = 'Bộ phận tiếp nhận và trả kết quả, Phòng chuyên môn, Phòng một cửa, Văn thư'.split(', ');
const TITLES = 'Chuyên viên, Công chức một cửa, Phó trưởng phòng, Trưởng phòng'.split(', ');

export interface Applicant {
  readonly name: string;
  readonly identityNumber: string;
  readonly phone: string;
}

/** A person who does not exist: identity numbers begin with 000, which no province has. */
export function invented(dice: Dice): Applicant {
  return {
    name: nameOf(dice, SURNAMES),
    identityNumber: `000${String(dice.whole(0, 999_999_999)).padStart(9, '0')}`,
    phone: `09${String(dice.whole(0, 99_999_999)).padStart(8, '0')}`,
  };
}

function nameOf(dice: Dice, surnames: readonly string[]): string {
  return [dice.pick(surnames), dice.pick(MIDDLES), dice.pick(NAMES)].join(' ');
}

export interface Officer {
  readonly actor: string;
  readonly title: string;
  readonly unit: string;
}

export function officer(dice: Dice): Officer {
  return { actor: nameOf(dice, OFFICER_SURNAMES), title: dice.pick(TITLES), unit: dice.pick(OFFICES) };
}
