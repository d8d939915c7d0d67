'use client'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Check } from 'lucide-react'
import { Fragment, useState } from 'react'
import { Button } from '@/components/ui/button'
import { tell } from '@/components/ui/notices'
import { Trouble, Waiting } from '@/components/ui/states'
import { isProblem } from '@/lib/api/problem'
import { meKey, useMay, useMe, type Permission } from '@/lib/api/session'
import { say } from '@/lib/strings'
import { byNoun, changesOf, flip, isFlipped, may, type Flips } from './matrix'
import { changeRole, rolesQuery, type Role, type RoleRow } from './organisation-queries'
import { Refusal, SettingsPart } from './section'

const NO_FLIPS: Flips = new Set<string>()

/** Roles across, permissions down; what is flipped stands out until it is saved. */
export default function RolesPart() {
  const queries = useQueryClient()
  const mayEdit = useMay('role:write')
  const mine = useMe().data?.permissions ?? []
  const found = useQuery(rolesQuery())
  const [flips, setFlips] = useState<Flips>(NO_FLIPS)
  const settled = () =>
    Promise.all([rolesQuery().queryKey, meKey].map((queryKey) => queries.invalidateQueries({ queryKey })))
  const save = useMutation({
    mutationFn: async (changes: [Role, Permission[] | null][]) => {
      let tag = found.data?.tag ?? ''
      for (const [role, permissions] of changes) tag = await changeRole(role, permissions, tag)
    },
    onSuccess: () => setFlips(NO_FLIPS),
    onError: (error) => isProblem(error) && error.status === 412 && tell(say.roles.meanwhile, true),
    onSettled: settled,
  })
  if (found.isPending) return <Waiting />
  if (found.isError) return <Trouble error={found.error} again={() => void found.refetch()} />
  const { items, permissions } = found.data
  const changes = changesOf(items, flips, permissions)
  return (
    <SettingsPart wide title={say.settings.sections.roles} about={say.roles.about}>
      {!mayEdit && <p className="-mt-4 text-[13px] text-ink-3">{say.roles.readOnly}</p>}
      <div className="-mt-2">
        <table className="w-full max-w-4xl border-separate border-spacing-0 text-[13px]" aria-label={say.roles.matrix}>
          <thead>
            <tr>
              <th scope="col" className="sticky top-0 z-10 bg-surface py-2 text-left">
                <span className="sr-only">{say.roles.permission}</span>
              </th>
              {items.map((row) => (
                <RoleHead
                  key={row.role}
                  row={row}
                  onReset={mayEdit && row.changed && !row.fixed ? () => save.mutate([[row.role, null]]) : undefined}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {byNoun(permissions).map(({ noun, permissions: some }) => (
              <Fragment key={noun}>
                {some.map((one, i) => (
                  <tr key={one} className="group">
                    <th scope="row" className={`h-8 pr-4 text-left font-normal ${i === 0 ? 'border-t' : ''}`}>
                      <span className="inline-block w-28 font-[560] max-lg:w-20">
                        {i === 0 ? (say.roles.nouns[noun] ?? noun) : <span className="sr-only">{noun}</span>}
                      </span>
                      <span className="text-ink-3" title={one}>
                        {say.roles.verbs[one.split(':')[1]!] ?? one}
                      </span>
                    </th>
                    {items.map((row) => (
                      <td key={row.role} className={`text-center group-hover:bg-raised ${i === 0 ? 'border-t' : ''}`}>
                        <Cell
                          row={row}
                          permission={one}
                          flips={flips}
                          // Nobody gives what they do not have; everybody's own account is everybody's.
                          fixed={!mayEdit || row.fixed || noun === 'self' || !mine.includes(one)}
                          onFlip={() => setFlips(flip(flips, row.role, one))}
                        />
                      </td>
                    ))}
                  </tr>
                ))}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
      {(changes.length > 0 || save.isError) && (
        <div className="sticky bottom-4 flex max-w-4xl rise items-center gap-3 rounded-xl bg-lifted px-4 py-3 shadow-xl ring-1 ring-line">
          <div className="flex-1 text-[13px]">
            <span role="status">{say.roles.unsaved(flips.size)}</span>
            <Refusal error={isProblem(save.error) && save.error.status === 412 ? null : save.error} />
          </div>
          <Button kind="bare" onClick={() => setFlips(NO_FLIPS)}>
            {say.roles.discard}
          </Button>
          <Button kind="main" disabled={save.isPending || !changes.length} onClick={() => save.mutate(changes)}>
            {say.roles.save}
          </Button>
        </div>
      )}
    </SettingsPart>
  )
}

function RoleHead({ row, onReset }: { row: RoleRow; onReset?: () => void }) {
  const name = say.roles.names[row.role]
  return (
    <th
      scope="col"
      className="sticky top-0 z-10 bg-surface px-1 py-2 align-bottom text-xs font-[560] max-lg:px-0 max-lg:text-2xs"
    >
      {onReset && (
        <button
          type="button"
          aria-label={say.roles.resetOf(name)}
          onClick={onReset}
          className="block w-full text-2xs font-normal text-ink-3 underline decoration-dotted underline-offset-2 hover:text-ink"
        >
          {say.roles.reset}
        </button>
      )}
      {name}
      {row.changed && (
        <span className="ml-0.5 text-act-medium" title={say.roles.changed}>
          •
        </span>
      )}
    </th>
  )
}

function Cell({
  row,
  permission,
  flips,
  fixed,
  onFlip,
}: {
  row: RoleRow
  permission: Permission
  flips: Flips
  fixed: boolean
  onFlip: () => void
}) {
  const on = may(row, flips, permission)
  const fresh = isFlipped(flips, row.role, permission)
  return (
    <button
      type="button"
      role="checkbox"
      aria-checked={on}
      aria-label={say.roles.may(say.roles.names[row.role], permission)}
      disabled={fixed}
      onClick={onFlip}
      className={`inline-flex size-6 items-center justify-center rounded-md transition-colors ${fixed ? '' : 'hover:bg-line'} ${fresh ? 'ring-2 ring-act-medium ring-inset' : ''} ${on ? (fixed ? 'text-ink-3' : 'text-ink') : 'text-transparent'}`}
    >
      {on ? (
        <Check size={14} strokeWidth={2.2} />
      ) : (
        <span className={`size-1 rounded-full ${fixed ? 'bg-line' : 'bg-ink-3'}`} />
      )}
    </button>
  )
}
