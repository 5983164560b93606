/** Forgets what this user has seen: the caches of the service worker that are theirs. */
export async function forgetSeen(): Promise<void> {
  if (typeof caches === 'undefined') return;
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith('seen-')).map((name) => caches.delete(name)));
}
