import assert from 'node:assert/strict';
import { test } from 'node:test';
import { count, figure, percent, place, typed } from './numbers.ts';
import { histogramOf, middle, nextRange, quantile, shapeOf } from './statistics.ts';

const near = (a: number, b: number, within: number) => assert.ok(Math.abs(a - b) <= within, `${a} is not ${b} ± ${within}`);

test('quantiles are read off a histogram', () => {
  const even = { low: 0, high: 100, counts: new Array<number>(50).fill(4), valid: 200, total: 200 };
  near(quantile(even, 0.5), 50, 1e-9);
  near(middle(even)[0], 2, 1e-9);
  near(middle(even)[1], 98, 1e-9);
});

test('percentiles make a histogram that gives them back', () => {
  const percentiles = Array.from({ length: 99 }, (_, k) => ((k + 1) / 100) ** 2 * 1000);
  const made = histogramOf(percentiles, [0, 1000], 256);
  near(made.counts.reduce((sum, one) => sum + one, 0), 100 * 100, 1e-6);
  for (const p of [10, 50, 90]) near(quantile(made, p / 100), percentiles[p - 1]!, 6);
});

// A grey picture of values, as the server would stretch them.
function steps(values: readonly number[], [low, high]: readonly [number, number]): number[] {
  const out = new Array<number>(256).fill(0);
  for (const value of values) out[Math.round(1 + 254 * Math.max(0, Math.min(1, (value - low) / (high - low))))]!++;
  return out;
}

test('unknown values are found wherever they lie', () => {
  for (const [from, to] of [[-0.3, 0.6], [9000, 12000], [-1e6, -9e5], [1e-4, 2e-4], [0, 1]] as const) {
    const values = Array.from({ length: 4000 }, (_, k) => from + ((to - from) * k) / 3999);
    let range: readonly [number, number] | null = [-1.5, 1.5];
    let last = range;
    for (let turn = 0; turn < 8 && range; turn++) {
      last = range;
      range = nextRange(steps(values, range), range);
    }
    assert.equal(range, null);
    assert.ok(last[0] <= from + (to - from) * 0.02 && last[1] >= to - (to - from) * 0.02, `${from} … ${to}: ${last}`);
    assert.ok(last[1] - last[0] < 3 * (to - from), `${from} … ${to}: ${last}`);
  }
});

test('a picture is shaped like its box on the map', () => {
  assert.deepEqual(shapeOf([0, 0, 10, 5], 100), [50, 100]);
  const [rows, cols] = shapeOf([0, 60, 10, 65], 100);
  assert.equal(rows, 100);
  assert.ok(cols > 80 && cols < 100);
  assert.deepEqual(shapeOf([5, 5, 5, 5], 64), [64, 64]);
  assert.deepEqual(shapeOf(null, 64), [64, 64]);
});

test('figures are short and can be typed back', () => {
  assert.equal(figure(0), '0');
  assert.equal(figure(-0.311), '−0.311');
  assert.equal(figure(1234.5678), '1235');
  assert.equal(figure(123456), '123\u202f456');
  assert.equal(figure(0.00001234), '1.23e-5'.replaceAll('-', '−'));
  assert.equal(figure(NaN), '–');
  for (const value of [0, -0.311, 123456, -1e12, 3.5]) near(typed(figure(value, 9)), value, Math.abs(value) * 1e-2);
  assert.ok(Number.isNaN(typed('')) && Number.isNaN(typed('abc')));
  assert.equal(count(1234567), '1\u202f234\u202f567');
  assert.equal(percent(0.9999), '99.9\u202f%');
  assert.equal(percent(1), '100\u202f%');
});

test('places are named by hemisphere and turned round the Earth', () => {
  assert.equal(place(-34.8731, -7.9942), '7.9942° S  34.8731° W');
  assert.equal(place(190, 0, 0), '0° N  170° W');
});
