// Numbers and places as a reader wants them.

// About four significant digits, thousands set apart by thin spaces.
export function figure(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(2).replaceAll('-', '−');
  const whole = size < 1 ? 1 : Math.floor(Math.log10(size)) + 1;
  const text = value.toFixed(Number.isInteger(value) ? 0 : Math.max(0, digits - whole));
  const [integer = '', fraction] = text.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '').split('.');
  const grouped = Math.abs(Number(integer)) >= 10000 ? integer.replace(/\B(?=(\d{3})+$)/g, '\u202f') : integer;
  return (fraction ? `${grouped}.${fraction}` : grouped).replaceAll('-', '−');
}

export const count = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f');

export const percent = (share: number): string => {
  const value = share * 100;
  const text = value > 99.95 && value < 100 ? '99.9' : value.toFixed(value >= 10 && Number.isInteger(value) ? 0 : 1);
  return `${text.replace(/\.0$/, '')}\u202f%`;
};

export function place(lon: number, lat: number, digits = 4): string {
  const turned = ((((lon + 180) % 360) + 360) % 360) - 180;
  return `${Math.abs(lat).toFixed(digits)}° ${lat < 0 ? 'S' : 'N'}  ${Math.abs(turned).toFixed(digits)}° ${turned < 0 ? 'W' : 'E'}`;
}

// What a person may type into a number field; NaN if it is none.
export function typed(text: string): number {
  const plain = text.replace(/[\s\u202f]/g, '').replaceAll('−', '-');
  return plain === '' ? NaN : Number(plain);
}
