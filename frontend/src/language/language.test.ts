import { describe, expect, it } from 'vitest';
import { en } from './en';
import { setLanguage, useLanguage } from './index';
import { zh } from './zh';

type Tree = { [key: string]: unknown };

function leaves(tree: Tree, path = ''): [string, unknown][] {
  return Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null
      ? leaves(value as Tree, `${path}${key}.`)
      : [[`${path}${key}`, value] as [string, unknown]],
  );
}

describe('texts', () => {
  it('hold the same keys in both languages, none empty', () => {
    const chinese = new Map(leaves(zh));
    const english = new Map(leaves(en));
    expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort());
    for (const [key, value] of [...chinese, ...english]) {
      expect(typeof value === 'function' || (typeof value === 'string' && value.trim()), key).toBeTruthy();
    }
  });

  it('have no Chinese in the English words, but for the name of the other language', () => {
    for (const [key, value] of leaves(en)) {
      if (key === 'tools.language' || typeof value !== 'string') continue;
      expect(/[\u4e00-\u9fff]/.test(value), `${key}: ${value}`).toBe(false);
    }
  });
});

describe('setLanguage', () => {
  it('switches at run time, sets the document and is remembered', () => {
    const { t, pick } = useLanguage();
    setLanguage('en');
    expect(t.value.tools.zoomIn).toBe('Zoom in');
    expect(pick({ zh: '网格', en: 'Grid' })).toBe('Grid');
    expect(document.documentElement.lang).toBe('en');
    expect(localStorage.getItem('yizhangtu.language')).toBe('en');
    setLanguage('zh');
    expect(t.value.tools.zoomIn).toBe('放大');
    expect(document.documentElement.lang).toBe('zh-CN');
  });

  it('falls back to the language that is there', () => {
    const { pick } = useLanguage();
    expect(pick({ zh: '', en: 'Only' })).toBe('Only');
    expect(pick(null)).toBe('');
  });
});
