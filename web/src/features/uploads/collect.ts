/** Files out of what was dropped: folders are walked, and each file keeps its path within them. */

export interface Found {
  file: File
  /** As evidence is named: with its folders, by slashes. */
  path: string
}

const MOST = 5000

/** All files of a drop. Must be called while the drop's event lives; what it answers may take longer. */
export async function filesOfDrop(transfer: DataTransfer): Promise<Found[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  const found: Found[] = []
  for (const entry of entries) await walk(entry, '', found)
  return found
}

/** All files of a chooser, of files or of a folder. */
export function filesOfInput(list: FileList): Found[] {
  return [...list].slice(0, MOST).map((file) => ({ file, path: file.webkitRelativePath || file.name }))
}

async function walk(entry: FileSystemEntry, within: string, found: Found[]): Promise<void> {
  if (found.length >= MOST) return
  const path = within ? `${within}/${entry.name}` : entry.name
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    found.push({ file, path })
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    // A reader answers with some hundred at a time, and with none at the end.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return
    for (const one of some) await walk(one, path, found)
  }
}

/** What the incident is called that these files begin: after their folder, else after the first of them. */
export function titleOf(found: readonly Found[]): string {
  const first = found[0]?.path ?? ''
  const folder = first.includes('/') ? first.split('/')[0]! : ''
  return folder || first.replace(/\.[^.]+$/, '')
}

/** Nothing that a file manager leaves behind by itself is evidence. */
export const isLitter = (path: string) => /(^|\/)(\.DS_Store|Thumbs\.db|desktop\.ini|\._[^/]*)$/.test(path)
