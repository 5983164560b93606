// A machine without any Chinese font, as a bare server or kiosk is: everything is still written.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { chromium } from 'playwright-core';
import { CHROMIUM, picture, serve, stop } from './harness.js';

after(stop);

test('the shipped font writes Chinese where the machine has none', { timeout: 300_000 }, async () => {
  const { url } = await serve();
  const folder = mkdtempSync(path.join(tmpdir(), 'yizhangtu-fonts-'));
  mkdirSync(path.join(folder, 'none'));
  const settings = path.join(folder, 'fonts.conf');
  writeFileSync(
    settings,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
     <fontconfig><dir>${folder}/none</dir><cachedir>${folder}/cache</cachedir></fontconfig>`,
  );
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--enable-unsafe-swiftshader', '--disable-dev-shm-usage'],
    env: { ...process.env, FONTCONFIG_FILE: settings },
  });
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, locale: 'zh-CN' });
    await page.goto(url);
    await page.getByText('第一网格').or(page.locator('.maplibregl-canvas')).first().waitFor();
    await page.getByText('建筑物', { exact: true }).first().waitFor();
    await page.evaluate(() => document.fonts.ready);
    const marked = await page.evaluate(() => {
      let count = 0;
      for (const element of document.querySelectorAll('body *')) {
        const own = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data);
        const box = element.getBoundingClientRect();
        if (/\p{Script=Han}/u.test(own.join('')) && box.width > 0 && box.height > 0) {
          element.setAttribute('data-han', String(count++));
        }
      }
      return count;
    });
    assert.ok(marked > 20, `${marked} pieces of Chinese`);
    const tools = await page.context().newCDPSession(page);
    await tools.send('DOM.enable');
    await tools.send('CSS.enable');
    const { root } = await tools.send('DOM.getDocument');
    const missing = [];
    for (let at = 0; at < marked; at++) {
      const selector = `[data-han="${at}"]`;
      const { nodeId } = await tools.send('DOM.querySelector', { nodeId: root.nodeId, selector });
      // The element was drawn anew since it was marked.
      if (!nodeId) continue;
      const { fonts } = await tools.send('CSS.getPlatformFontsForNode', { nodeId });
      if (!fonts.some((font) => font.isCustomFont)) missing.push(await page.locator(selector).innerText());
    }
    assert.deepEqual(missing, [], 'written without a font that has the characters');
    await picture(page, 'no-chinese-font');
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
