'use client'
/** A sentence in TipTap: plain words in one line, what the gate objects to underlined where it stands. Loaded when needed. */
import { Editor, Extension } from '@tiptap/core'
import Document from '@tiptap/extension-document'
import History from '@tiptap/extension-history'
import Paragraph from '@tiptap/extension-paragraph'
import Text from '@tiptap/extension-text'
import { Plugin, PluginKey } from '@tiptap/pm/state'
import { Decoration, DecorationSet } from '@tiptap/pm/view'
import { EditorContent, useEditor } from '@tiptap/react'
import { useEffect, useRef } from 'react'
import { plainLine } from '@/lib/evidence'
import { plainSentence, type Range } from './marks'

const faultsKey = new PluginKey<DecorationSet>('faults')

const Faults = Extension.create({
  name: 'faults',
  addProseMirrorPlugins: () => [
    new Plugin<DecorationSet>({
      key: faultsKey,
      state: {
        init: () => DecorationSet.empty,
        apply(change, old) {
          const ranges = change.getMeta(faultsKey) as Range[] | undefined
          if (!ranges) return old.map(change.mapping, change.doc)
          return DecorationSet.create(
            change.doc,
            // A paragraph's text begins behind its opening: one place on.
            ranges.map(({ from, to, reason }) =>
              Decoration.inline(from + 1, to + 1, { class: 'fault', title: plainLine(reason) }),
            ),
          )
        },
      },
      props: { decorations: (state) => faultsKey.getState(state) },
    }),
  ],
})

const Sentence = Document.extend({ content: 'paragraph' })

export interface SentenceEditorProps {
  text: string
  label: string
  describedBy: string
  ranges: Range[]
  /** The range to put the caret on; a new object each time it is asked for. */
  focus: { from: number; to: number } | null
  onText: (text: string) => void
  onSave: () => void
  onCancel: () => void
}

/** Put plain words where the caret stands. */
function insert(editor: Editor | null, event: Event, data: DataTransfer | null): boolean {
  event.preventDefault()
  const words = plainSentence(data?.getData('text/plain') ?? '')
  if (words) editor?.commands.insertContent({ type: 'text', text: words })
  return true
}

export default function SentenceEditor(props: SentenceEditorProps) {
  const { text, label, describedBy, ranges, focus, onText } = props
  const told = useRef(props)
  useEffect(() => {
    told.current = props
  })
  const own = useRef<Editor | null>(null)
  const editor = useEditor({
    extensions: [Sentence, Paragraph, Text, History, Faults],
    content: { type: 'doc', content: [{ type: 'paragraph', content: text ? [{ type: 'text', text }] : [] }] },
    autofocus: 'end',
    injectCSS: false,
    enableInputRules: false,
    enablePasteRules: false,
    immediatelyRender: false,
    editorProps: {
      attributes: {
        role: 'textbox',
        'aria-multiline': 'false',
        'aria-label': label,
        'aria-describedby': describedBy,
        spellcheck: 'true',
        class: 'sentence outline-none text-[15px] leading-6 text-ink whitespace-pre-wrap [overflow-wrap:anywhere]',
      },
      // Before anything parses what comes in: markup is never made of it, not even aside.
      handleDOMEvents: {
        paste: (_, event) => insert(own.current, event, event.clipboardData),
        drop: (_, event) => insert(own.current, event, event.dataTransfer),
      },
      handleKeyDown: (_, event) => {
        if (event.key === 'Escape') told.current.onCancel()
        else if (event.key !== 'Enter') return false
        else if (event.ctrlKey || event.metaKey) told.current.onSave()
        event.stopPropagation()
        event.preventDefault()
        return true
      },
    },
    onUpdate: ({ editor: changed }) => onText(changed.getText()),
  })
  useEffect(() => {
    own.current = editor
  }, [editor])

  // What was merged elsewhere comes in as one step that can be undone.
  useEffect(() => {
    if (!editor || editor.getText() === text) return
    const content = { type: 'paragraph', content: text ? [{ type: 'text', text }] : [] }
    editor
      .chain()
      .setContent({ type: 'doc', content: [content] })
      .focus('end')
      .run()
  }, [editor, text])
  useEffect(() => {
    if (editor) editor.view.dispatch(editor.state.tr.setMeta(faultsKey, ranges).setMeta('addToHistory', false))
  }, [editor, ranges])
  useEffect(() => {
    if (editor && focus)
      editor
        .chain()
        .focus()
        .setTextSelection({ from: focus.from + 1, to: focus.to + 1 })
        .run()
  }, [editor, focus])
  return <EditorContent editor={editor} />
}
