import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { usePrinting } from './store';

const sheet = (code: string, grid: string) => ({
  id: code,
  code,
  title: code,
  grid: { id: grid, code: grid, name: `第${grid}网格` },
  houses: 100,
  scale: null,
  paper: null,
  bbox: [113, 23, 113.1, 23.1],
});
const list = {
  sequence: 7,
  sheets: [sheet('1-01', '1'), sheet('1-02', '1'), sheet('2-01', '2')],
  houses_on_none: 0,
};

describe('printing', () => {
  const asked: string[] = [];
  let answer: (path: string) => Response;
  beforeEach(() => {
    setActivePinia(createPinia());
    asked.length = 0;
    answer = () => Response.json(list);
    vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
      if (init.signal?.aborted) return Promise.reject(new DOMException('', 'AbortError'));
      asked.push(path.replace(/^.*\/sheets/, 'sheets'));
      return Promise.resolve(answer(path));
    });
  });
  afterEach(() => vi.unstubAllGlobals());

  it('shows the sheets of a grid, and fetches just those on the paper asked for', async () => {
    const printing = usePrinting();
    await printing.load();
    expect(printing.shown).toHaveLength(3);
    expect(printing.grids.map((grid) => grid.name)).toEqual(['第1网格', '第2网格']);
    printing.grid = '1';
    printing.paper = 'A2';
    asked.length = 0;
    answer = () => new Response('%PDF');
    const files = await printing.fetchAll();
    expect(files?.map((file) => file.name)).toEqual(['1-01.pdf', '1-02.pdf']);
    expect(asked).toEqual(['sheets/1-01.pdf?paper=A2', 'sheets/1-02.pdf?paper=A2']);
    expect(printing.progress).toBeNull();
  });

  it('stops where it is told to', async () => {
    const printing = usePrinting();
    await printing.load();
    asked.length = 0;
    answer = () => {
      printing.stop();
      return new Response('%PDF');
    };
    expect(await printing.fetchAll()).toBeNull();
    expect(asked).toHaveLength(1);
    expect(printing.progress).toBeNull();
  });

  it('asks how a print stands, and again when something changed', async () => {
    const printing = usePrinting();
    const state = (status: string) => (path: string) =>
      Response.json(path.includes('?at=') ? { ...sheet('1-01', '1'), standing: { status, at: 5 } } : list);
    answer = state('latest');
    await printing.openPrint({ sheet: '1-01', at: 5 });
    expect(asked).toContain('sheets/1-01?at=5');
    expect(printing.printed?.standing?.status).toBe('latest');
    answer = state('outdated');
    printing.reread();
    await vi.waitFor(() => expect(printing.printed?.standing?.status).toBe('outdated'));
  });

  it('says why a print cannot be checked', async () => {
    const printing = usePrinting();
    answer = (path) => (path.includes('?at=') ? new Response('{}', { status: 404 }) : Response.json(list));
    await printing.openPrint({ sheet: 'gone', at: 5 });
    expect(printing.printed).toBeNull();
    expect(printing.printError).toMatchObject({ kind: 'not_found' });
  });
});
