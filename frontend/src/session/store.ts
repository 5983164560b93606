import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { Session } from '../api';
import * as api from '../api';
import { useLanguage } from '../language';
import { forgetSeen } from '../offline/seen';
import { destroy, waiting } from '../outbox/box';
import { useOutbox } from '../outbox/store';

/** Who is signed in, and the way in and out. */
export const useSession = defineStore('session', () => {
  const session = shallowRef<Session | null>(null);
  /** Whether the form for signing in was opened. */
  const asking = ref(false);
  /** Whether the form for a new password was opened. */
  const renewing = ref(false);

  /** Whether the form for one-time codes was opened. */
  const coding = ref(false);
  /** Whether the audit log was opened. */
  const auditing = ref(false);
  /** Whether the accounts were opened. */
  const keeping = ref(false);
  /** Whether the matrix of rights was opened. */
  const ruling = ref(false);
  /** Whether the office's rules were opened. */
  const regulating = ref(false);

  /** Whether nothing can be shown before somebody signs in. */
  const mustSignIn = computed(() => session.value?.must_sign_in === true);
  const mustRenew = computed(() => session.value?.must_change_password === true);
  const mustGiveCode = computed(() => session.value?.second_factor?.needed === true);
  /** Whether the map may be loaded. */
  const admitted = computed(
    () => session.value !== null && !mustSignIn.value && !mustRenew.value && !mustGiveCode.value,
  );

  async function load(): Promise<void> {
    let now = await api.session();
    if (now.revoked) {
      await wipe();
      now = await api.session();
    }
    session.value = now;
  }

  /** Whether one is still who one was, when the server ended the stream: a locked account's device is wiped. Whether it still takes changes. */
  async function check(): Promise<void> {
    const now = await api.session().catch(() => null);
    if (!now) return;
    if (now.revoked) {
      await wipe();
      window.location.reload();
    } else if (session.value) {
      const { read_only, damaged } = now;
      session.value = { ...session.value, read_only, damaged };
    }
  }

  /** Leaves nothing of the account on this device, and no cookie that could ask again. */
  async function wipe(): Promise<void> {
    await destroy();
    await forgetSeen();
    await api.signOut().catch(() => {});
  }

  /** What was loaded belongs to another account: the page begins anew. */
  async function begin(): Promise<void> {
    await forgetSeen();
    window.location.reload();
  }

  async function signIn(user: string, password: string): Promise<void> {
    await api.signIn(user, password);
    await begin();
  }

  /** Signs out, from whichever form: what waits to be sent is lost by it, so that is asked first. */
  async function signOut(): Promise<void> {
    // Where the map is not loaded, or the device can keep nothing, only one of the two knows.
    const left = Math.max(await waiting(), useOutbox().queue.length);
    const { t } = useLanguage();
    if (left > 0 && !window.confirm(t.value.outbox.leaving(left))) return;
    await api.signOut();
    await destroy();
    await begin();
  }

  async function renew(old: string, password: string): Promise<void> {
    await api.changePassword(old, password);
    await begin();
  }

  return {
    session,
    asking,
    renewing,
    coding,
    auditing,
    keeping,
    ruling,
    regulating,
    mustSignIn,
    mustRenew,
    mustGiveCode,
    admitted,
    load,
    check,
    begin,
    signIn,
    signOut,
    renew,
  };
});
