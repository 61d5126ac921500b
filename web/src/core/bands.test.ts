import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guessRoles, possibleIndices, possiblePresets } from './bands.ts';

const numbered = (count: number) => Array.from({ length: count }, (_, k) => `B${k + 1}`);

test('words say what they are', () => {
  assert.deepEqual(guessRoles(['nir', 'Red', 'qa']), { nir: 'nir', red: 'Red' });
});

test('the numbers of a sensor are known', () => {
  assert.equal(guessRoles(numbered(11), 'L8 2018-07-17').nir, 'B5');
  assert.equal(guessRoles(numbered(11), 'LC08_L1TP_013032').red, 'B4');
  assert.equal(guessRoles(numbered(7), 'L7 2001').nir, 'B4');
  assert.equal(guessRoles(numbered(12), 'S2A').nir, 'B8');
  assert.equal(guessRoles(numbered(12), 'x_S2_y').nir, 'B8');
});

test('without a sensor the names themselves tell', () => {
  assert.equal(guessRoles(['B02', 'B03', 'B04', 'B08']).nir, 'B08');
  assert.equal(guessRoles(numbered(11)).nir, 'B5');
  assert.equal(guessRoles(['B1', 'B2', 'B3', 'B4', 'B5', 'B7']).nir, 'B4');
  assert.equal(guessRoles(['B10', 'B20', 'B30', 'B40', 'B50', 'B70']).nir, 'B40');
});

test('names that say nothing give no roles', () => {
  assert.deepEqual(guessRoles(['elevation', 'slope']), {});
  assert.deepEqual(guessRoles(['1', '2']), {});
  assert.deepEqual(guessRoles(['2018-01-17', '2018-02-17']), {});
});

test('only what the bands allow is offered', () => {
  const has = { nir: 'B5', red: 'B4' };
  assert.deepEqual(possibleIndices(has).map(({ name }) => name), ['NDVI']);
  assert.deepEqual(possiblePresets(has), []);
  assert.deepEqual(possiblePresets({ ...has, green: 'B3', blue: 'B2' })[0], { name: 'Natural', bands: ['B4', 'B3', 'B2'] });
});
