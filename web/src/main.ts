import './styles/base.css';
import './styles/layout.css';
import './styles/controls.css';
import './styles/search.css';
import './styles/layer.css';
import './styles/map.css';
import { Explorer } from './explorer.ts';
import { apiBase } from './server/api.ts';

const root = document.getElementById('app')!;
const explorer = apiBase().then((base) => new Explorer(root, base));
void explorer.then((page) => {
  window.terrazzo = { ready: page.ready, map: page.app.map.map };
});
