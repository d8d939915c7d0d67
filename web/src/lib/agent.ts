/** Which browser on which system, out of what it calls itself; a program's own name otherwise. */
const BROWSERS: [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\/(\d+)/, 'Edge'],
  [/\bOPR\/(\d+)/, 'Opera'],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, 'Firefox'],
  [/\b(?:Headless)?(?:Chrome|CriOS)\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+).*Safari\//, 'Safari'],
]
const SYSTEMS: [RegExp, string][] = [
  [/\bAndroid\b/, 'Android'],
  [/\b(?:iPhone|iPad|iPod)\b/, 'iOS'],
  [/\bWindows NT\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
]

export interface Agent {
  name: string
  system: string
}

export function agentOf(text: string): Agent {
  const system = SYSTEMS.find(([shape]) => shape.test(text))?.[1] ?? ''
  for (const [shape, name] of BROWSERS) {
    const found = shape.exec(text)
    if (found) return { name: `${name} ${found[1]}`, system }
  }
  return { name: text.split(/[\s/]/)[0] ?? '', system }
}
