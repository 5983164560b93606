import './polyfill';
import 'maplibre-gl/dist/maplibre-gl.css';
import './styles/tokens.css';
import './styles/base.css';
import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { chineseFontReady } from './map/fonts';
import { prepareMap } from './map/prepare';
import { register } from './offline/register';

prepareMap();
// Text before there is any font ends some browsers.
void chineseFontReady().then(() => createApp(App).use(createPinia()).mount('#app'));
register();
