import { expect, it } from 'vitest'
import { runsOf } from './wording'

const values = (text: string) => runsOf(text).flatMap((run) => (run.value ? [run.text] : []))

it('knows values of a sentence from its words, and leaves no character out', () => {
  const sha = 'ab'.repeat(32)
  for (const [text, found] of [
    ['On fin-ws07.corp.example, pedro ran “cmd.exe /c dir”.', ['fin-ws07.corp.example', 'cmd.exe /c dir']],
    [`The hash is ${sha}.`, [sha]],
    ['rundll32.exe connected to 203.0.113.45:443 (3 times).', ['rundll32.exe', '203.0.113.45:443']],
    ['It wrote C:\\Temp\\a.dmp, then stopped.', ['C:\\Temp\\a.dmp']],
    ['He said "no" and left; Exploit/Phish followed.', []],
    ['', []],
  ] as [string, string[]][]) {
    expect(values(text)).toEqual(found)
    expect(
      runsOf(text)
        .map((run) => run.text)
        .join(''),
    ).toBe(text)
  }
})
