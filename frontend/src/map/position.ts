import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { LonLat } from '../api';
import type { Stage } from './stage';

/** Where the pointer is and how large a pixel is, for the read-outs. */
export const usePosition = defineStore('position', () => {
  const pointer = ref<LonLat | null>(null);
  const center = ref<LonLat>([0, 0]);
  const zoom = ref(0);
  const metresPerPixel = ref(1);

  function read(stage: Stage): void {
    const view = stage.view();
    center.value = view.center;
    zoom.value = view.zoom;
    metresPerPixel.value = stage.metresPerPixel();
  }

  return { pointer, center, zoom, metresPerPixel, read };
});

/** A round length for a scale bar of at most so many pixels: 1, 2 or 5 times a power of ten. */
export function roundLength(metresPerPixel: number, pixels: number): number {
  const most = metresPerPixel * pixels;
  const power = 10 ** Math.floor(Math.log10(most));
  for (const step of [5, 2, 1]) if (step * power <= most) return step * power;
  return power;
}

/** The scale's denominator on a screen of 96 dots an inch, to two figures. */
export function denominator(metresPerPixel: number): number {
  const exact = metresPerPixel / (0.0254 / 96);
  const power = 10 ** (Math.floor(Math.log10(exact)) - 1);
  return Math.round(exact / power) * power;
}
