/** Makes the page start without a network. Browsers allow that on HTTPS and localhost only. */
export function register(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  window.addEventListener('load', () => {
    navigator.serviceWorker.register('./sw.js').catch(() => {
      // Without it the page works as long as there is a network.
    });
  });
}
