import { shallowRef } from 'vue';
import type { Stage } from './stage';

/** The map on screen, once there is one. Held outside Vue's proxies, which would slow it down. */
export const stage = shallowRef<Stage | null>(null);

/** Runs with the map, or not at all where the browser has none. */
export function withStage(action: (current: Stage) => void): void {
  if (stage.value) action(stage.value);
}
