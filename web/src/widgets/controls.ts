// Small controls several panels use.
import { h } from './dom.ts';

export interface Slider {
  element: HTMLElement;
  set: (value: number) => void;
}

export interface SliderOptions {
  label: string;
  testid: string;
  low: number;
  high: number;
  step: number;
  rest: number; // the value a double click returns to
  show: (value: number) => string;
  change: (value: number) => void;
}

export function slider(options: SliderOptions): Slider {
  const input = h('input', { type: 'range', min: options.low, max: options.high, step: options.step, 'aria-label': options.label, testid: options.testid });
  const output = h('output', { class: 'figure' });
  const paint = () => {
    const value = Number(input.value);
    input.style.setProperty('--share', `${((value - options.low) / (options.high - options.low)) * 100}%`);
    output.textContent = options.show(value);
    input.setAttribute('aria-valuetext', options.show(value));
  };
  input.addEventListener('input', () => {
    paint();
    options.change(Number(input.value));
  });
  input.addEventListener('dblclick', () => options.change(options.rest));
  return {
    element: h('label', { class: 'row' }, h('span', { class: 'key' }, options.label), input, output),
    set: (value) => {
      if (Number(input.value) !== value || !output.textContent) input.value = String(value);
      paint();
    },
  };
}

export function select(label: string, testid: string, change: (value: string) => void): HTMLSelectElement {
  const element = h('select', { 'aria-label': label, testid });
  element.addEventListener('change', () => change(element.value));
  return element;
}

export function setOptions(element: HTMLSelectElement, values: readonly string[], chosen: string, show: (value: string) => string = (value) => value): void {
  const now = [...element.options].map((option) => option.value);
  if (now.length !== values.length || now.some((value, k) => value !== values[k])) {
    element.replaceChildren(...values.map((value) => h('option', { value }, show(value))));
  }
  element.value = chosen;
}
