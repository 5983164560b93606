/** The free part of the map between the panels, as padding for moves of the map. */
export function freePadding(): { top: number; right: number; bottom: number; left: number } {
  const padding = { top: 48, right: 48, bottom: 48, left: 48 };
  const { innerWidth, innerHeight } = window;
  for (const panel of document.querySelectorAll<HTMLElement>('[data-covers]')) {
    const box = panel.getBoundingClientRect();
    if (box.width === 0 || box.height === 0) continue;
    if (panel.dataset.covers === 'left') padding.left = Math.max(padding.left, box.right + 32);
    if (panel.dataset.covers === 'right') padding.right = Math.max(padding.right, innerWidth - box.left + 32);
    if (panel.dataset.covers === 'bottom') padding.bottom = Math.max(padding.bottom, innerHeight - box.top + 32);
  }
  // Never more than leaves a strip to show something in.
  if (padding.left + padding.right > innerWidth - 120) padding.left = padding.right = 24;
  if (padding.top + padding.bottom > innerHeight - 160) padding.bottom = Math.max(24, innerHeight - 160 - padding.top);
  return padding;
}
