import assert from 'node:assert/strict';
import { test } from 'node:test';
import { flatRing, unwrapped } from './globe.ts';

test('a line across the date line does not jump', () => {
  assert.deepEqual(unwrapped([[179, 1], [-179, 2], [178, 3]]), [[179, 1], [181, 2], [178, 3]]);
  assert.deepEqual(unwrapped([[-179, 0], [179, 0], [0, 0], [-1, 0]]), [[-179, 0], [-181, 0], [-360, 0], [-361, 0]]);
});

test('a ring elsewhere stays as it is', () => {
  const ring = [[0, 0], [10, 0], [10, 10], [0, 0]];
  assert.deepEqual(flatRing(ring), ring);
});

test('a ring round a pole is closed along that pole', () => {
  const ring = [[-180, -70], [-90, -71], [0, -72], [90, -71], [180, -70]];
  assert.deepEqual(flatRing(ring).slice(-3), [[180, -90], [-180, -90], [-180, -70]]);
});
