// A histogram with two handles: what part of the values is spread over the colours.
import type { Histogram, Range } from '../core/model.ts';
import { figure, typed } from '../core/numbers.ts';
import { quantile } from '../core/statistics.ts';
import { h, ramp, svg } from './dom.ts';

export interface StretchView {
  histogram: Histogram | null; // null: on its way
  stretch: Range | null; // in force
  automatic: boolean;
  colors: readonly string[];
}

export interface StretchOptions {
  name: string; // of what is stretched, for labels
  testid: string;
  compact?: boolean;
  // null: automatic. Called while dragging, too.
  change: (stretch: Range | null) => void;
}

const bars = 72;

export class Stretch {
  readonly element: HTMLElement;
  private readonly options: StretchOptions;
  private readonly chart = svg('svg', { class: 'chart', viewBox: `0 0 ${bars} 100`, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  private readonly plot = h('div', { class: 'plot' });
  private readonly strip = h('div', { class: 'ramp', 'aria-hidden': 'true' });
  private readonly handles: HTMLElement[];
  private readonly fields: HTMLInputElement[];
  private readonly automatic: HTMLButtonElement;
  private view: StretchView = { histogram: null, stretch: null, automatic: true, colors: [] };
  private domain: Range = [0, 1];
  private drawn: Histogram | null = null;
  private drawnDomain: Range | null = null;
  private pressed = 0;

  constructor(options: StretchOptions) {
    this.options = options;
    const { name, testid } = options;
    this.handles = ['low', 'high'].map((end, k) => this.handle(`${name}, ${end} end`, `${testid}-handle-${end}`, k as 0 | 1));
    this.fields = ['low', 'high'].map((end, k) => this.field(`${name}, ${end} value`, `${testid}-${end}`, k as 0 | 1));
    this.automatic = h('button', {
      class: 'quiet', type: 'button', testid: `${testid}-auto`, title: 'Stretch from the 2nd to the 98th percentile',
      onclick: () => options.change(null),
    }, 'p2 – p98');
    this.plot.append(this.chart, ...this.handles);
    // Beside the handles: the nearer one comes, unless it was a double click.
    this.plot.addEventListener('click', (event) => {
      if (event.detail !== 1 || !this.view.stretch || (event.target as Element).closest('.handle')) return;
      clearTimeout(this.pressed);
      this.pressed = window.setTimeout(() => this.come(event.clientX), 250);
    });
    this.plot.addEventListener('dblclick', () => clearTimeout(this.pressed));
    this.plot.addEventListener('dblclick', () => options.change(null));
    this.element = h('div', { class: options.compact ? 'stretch compact' : 'stretch', testid },
      this.plot, h('div', { class: 'under' }, this.strip), h('div', { class: 'ends' }, this.fields[0], this.automatic, this.fields[1]));
  }

  set(view: StretchView): void {
    this.view = view;
    const { histogram, stretch } = view;
    this.element.classList.toggle('waiting', !histogram);
    if (histogram) this.domain = domainOf(histogram, stretch);
    if (histogram !== this.drawn || this.domain[0] !== this.drawnDomain?.[0] || this.domain[1] !== this.drawnDomain[1]) this.drawBars();
    this.strip.style.backgroundImage = view.colors.length ? ramp(view.colors) : 'none';
    this.automatic.setAttribute('aria-pressed', String(view.automatic));
    this.place();
  }

  private place(): void {
    const { stretch } = this.view;
    this.handles.forEach((handle, k) => {
      const value = stretch?.[k as 0 | 1];
      handle.hidden = value === undefined;
      if (value === undefined) return;
      handle.style.left = `${this.share(value) * 100}%`;
      handle.setAttribute('aria-valuenow', String(Number(value.toPrecision(6))));
      handle.setAttribute('aria-valuemin', String(this.domain[0]));
      handle.setAttribute('aria-valuemax', String(this.domain[1]));
      handle.setAttribute('aria-valuetext', figure(value));
      const field = this.fields[k]!;
      if (document.activeElement !== field) field.value = figure(value);
    });
    if (!stretch) return;
    const [from, to] = [this.share(stretch[0]) * bars, this.share(stretch[1]) * bars];
    [...this.chart.children].forEach((bar, k) => bar.classList.toggle('out', k + 0.5 < from || k + 0.5 > to));
    if (this.strip.style.backgroundImage !== 'none') {
      this.strip.style.left = `${(Math.min(from, to) / bars) * 100}%`;
      this.strip.style.width = `${Math.max(2, (Math.abs(to - from) / bars) * 100)}%`;
    }
  }

  private share(value: number): number {
    const [low, high] = this.domain;
    return Math.max(0, Math.min(1, (value - low) / (high - low || 1)));
  }

  private drawBars(): void {
    const { histogram } = this.view;
    this.drawn = histogram;
    this.drawnDomain = this.domain;
    this.chart.replaceChildren();
    if (!histogram) return;
    const heights = rebinned(histogram, this.domain, bars);
    // The square root keeps small counts visible beside a single high peak.
    const top = Math.sqrt(Math.max(...heights, 1));
    heights.forEach((height, k) => {
      const size = height ? Math.max(1.5, (Math.sqrt(height) / top) * 100) : 0;
      this.chart.append(svg('rect', { x: k + 0.09, y: 100 - size, width: 0.82, height: size }));
    });
  }

  private handle(label: string, testid: string, end: 0 | 1): HTMLElement {
    const handle = h('div', { class: 'handle', role: 'slider', tabindex: 0, 'aria-label': label, 'aria-orientation': 'horizontal', testid });
    handle.addEventListener('pointerdown', (event) => {
      event.stopPropagation();
      handle.setPointerCapture(event.pointerId);
      handle.focus();
      event.preventDefault();
    });
    handle.addEventListener('pointermove', (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      this.move(end, this.valueAt(event.clientX));
    });
    handle.addEventListener('keydown', (event) => {
      const steps: Record<string, number> = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
      const now = this.view.stretch?.[end];
      const step = steps[event.key];
      if (now === undefined) return;
      if (step !== undefined) this.move(end, now + (step * (this.domain[1] - this.domain[0])) / 200);
      else if (event.key === 'Home' || event.key === 'End') this.move(end, this.domain[event.key === 'Home' ? 0 : 1]);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
    return handle;
  }

  private come(x: number): void {
    const { stretch } = this.view;
    if (!stretch) return;
    const value = this.valueAt(x);
    this.move(Math.abs(value - stretch[0]) < Math.abs(value - stretch[1]) ? 0 : 1, value);
  }

  private valueAt(x: number): number {
    const box = this.plot.getBoundingClientRect();
    return this.domain[0] + ((x - box.left) / box.width) * (this.domain[1] - this.domain[0]);
  }

  // Handles stop at each other and at the ends of the chart.
  private move(end: 0 | 1, value: number): void {
    const { stretch } = this.view;
    if (!stretch) return;
    const [low, high] = this.domain;
    const gap = (high - low) / 500;
    const inside = end === 0 ? Math.max(low, Math.min(value, stretch[1] - gap)) : Math.min(high, Math.max(value, stretch[0] + gap));
    const rounded = Number(inside.toPrecision(high - low > 1000 * gap ? 4 : 5));
    this.options.change(end === 0 ? [rounded, stretch[1]] : [stretch[0], rounded]);
  }

  private field(label: string, testid: string, end: 0 | 1): HTMLInputElement {
    const field = h('input', { class: 'number', inputmode: 'decimal', spellcheck: 'false', autocomplete: 'off', 'aria-label': label, testid });
    const apply = () => {
      const { stretch } = this.view;
      const value = typed(field.value);
      const valid = Number.isFinite(value) && !!stretch && (end === 0 ? value < stretch[1] : value > stretch[0]);
      field.setAttribute('aria-invalid', String(!valid));
      if (!valid || !stretch || field.value === figure(stretch[end])) return;
      this.options.change(end === 0 ? [value, stretch[1]] : [stretch[0], value]);
    };
    field.addEventListener('change', apply);
    field.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') apply();
      if (event.key === 'Escape') field.blur();
    });
    field.addEventListener('blur', () => {
      field.removeAttribute('aria-invalid');
      this.place();
    });
    return field;
  }
}

// The part of the axis worth showing: without the last thousandth at either end, but with
// the stretch in force.
function domainOf(histogram: Histogram, stretch: Range | null): Range {
  let [low, high] = [quantile(histogram, 0.001), quantile(histogram, 0.999)];
  const margin = (high - low) * 0.04;
  [low, high] = [Math.max(histogram.low, low - margin), Math.min(histogram.high, high + margin)];
  if (stretch) [low, high] = [Math.min(low, stretch[0]), Math.max(high, stretch[1])];
  return low < high ? [low, high] : [low - 0.5, high + 0.5];
}

function rebinned({ low, high, counts }: Histogram, [from, to]: Range, wanted: number): number[] {
  const out = new Array<number>(wanted).fill(0);
  const width = (high - low) / counts.length || 1;
  counts.forEach((count, k) => {
    if (!count) return;
    const [start, end] = [((low + k * width - from) / (to - from)) * wanted, ((low + (k + 1) * width - from) / (to - from)) * wanted];
    const [first, last] = [Math.max(0, Math.floor(start)), Math.min(wanted - 1, Math.ceil(end) - 1)];
    for (let bar = first; bar <= last; bar++) {
      const overlap = Math.min(end, bar + 1) - Math.max(start, bar);
      out[bar]! += (count * Math.max(0, overlap)) / Math.max(1e-9, end - start);
    }
  });
  return out;
}
