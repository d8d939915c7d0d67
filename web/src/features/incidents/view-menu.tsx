'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Bookmark, Check, ChevronDown, X } from 'lucide-react'
import { DropdownMenu } from 'radix-ui'
import { useState } from 'react'
import { Button } from '@/components/ui/button'
import { Field } from '@/components/ui/field'
import { menuItem, menuLook } from '@/components/ui/menu'
import { Modal } from '@/components/ui/modal'
import { tell } from '@/components/ui/notices'
import { told } from '@/components/ui/states'
import { Switch } from '@/components/ui/switch'
import { api, bodyOf, type Schemas } from '@/lib/api/client'
import { useMay, useMe } from '@/lib/api/session'
import { plainLine } from '@/lib/evidence'
import { say } from '@/lib/strings'
import { savedViewsQuery } from './queries'
import { ALL, queryOf, sameView, viewOfQuery, type View } from './view'

type Saved = Schemas['FilterOut']
const words = say.incidents.views

/** Views to go to: some that everybody has, one's own, and those that others share. */
export function ViewMenu({ view, onView }: { view: View; onView: (view: View) => void }) {
  const queries = useQueryClient()
  const me = useMe().data
  const [mayRead, maySave] = [useMay('filter:read'), useMay('filter:write')]
  const [saving, setSaving] = useState(false)
  const saved = useQuery({ ...savedViewsQuery(), enabled: mayRead }).data ?? []
  const settled = () => queries.invalidateQueries({ queryKey: savedViewsQuery().queryKey })
  const forget = useMutation({
    mutationFn: (id: string) => bodyOf(api.DELETE('/v1/filters/{filter_id}', { params: { path: { filter_id: id } } })),
    onError: (error) => tell(error.message, true),
    onSettled: settled,
  })
  const own = saved.filter((one) => one.owner === me?.principal_id)
  const shared = saved.filter((one) => one.owner !== me?.principal_id)
  const fixed: [string, View][] = [
    [words.all, ALL],
    [words.open, { ...ALL, open: true }],
    ...(me?.member_id ? [[words.mine, { ...ALL, open: true, lead: me.member_id }] as [string, View]] : []),
  ]
  const now =
    fixed.find(([, one]) => sameView(one, view))?.[0] ??
    saved.find((one) => sameView(viewOfQuery(one.query), view))?.name ??
    words.custom
  const item = (id: string, text: string, target: View, mine?: Saved) => (
    <DropdownMenu.Item key={id} className={`${menuItem} group`} onSelect={() => onView(target)}>
      <span className="w-3.5">{sameView(target, view) && <Check size={14} />}</span>
      <span className="min-w-0 flex-1 truncate">{plainLine(text, 80)}</span>
      {mine && (
        <button
          type="button"
          aria-label={words.remove(plainLine(text, 80))}
          onPointerUp={(event) => event.stopPropagation()}
          onClick={(event) => {
            event.stopPropagation()
            event.preventDefault()
            forget.mutate(mine.id)
          }}
          className="flex size-6 items-center justify-center rounded text-ink-3 hover:text-ink"
        >
          <X size={13} />
        </button>
      )}
    </DropdownMenu.Item>
  )
  const group = (title: string, some: Saved[], mine: boolean) =>
    some.length > 0 && (
      <>
        <DropdownMenu.Label className="px-2.5 pt-2 pb-1 eyebrow">{title}</DropdownMenu.Label>
        {some.map((one) => item(one.id, one.name, viewOfQuery(one.query), mine ? one : undefined))}
      </>
    )
  return (
    <>
      <DropdownMenu.Root>
        <DropdownMenu.Trigger asChild>
          <Button aria-label={`${words.title}: ${now}`}>
            <Bookmark size={14} className="text-ink-3" />
            <span className="max-w-40 truncate">{plainLine(now, 60)}</span>
            <ChevronDown size={13} className="text-ink-3" />
          </Button>
        </DropdownMenu.Trigger>
        <DropdownMenu.Portal>
          <DropdownMenu.Content
            align="start"
            sideOffset={4}
            className={`${menuLook} max-h-[70vh] w-64 overflow-y-auto`}
          >
            {fixed.map(([text, target]) => item(text, text, target))}
            {group(words.own, own, true)}
            {group(words.shared, shared, false)}
            {maySave && (
              <>
                <DropdownMenu.Separator className="my-1 h-px bg-line" />
                <DropdownMenu.Item className={menuItem} disabled={sameView(view, ALL)} onSelect={() => setSaving(true)}>
                  <span className="w-3.5" />
                  {words.save}
                </DropdownMenu.Item>
              </>
            )}
          </DropdownMenu.Content>
        </DropdownMenu.Portal>
      </DropdownMenu.Root>
      <Modal open={saving} onOpen={setSaving} title={words.save}>
        <SaveView view={view} close={() => setSaving(false)} settled={settled} />
      </Modal>
    </>
  )
}

function SaveView({ view, close, settled }: { view: View; close: () => void; settled: () => Promise<void> }) {
  const [name, setName] = useState('')
  const [shared, setShared] = useState(false)
  const save = useMutation({
    mutationFn: () =>
      bodyOf(api.POST('/v1/filters', { body: { name: name.trim(), kind: 'incidents', query: queryOf(view), shared } })),
    onSuccess: async () => {
      tell(words.saved(name.trim()))
      await settled()
      close()
    },
  })
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <Field
        label={words.name}
        value={name}
        required
        autoFocus
        maxLength={120}
        error={save.isError ? told(save.error).title : null}
        onChange={(event) => setName(event.target.value)}
      />
      <Switch label={words.share} about={words.shareAbout} on={shared} onChange={setShared} />
      <div className="flex justify-end gap-2">
        <Button kind="bare" onClick={close}>
          {say.cancel}
        </Button>
        <Button type="submit" kind="main" disabled={!name.trim() || save.isPending}>
          {say.save}
        </Button>
      </div>
    </form>
  )
}
