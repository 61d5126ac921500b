import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile, FormulaError, nameOf } from './expression.ts';

const bands = ['B2', 'B4', 'B5', '10', 'two words'];
const roles = { nir: 'B5', red: 'B4' };
const value = (text: string, values: Record<string, number> = { B4: 966, B5: 1835 }) => compile(text, bands, roles).value(new Map(Object.entries(values)));

test('bands become operands in order of appearance, each once', () => {
  const formula = compile('(nir - red) / (nir + red)', bands, roles);
  assert.equal(formula.expression, '((v1*1.0) - (v2*1.0)) / ((v1*1.0) + (v2*1.0))');
  assert.deepEqual(formula.operands, { v1: 'B5', v2: 'B4' });
  assert.deepEqual(formula.names, [{ name: 'nir', band: 'B5' }, { name: 'red', band: 'B4' }]);
});

test('whole numbers stay whole where bits are combined', () => {
  assert.equal(compile('B2 & 4', bands).expression, 'v1 & 4');
});

test('functions keep their names though a band has the same', () => {
  const formula = compile('where(B2 > 1, abs(B2), 0)', [...bands, 'abs']);
  assert.equal(formula.expression, 'where((v1*1.0) > 1, abs((v1*1.0)), 0)');
});

test('a band is found by its name, in any case, or by b and its number', () => {
  for (const name of ['B4', 'b4', 'red', 'RED']) assert.equal(compile(name, bands, roles).operands.v1, 'B4', name);
  assert.equal(compile('b10', bands).operands.v1, '10');
  assert.equal(nameOf('two words'), 'btwo_words');
  assert.equal(compile('btwo_words', bands).operands.v1, 'two words');
});

test('a formula is worked out as Python would', () => {
  assert.equal(value('nir - red * 2 ** 3 ** 1'), 1835 - 966 * 8);
  assert.equal(value('-nir ** 2'), -(1835 ** 2));
  assert.equal(value('2 ** -1 * nir'), 917.5);
  assert.equal(value('-7 % 3 + 0 * nir'), 2);
  assert.equal(value('7 % -3 + 0 * nir'), -2);
  assert.equal(value('nir > red'), 1);
  assert.equal(value('(nir > red) & (red > 1e9)'), 0);
  assert.equal(value('minimum(nir, red) + maximum(nir, red)'), 1835 + 966);
  assert.ok(Math.abs(value('(nir - red) / (nir + red)') - 0.310246) < 1e-6);
});

test('missing data and division by nothing give no value', () => {
  assert.ok(Number.isNaN(value('nir + red', { B5: 1 })));
  assert.ok(Number.isNaN(value('nir / (red - red)')));
  assert.ok(Number.isNaN(value('masked_less(nir, 5000)')));
});

test('what is wrong is said, with the place', () => {
  const cases: [string, RegExp, number][] = [
    ['', /Type a formula/, 0], ['nir +', /missing at the end/, 5], ['(nir', /“\)” is missing/, 4], ['nir)', /without a “\(”/, 3],
    ['nir $ red', /“\$” has no place/, 4], ['nir redd', /“redd” does not follow/, 4], ['nir - redd', /no band “redd”/, 6], ['foo(nir)', /no function “foo”/, 0],
    ['sqrt(nir, red)', /sqrt takes 1 value, not 2/, 0], ['where(nir)', /where takes 3 values, not 1/, 0], ['1 < nir < 3', /chained/, 8], ['1 + 1', /at least one band/, 0],
    ['* nir', /before “\*”/, 0],
  ];
  for (const [text, message, at] of cases) {
    assert.throws(() => compile(text, bands, roles), (error: unknown) => error instanceof FormulaError && message.test(error.message) && error.at === at, text);
  }
});

test('more than five bands are refused', () => {
  const many = ['a', 'b', 'c', 'd', 'e', 'f'];
  assert.throws(() => compile(many.join('+'), many), /at most five/);
  assert.equal(Object.keys(compile(many.slice(1).join('+'), many).operands).length, 5);
});
