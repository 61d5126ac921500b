import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile } from './expression.ts';
import { bandLayer, classesLayer, classColor, formulaLayer, pictureUrl, rgbLayer, usableStretch } from './layer.ts';
import { initialState } from './model.ts';

const keys = ['L7', 'a b', 'nir'];
const start = initialState();

test('a band is asked for with all keys', () => {
  const url = pictureUrl('http://h/', bandLayer(keys, { ...start.band, stretch: [0, 0.30000000004], gamma: 1.5, contrast: 3 }), '{z}/{x}/{y}.png');
  const { pathname, searchParams } = new URL(url);
  assert.equal(decodeURIComponent(pathname), '/singleband/L7/a b/nir/{z}/{x}/{y}.png');
  assert.ok(url.includes('/{z}/{x}/{y}.png?'));
  assert.deepEqual(Object.fromEntries(searchParams), { colormap: 'viridis', stretch_range: '[0,0.3]', color_transform: 'gamma 1 1.5 sigmoidal 1 3 0.5' });
});

test('without a stretch the server is asked for its percentiles', () => {
  assert.equal(bandLayer(keys, start.band).parameters.stretch_range, '["p2","p98"]');
});

test('three bands are asked for without the last key', () => {
  const layer = rgbLayer(keys, { ...start.rgb, bands: ['a', 'b', 'c'], stretches: [[1, 2], null, [3, 4]], saturation: 0.5 });
  assert.equal(layer.path, 'rgb/L7/a%20b');
  assert.deepEqual(layer.parameters, { r: 'a', g: 'b', b: 'c', r_range: '[1,2]', g_range: '["p2","p98"]', b_range: '[3,4]', color_transform: 'saturation 0.5' });
  assert.equal(rgbLayer(['x'], { ...start.rgb, bands: ['a', 'b', 'c'] }).path, 'rgb');
});

test('a formula carries its operands and numbers only', () => {
  const layer = formulaLayer(keys, compile('nir * 2', ['nir']), [-1, 1], 'magma');
  assert.deepEqual(layer.parameters, { expression: '(v1*1.0) * 2', v1: 'nir', stretch_range: '[-1,1]', colormap: 'magma' });
});

test('hidden classes have no colour, and at most 255 fit', () => {
  const classes = Array.from({ length: 300 }, (_, value) => ({ value, label: '', color: '#112233', share: null }));
  const drawn = (hidden: number[]) => JSON.parse(classesLayer(keys, classes, hidden).parameters.explicit_color_map!) as object;
  assert.equal(Object.keys(drawn([])).length, 255);
  assert.ok(!('3' in drawn([3])));
  assert.equal(Object.keys(drawn(classes.map(({ value }) => value))).length, 1);
});

test('a class without a colour gets one', () => {
  assert.match(classColor(null, 12), /^#[0-9a-f]{6}$/);
  assert.equal(classColor('#a1b2c3ff', 0), '#a1b2c3');
});

test('a stretch that cannot be asked for is mended', () => {
  assert.deepEqual(usableStretch([3, 1]), [1, 3]);
  const [low, high] = usableStretch([5, 5]);
  assert.ok(low < high);
  assert.deepEqual(usableStretch([0, 0]), [0, 1]);
});
