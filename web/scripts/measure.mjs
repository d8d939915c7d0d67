// How the pages feel in a browser: bytes of script at first load, delay of interactions, frames per second. Run by
// benchmarks/browser.py, which names origin, cookie, incident and chromium in its one argument; prints JSON.
/* global window, document, performance, PerformanceObserver, requestAnimationFrame, setTimeout */
import { chromium } from 'playwright-core'

const { origin, cookie, incident, only, browser: executablePath } = JSON.parse(process.argv[2])
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
await context.addCookies([{ ...cookie, url: origin }])
const at = (tab) => `${origin}/incidents/${incident}/${tab}`
const pages = { dashboard: origin, timeline: at('timeline') }
for (const tab of ['graph', 'report', 'attack', 'evidence', 'actions', 'export']) pages[tab] = at(tab)
pages.settings = `${origin}/settings`

/** Paths of the scripts that a page loads, and when it has drawn its content. */
async function load(url) {
  const page = await context.newPage()
  await page.goto(url)
  await page.waitForFunction(() => document.querySelector('main') && !document.querySelector('[role=status] .sweep'))
  await page.waitForTimeout(500)
  const found = await page.evaluate(() => ({
    scripts: performance
      .getEntriesByType('resource')
      .filter((one) => /\.js(\?|$)/.test(one.name))
      .map((one) => one.name),
    paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
  }))
  await page.close()
  return { ...found, scripts: found.scripts.map((one) => new URL(one).pathname) }
}

/** In the page: Event Timing for what it covers; for wheel and movement, which it leaves out, from the event to the frame. */
function watch() {
  const seen = Object.assign(window, { seen: { events: [], moves: [], frames: [], on: false } }).seen
  new PerformanceObserver((list) => {
    for (const one of list.getEntries())
      if (one.interactionId) {
        const work = one.processingEnd - one.processingStart
        seen.events.push([
          one.name,
          one.duration,
          one.interactionId,
          work,
          one.processingStart - one.startTime,
          Math.round(one.startTime),
        ])
      }
  }).observe({ type: 'event', durationThreshold: 16, buffered: true })
  for (const kind of ['wheel', 'pointermove']) {
    window.addEventListener(
      kind,
      (event) =>
        requestAnimationFrame(() => setTimeout(() => seen.moves.push([kind, performance.now() - event.timeStamp]))),
      { capture: true, passive: true },
    )
  }
  let last = 0
  const tick = (now) => {
    if (seen.on && last) seen.frames.push(now - last)
    last = now
    requestAnimationFrame(tick)
  }
  requestAnimationFrame(tick)
}

const frames = async (page, work) => {
  await page.evaluate(() => Object.assign(window.seen, { frames: [], on: true }))
  await work()
  return page.evaluate(() => {
    window.seen.on = false
    return window.seen.frames
  })
}

async function interact() {
  const page = await context.newPage()
  await page.addInitScript(watch)
  await page.goto(at('timeline'))
  await page.getByRole('row').nth(5).waitFor()
  await page.waitForTimeout(1500)
  const box = await page.getByTestId('timeline-canvas').boundingBox()
  const middle = [box.x + box.width / 2, box.y + box.height / 2]
  const out = {}
  await page.keyboard.press('a')
  await page.waitForTimeout(2000)
  await page.mouse.move(...middle)
  out.zoom = await frames(page, async () => {
    for (let i = 0; i < 60; i += 1) {
      await page.mouse.wheel(0, i < 40 ? -60 : 60)
      await page.waitForTimeout(16)
    }
  })
  out.pan = await frames(page, async () => {
    await page.mouse.down()
    for (let i = 0; i < 120; i += 1) {
      await page.mouse.move(middle[0] + Math.sin(i / 12) * 400, middle[1])
      await page.waitForTimeout(8)
    }
    await page.mouse.up()
  })
  out.scrub = await frames(page, async () => {
    await page.mouse.move(box.x + 100, box.y + 10)
    await page.mouse.down()
    for (let i = 0; i < 100; i += 1) {
      await page.mouse.move(box.x + 100 + i * 8, box.y + 10)
      await page.waitForTimeout(8)
    }
    await page.mouse.up()
  })
  for (const key of [
    '+',
    '+',
    '-',
    'ArrowRight',
    'ArrowRight',
    'ArrowLeft',
    'Shift+ArrowRight',
    '0',
    'a',
    '0',
    'Enter',
    'Escape',
    '?',
    'Escape',
  ]) {
    await page.keyboard.press(key)
    await page.waitForTimeout(400)
  }
  await page.getByRole('row').nth(4).click()
  await page.waitForTimeout(800)
  await page.keyboard.press('Escape')
  await page.keyboard.press('/')
  await page.keyboard.type('host:host07 code:7', { delay: 40 })
  await page.keyboard.press('Enter')
  await page.waitForTimeout(2500)
  await page.keyboard.press('Escape')
  await page.locator('body').click({ position: { x: 700, y: 20 } })
  await page.keyboard.press('0')
  out.play = await frames(page, async () => {
    await page.keyboard.press('Space')
    await page.waitForTimeout(4000)
    await page.keyboard.press('Space')
  })
  const { events, moves } = await page.evaluate(() => window.seen)
  await page.close()
  return { frames: out, events, moves }
}

const loads = {}
if (only !== 'interact') for (const [name, url] of Object.entries(pages)) loads[name] = await load(url)
const felt = only === 'loads' ? {} : await interact()
await browser.close()
console.log(JSON.stringify({ loads, ...felt }))
