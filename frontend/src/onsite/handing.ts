/** Handing in what is reported: at once, or from the device when the network is back. */
import { ref, shallowRef } from 'vue';
import { useInspector } from '../inspector/store';
import { useLanguage } from '../language';
import { useOutbox } from '../outbox/store';
import { failureText } from '../shell/failure';
import { type Reported, requestsOf } from './requests';

/** What has been handed in, and whether it has reached the server. */
export interface Done {
  layer: string;
  id: string;
  sent: boolean;
}

export function useHanding() {
  const outbox = useOutbox();
  const inspector = useInspector();
  const { t, language } = useLanguage();
  const busy = ref(false);
  const failure = ref('');
  const done = shallowRef<Done | null>(null);

  async function hand(what: () => Promise<Reported>): Promise<void> {
    if (busy.value) return;
    busy.value = true;
    failure.value = '';
    try {
      const own = await what();
      const { id, drafts } = requestsOf(own);
      done.value = { layer: own.layer, id, sent: await outbox.put(drafts) };
    } catch (error) {
      failure.value = failureText(error, t.value, language.value);
    } finally {
      busy.value = false;
    }
  }

  function open() {
    if (done.value) void inspector.open(done.value.layer, done.value.id, true);
  }

  return { busy, failure, done, hand, open };
}
