import { computed, ref } from 'vue';
import type { Text } from '../api';
import { en } from './en';
import { type Texts, zh } from './zh';

export type Language = keyof Text;

const REMEMBERED = 'yizhangtu.language';
const texts: Record<Language, Texts> = { zh, en };

/** The language in force; Chinese unless the link or an earlier visit says otherwise. */
const language = ref<Language>(remembered() ?? 'zh');

function remembered(): Language | null {
  try {
    const value = localStorage.getItem(REMEMBERED);
    return value === 'zh' || value === 'en' ? value : null;
  } catch {
    return null; // storage may be forbidden by policy
  }
}

/** Switches the language of the whole page and remembers it. */
export function setLanguage(next: Language): void {
  language.value = next;
  // MapLibre draws Han characters in the regional shape of the document's language.
  document.documentElement.lang = next === 'zh' ? 'zh-CN' : 'en';
  try {
    localStorage.setItem(REMEMBERED, next);
  } catch {
    // not remembered then
  }
}

const t = computed<Texts>(() => texts[language.value]);

/** A text of the server in the language in force. */
function pick(text: Text | null | undefined): string {
  if (!text) return '';
  return text[language.value] || text.zh || text.en;
}

/** The words of the page: `t` is reactive, `pick` chooses within texts that the server sends. */
export function useLanguage() {
  return { language, t, pick, setLanguage };
}
