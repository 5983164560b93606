import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { api, eventually, idle, openAsEditor, PHONE, picture, serve, stop } from './harness.js';

after(stop);

const PHOTO = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../data/photo.jpg');
const JPEG = { name: '正门.jpg', mimeType: 'image/jpeg', buffer: readFileSync(PHOTO) };
const PDF = { name: '勘查记录.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4\n%%EOF\n') };

async function inspect(page, layer, id) {
  await page.goto(`${(await serve()).url}/#sel=${layer}/${id}`);
  await page.reload();
  await idle(page);
  await page.locator('.attachments h3').waitFor();
}

/** Whether every small picture has been drawn. */
const drawn = (count) => {
  const pictures = [...document.querySelectorAll('.attachments img')];
  return pictures.length === count && pictures.every((each) => each.complete && each.naturalWidth > 0);
};

test('photos and documents are chosen or dropped, seen large, refused in plain words, and removed', async () => {
  const { features } = await api('/collections/building/items?limit=1&f=json');
  const id = features[0].id;
  const { page, close } = await openAsEditor({ expected: /415/ });
  await inspect(page, 'building', id);
  await page.getByTestId('attach').setInputFiles([JPEG, PDF]);
  // What is below the edge of the panel is fetched when it comes into view.
  await page.locator('.attachments').scrollIntoViewIfNeeded();
  await eventually(page, drawn, 1);
  await page.getByText('勘查记录.pdf').first().waitFor();
  // Dropped on the gallery, a photo is no import.
  const bytes = [...readFileSync(PHOTO), 0];
  await page.evaluate((bytes) => {
    const files = new DataTransfer();
    files.items.add(new File([new Uint8Array(bytes)], '后门.jpg', { type: 'image/jpeg' }));
    const on = document.querySelector('.attachments');
    for (const name of ['dragenter', 'dragover', 'drop'])
      on.dispatchEvent(new DragEvent(name, { dataTransfer: files, bubbles: true, cancelable: true }));
  }, bytes);
  await eventually(page, drawn, 2);
  assert.equal(await page.locator('.import-panel').count(), 0);
  await picture(page, 'attachments');
  // What is no photo is refused, and can be left.
  await page.getByTestId('attach').setInputFiles({ name: '程序.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('MZ') });
  await page.getByText('只收照片', { exact: false }).waitFor();
  await page.getByRole('button', { name: '不传了' }).click();

  await page.locator('.picture').first().click();
  const view = page.locator('.attachment-view');
  await view.getByText('113.590100, 23.110200').waitFor();
  await view.getByText('127.5°').waitFor();
  await eventually(page, () => document.querySelector('.attachment-view img')?.naturalWidth === 360);
  await picture(page, 'attachment-view');
  await page.keyboard.press('ArrowRight');
  await view.getByRole('link', { name: '下载文件' }).waitFor();
  page.once('dialog', (dialog) => dialog.accept());
  await view.getByRole('button', { name: '删除' }).click();
  await view.waitFor({ state: 'detached' });
  await page.getByText('已删除 1 件').waitFor();
  await close();
});

test('on a phone the camera is offered, and another reader sees the photo come', async () => {
  const { features } = await api('/collections/grid/items?limit=1&f=json');
  const id = features[0].id;
  const watching = await openAsEditor();
  await inspect(watching.page, 'grid', id);
  await watching.page.getByText('还没有照片与文件').waitFor();
  const { page, close } = await openAsEditor({ device: PHONE });
  await inspect(page, 'grid', id);
  const camera = page.locator('.attachments .camera');
  await camera.scrollIntoViewIfNeeded();
  assert.equal(await camera.locator('input').getAttribute('capture'), 'environment');
  await camera.locator('input').setInputFiles(PHOTO);
  await eventually(page, drawn, 1);
  await eventually(watching.page, drawn, 1);
  await page.locator('.attachments h3').scrollIntoViewIfNeeded();
  await picture(page, 'attachments-phone');
  await close();
  await watching.close();
});
