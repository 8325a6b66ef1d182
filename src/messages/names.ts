/** The Vietnamese names of our own words that stand in placeholders, such as kinds of records and of values. */
export const NAMES: Readonly<Record<string, string>> = {
  service: 'thủ tục',
  agency: 'cơ quan',
  field: 'lĩnh vực',
  dossier: 'hồ sơ',
  dossiers: 'hồ sơ',
  progress: 'tiến độ',
  step: 'bước xử lý',
  party: 'bên kết nối',
  delivery: 'lượt chuyển',
  message: 'thông điệp',
  incident: 'sự cố',
  list: 'danh sách',
  number: 'số',
  object: 'đối tượng',
  boolean: 'đúng/sai',
  text: 'văn bản',
};
