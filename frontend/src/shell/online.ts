import { onBeforeUnmount, onMounted, watch } from 'vue';
import { address } from '../api';
import { useLive } from '../live/store';
import { useSession } from '../session/store';
import { useShell } from './store';

/** Milliseconds between questions whether the server is there again. */
const AGAIN = 5000;

/** Watches the connection: says when it is lost, and notices by itself when it is back. */
export function useOnline(): void {
  const shell = useShell();
  const live = useLive();
  const session = useSession();
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function ask(): Promise<void> {
    clearTimeout(timer);
    try {
      const answer = await fetch(address('health'), { cache: 'no-store' });
      shell.online = answer.ok || answer.status < 500;
    } catch {
      shell.online = false;
    }
    if (!shell.online) timer = setTimeout(() => void ask(), AGAIN);
    else {
      void session.check();
      live.retry();
    }
  }
  // The stream of changes is the first to notice that the server is gone.
  watch(
    () => live.connected,
    (on) => {
      if (on) shell.online = true;
      else void ask();
    },
  );
  const lost = () => {
    shell.online = false;
    timer = setTimeout(() => void ask(), AGAIN);
  };
  const back = () => void ask();

  onMounted(() => {
    window.addEventListener('offline', lost);
    window.addEventListener('online', back);
  });
  onBeforeUnmount(() => {
    clearTimeout(timer);
    window.removeEventListener('offline', lost);
    window.removeEventListener('online', back);
  });
}
