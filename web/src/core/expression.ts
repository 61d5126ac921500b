// Formulas over bands: read, turned into the server's operands v1 ... v5, and worked out
// for one pixel. The grammar is that of the server: Python's arithmetic and some functions.
import type { Roles } from './bands.ts';

export class FormulaError extends Error {
  readonly at: number; // offset in the text
  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

export interface Token {
  kind: 'number' | 'name' | 'sign';
  text: string;
  at: number;
}

export function tokens(text: string): Token[] {
  const out: Token[] = [];
  const pattern = /\s*(?:((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)|([a-z_]\w*)|(\*\*|==|!=|<=|>=|[-+*/%&|~<>(),]))/iy;
  let at = 0;
  while (at < text.length) {
    if (text.slice(at).trim() === '') break;
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) {
      const start = at + (text.slice(at).length - text.slice(at).trimStart().length);
      throw new FormulaError(`“${text[start]}” has no place in a formula`, start);
    }
    at = pattern.lastIndex;
    const [, number, name, sign] = found;
    const part = (number ?? name ?? sign)!;
    out.push({ kind: number ? 'number' : name ? 'name' : 'sign', text: part, at: at - part.length });
  }
  return out;
}

const one: Record<string, (x: number) => number> = {
  abs: Math.abs, sqrt: Math.sqrt, log: Math.log, log10: Math.log10, exp: Math.exp,
  sin: Math.sin, cos: Math.cos, tan: Math.tan, sinh: Math.sinh, cosh: Math.cosh, tanh: Math.tanh,
  arcsin: Math.asin, arccos: Math.acos, arctan: Math.atan, arcsinh: Math.asinh, arccosh: Math.acosh, arctanh: Math.atanh,
};
const two: Record<string, (x: number, y: number) => number> = {
  minimum: Math.min, maximum: Math.max,
  masked_equal: (x, y) => (x === y ? NaN : x), masked_not_equal: (x, y) => (x !== y ? NaN : x),
  masked_greater: (x, y) => (x > y ? NaN : x), masked_less: (x, y) => (x < y ? NaN : x),
  masked_greater_equal: (x, y) => (x >= y ? NaN : x), masked_less_equal: (x, y) => (x <= y ? NaN : x),
  masked_where: (x, y) => (x ? NaN : y), setmask: (x, y) => (y ? NaN : x),
};
const three: Record<string, (x: number, y: number, z: number) => number> = {
  where: (x, y, z) => (Number.isNaN(x) ? NaN : x ? y : z),
  masked_inside: (x, y, z) => (x >= y && x <= z ? NaN : x), masked_outside: (x, y, z) => (x < y || x > z ? NaN : x),
};
const plain: Record<string, (x: number) => number> = {
  ...one, getmask: (x) => (Number.isNaN(x) ? 1 : 0), masked_invalid: (x) => (Number.isFinite(x) ? x : NaN),
};
const constants: Record<string, number> = { pi: Math.PI, nan: NaN, inf: Infinity, nomask: 0 };

export const functionNames = Object.keys({ ...plain, ...two, ...three }).sort();

type Values = (name: string) => number;
type Node = (values: Values) => number;
const truth = (value: boolean) => (value ? 1 : 0);
const modulo = (x: number, y: number) => x - Math.floor(x / y) * y;

// Binary signs by how tightly they bind, the loosest first; ** is read apart.
const levels: Record<string, (x: number, y: number) => number>[] = [
  {
    '==': (x, y) => truth(x === y), '!=': (x, y) => truth(x !== y), '<': (x, y) => truth(x < y),
    '<=': (x, y) => truth(x <= y), '>': (x, y) => truth(x > y), '>=': (x, y) => truth(x >= y),
  },
  { '|': (x, y) => x | y },
  { '&': (x, y) => x & y },
  { '+': (x, y) => x + y, '-': (x, y) => x - y },
  { '*': (x, y) => x * y, '/': (x, y) => (y === 0 ? NaN : x / y), '%': modulo },
];

class Reader {
  private readonly list: Token[];
  private readonly end: number;
  private at = 0;

  constructor(text: string) {
    this.list = tokens(text);
    this.end = text.length;
  }

  whole(): Node {
    if (!this.list.length) throw new FormulaError('Type a formula, or take one from the list', 0);
    const node = this.level(0);
    const left = this.list[this.at];
    if (left) throw new FormulaError(left.text === ')' ? 'A “)” without a “(”' : `“${left.text}” does not follow here`, left.at);
    return node;
  }

  private take(text: string): boolean {
    if (this.list[this.at]?.kind !== 'sign' || this.list[this.at]?.text !== text) return false;
    this.at++;
    return true;
  }

  private need(text: string): void {
    if (!this.take(text)) throw new FormulaError(`A “${text}” is missing`, this.list[this.at]?.at ?? this.end);
  }

  private level(depth: number): Node {
    const signs = levels[depth];
    if (!signs) return this.unary();
    let left = this.level(depth + 1);
    for (let compared = false; ; compared = true) {
      const token = this.list[this.at];
      const run = token?.kind === 'sign' ? signs[token.text] : undefined;
      if (!token || !run) return left;
      if (depth === 0 && compared) throw new FormulaError('Comparisons cannot be chained; join them with &', token.at);
      this.at++;
      const [a, b] = [left, this.level(depth + 1)];
      left = (values) => run(a(values), b(values));
    }
  }

  private unary(): Node {
    if (this.take('-')) return ((inner: Node): Node => (values) => -inner(values))(this.unary());
    if (this.take('~')) return ((inner: Node): Node => (values) => ~inner(values))(this.unary());
    const base = this.atom();
    if (!this.take('**')) return base;
    const power = this.unary();
    return (values) => base(values) ** power(values);
  }

  private atom(): Node {
    const token = this.list[this.at];
    if (!token) throw new FormulaError('Something is missing at the end', this.end);
    if (this.take('(')) {
      const inner = this.level(0);
      this.need(')');
      return inner;
    }
    if (token.kind === 'sign') throw new FormulaError(`Something is missing before “${token.text}”`, token.at);
    this.at++;
    if (token.kind === 'number') return () => Number(token.text);
    if (this.take('(')) return this.call(token);
    const constant = constants[token.text];
    return constant === undefined ? (values) => values(token.text) : () => constant;
  }

  private call(name: Token): Node {
    const inputs: Node[] = [];
    if (!this.take(')')) {
      do inputs.push(this.level(0)); while (this.take(','));
      this.need(')');
    }
    const table = [plain, two, three][inputs.length - 1] as Record<string, (...x: number[]) => number> | undefined;
    const run = table?.[name.text];
    if (run) return (values) => run(...inputs.map((input) => input(values)));
    const wanted = [plain, two, three].findIndex((names) => name.text in names) + 1;
    if (wanted) throw new FormulaError(`${name.text} takes ${wanted} value${wanted > 1 ? 's' : ''}, not ${inputs.length}`, name.at);
    throw new FormulaError(`There is no function “${name.text}”`, name.at);
  }
}

export interface Formula {
  expression: string; // over v1 ... v5
  operands: Record<string, string>; // v1 -> value of the last key
  names: { name: string; band: string }[]; // as written, in order of appearance
  value: (bands: ReadonlyMap<string, number>) => number; // NaN: masked
}

const plainName = /^[a-z_]\w*$/i;

// What a band is called in a formula: by its own name, or b and the name.
export const nameOf = (band: string): string => (plainName.test(band) ? band : `b${band.replace(/\W/g, '_')}`);

function bandOf(name: string, bands: readonly string[], roles: Roles): string | undefined {
  return bands.find((band) => band === name) ?? bands.find((band) => nameOf(band) === name)
    ?? bands.find((band) => nameOf(band).toLowerCase() === name.toLowerCase()) ?? roles[name.toLowerCase() as keyof Roles];
}

// Throws FormulaError. Operands are multiplied by 1.0 where no bits are combined: whole
// numbers without sign would wrap round below zero on the server.
export function compile(text: string, bands: readonly string[], roles: Roles = {}): Formula {
  const run = new Reader(text).whole();
  const list = tokens(text);
  const bits = list.some((token) => '&|~'.includes(token.text) && token.kind === 'sign');
  const slots = new Map<string, string>();
  const found = new Map<string, string>();
  let expression = '';
  let from = 0;
  list.forEach((token, k) => {
    if (token.kind !== 'name' || list[k + 1]?.text === '(' || token.text in constants) return;
    const band = bandOf(token.text, bands, roles);
    if (!band) throw new FormulaError(`There is no band “${token.text}” here`, token.at);
    found.set(token.text, band);
    if (!slots.has(band)) slots.set(band, `v${slots.size + 1}`);
    const operand = slots.get(band)!;
    expression += text.slice(from, token.at) + (bits ? operand : `(${operand}*1.0)`);
    from = token.at + token.text.length;
  });
  expression += text.slice(from);
  if (!slots.size) throw new FormulaError('A formula needs at least one band', 0);
  if (slots.size > 5) throw new FormulaError('A formula can use at most five bands', 0);
  return {
    expression: expression.trim(),
    operands: Object.fromEntries([...slots].map(([band, slot]) => [slot, band])),
    names: [...found].map(([name, band]) => ({ name, band })),
    value: (values) => run((name) => values.get(found.get(name) ?? '') ?? NaN),
  };
}
