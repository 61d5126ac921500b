import assert from 'node:assert/strict';
import { test } from 'node:test';
import { initialState, type State } from './model.ts';
import { decodeState, encodeState } from './url.ts';

const full = (): State => ({
  view: { lon: -34.8731, lat: -7.9942, zoom: 13.25 },
  text: 'july & clouds', filters: { sensor: ['L7', 'L8'], 'Band name': ['a,b', 'c d'] }, page: 2, sort: 'keys', inView: true,
  shown: ['L7', '2001-07-17', 'nir+1 %'], tab: 'formula',
  band: { stretch: [-0.25, 1e-7], colormap: 'magma_r', gamma: 1.5, contrast: -3 },
  rgb: { bands: ['B4', 'B3', 'B2'], stretches: [[0, 3000], null, [-1.5, 2]], gamma: 0.8, saturation: 1.4 },
  formula: { text: '(nir - red) / (nir + red) & 1 == 100%', stretch: [-0.2, 0.8], colormap: 'viridis' },
  hidden: [3, -1.5], opacity: 0.35,
});

test('a state survives the way through the address', () => {
  assert.deepEqual(decodeState(encodeState(full())), full());
  assert.deepEqual(decodeState(`#${encodeState(full())}`), full());
});

test('the initial state is an empty address', () => {
  assert.equal(encodeState(initialState()), '');
  assert.deepEqual(decodeState(''), initialState());
  assert.deepEqual(decodeState('#'), initialState());
});

test('an address is readable', () => {
  const state = { ...initialState(), shown: ['L7', '2001-07-17', 'nir'], view: { lon: 1.5, lat: -2, zoom: 8 } };
  assert.equal(encodeState(state), 'show=L7/2001-07-17/nir&view=-2,1.5,8');
});

test('what cannot be read is left at its initial value', () => {
  for (const bad of ['view=1,2', 'view=91,0,3', 'view=a,b,c', 'view=,,', 'tab=globe', 'range=1', 'range=,', 'range=1,x', 'gamma=', 'gamma=abc', 'opacity=x', 'page=0', 'page=-4', 'sort=size', 'rgb=a/b', 'hide=', 'show=%E0%A4', 'key.=x', '=&&=', 'view']) {
    assert.deepEqual(decodeState(bad), initialState(), bad);
  }
});

test('numbers out of bounds are brought back to them', () => {
  assert.equal(decodeState('opacity=7').opacity, 1);
  assert.equal(decodeState('gamma=0').band.gamma, 0.2);
  assert.equal(decodeState('page=1e99').page, 1e9 - 1);
});
