import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const mapWorker = here('./src/map/worker.ts');

// MapLibre's published main file and worker file each carry a copy of what they share,
// 440 kB gzip together. Built from its source as two entries of one build they share it.
function mapWorkerUrl(): Plugin {
  const id = 'virtual:map-worker-url';
  let serving = false;
  return {
    name: 'map-worker-url',
    configResolved(config) {
      serving = config.command === 'serve';
    },
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load(module) {
      if (module !== `\0${id}`) return undefined;
      if (serving) return `export default ${JSON.stringify('/src/map/worker.ts')};`;
      const file = this.emitFile({ type: 'chunk', id: mapWorker, name: 'map-worker' });
      return `export default import.meta.ROLLUP_FILE_URL_${file};`;
    },
  };
}

// The licences of everything bundled, as assets/licenses.txt.
function licenses(): Plugin {
  return {
    name: 'licenses',
    apply: 'build',
    generateBundle() {
      const folders = new Set<string>();
      for (const id of this.getModuleIds()) {
        const found = /^(.*?\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(id.split('?')[0]!);
        if (found) folders.add(found[1]!);
      }
      const notices = [...folders].sort().map((folder) => {
        const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>;
        const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
        return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), 'utf8').trim() : ''}\n`;
      });
      const source = `Land and borders: Natural Earth, public domain.\n\n${notices.join('\n----\n\n')}`;
      this.emitFile({ type: 'asset', fileName: 'assets/licenses.txt', source });
    },
  };
}

const api = process.env.TERRAZZO_API ?? 'http://127.0.0.1:5080';

export default defineConfig({
  base: './',
  plugins: [mapWorkerUrl(), licenses()],
  resolve: {
    alias: [
      { find: /^maplibre-gl$/, replacement: here('./node_modules/maplibre-gl/src/index.ts') },
      { find: /^maplibre-gl-worker$/, replacement: here('./node_modules/maplibre-gl/src/source/worker.ts') },
    ],
  },
  // MapLibre's source declares fields that its base classes fill: declarations must not reset them.
  oxc: { typescript: { removeClassFieldsWithoutInitializer: true }, assumptions: { setPublicClassFields: true } },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
  },
  server: {
    proxy: Object.fromEntries(
      ['keys', 'datasets', 'metadata', 'singleband', 'rgb', 'compute', 'colormap', 'colormaps',
        'search', 'histogram', 'point', 'classes'].map((route) => [`^/${route}([/?]|$)`, api]),
    ),
  },
});
